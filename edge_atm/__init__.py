"""A cash machine that knows its customers by face."""

import os

# Before numpy is imported: its linear algebra would start a thread for every other core, and each
# of them spins. Everything here runs on one thread.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Nothing else that is installed has a say in what a setting means, or is searched for it.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
# onnxruntime's builds may tell its maker what runs here, and keep a device's number in the user's
# cache for it. It must be said before the import: asking later leaves the files.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

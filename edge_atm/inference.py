"""How a net is opened: one thread, and working memory that all nets share."""

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime


def new_session(
    model: bytes | str, entries: Iterable[tuple[str, str]] = (), save_to: Path | None = None
) -> onnxruntime.InferenceSession:
    """Return a session of one intra-op thread on content or path, optimised to the full."""
    _share_memory()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Each value gets a place of its own among those alive, not one that an earlier value leaves:
    # 1 % quicker in FaceNet, and no more memory.
    options.enable_mem_reuse = False
    for key, value in (("session.use_env_allocators", "1"), *entries):
        options.add_session_config_entry(key, value)
    if save_to is not None:
        options.optimized_model_filepath = str(save_to)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def processor() -> str:
    """Return the kind of processor, of which a fully optimised graph is made: its vector width."""
    # /proc/cpuinfo is hidden from the service, and a new kernel may change its flags; numpy asks
    # the processor.
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    features = " ".join([*simd.get("baseline", []), *simd.get("found", [])])
    return f"{os.uname().machine} {hashlib.sha256(features.encode()).hexdigest()[:16]}"


@cache
def _share_memory() -> None:
    # Nets run one after the other: an arena each would keep 9 MiB more of a running unit. Its
    # default, growing by powers of two, keeps less than growing as asked (170 and 182 MiB).
    kind, memory = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    cpu = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, memory)
    onnxruntime.create_and_register_allocator(cpu, None)

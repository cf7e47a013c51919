"""Keeps this process's memory to itself, before a key comes into it."""

import ctypes
import os
import resource

from edge_atm.errors import KeyFault

PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_memory_private() -> None:
    """Turn core dumps off, and tracing by other processes of this user. Raises KeyFault.

    Not dumpable (prctl(2), ptrace(2), proc(5)): no core, to a file or a pipe; no ptrace, no
    /proc/PID/mem or environ, except for root. The limit is for the children, for whom the first
    ends when they become another program.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        why = os.strerror(ctypes.get_errno())
        raise KeyFault(f"this computer does not keep keys out of core dumps: {why}")
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))

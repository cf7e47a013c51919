"""What the figures were taken on: processor, the flags of it that matter, versions."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# What int8 and float kernels choose their instructions by, on x86 and on ARM.
FLAGS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm")
CPUINFO = Path("/proc/cpuinfo")
NAMES = ("model name", "Model", "Hardware")


def facts(packages: Iterable[str]) -> dict[str, object]:
    """Return a plain description of this machine and of the installed `packages`."""
    cpuinfo = CPUINFO.read_text(encoding="utf-8")
    return {
        "cpu": processor(cpuinfo),
        "flags": flags(cpuinfo),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "versions": {"python": platform.python_version(), **versions(packages)},
    }


def processor(cpuinfo: str) -> str:
    """Return the processor's name as /proc/cpuinfo has it, or the word unknown."""
    told = dict(reversed([_field(line) for line in cpuinfo.splitlines() if ":" in line]))
    return next((told[name] for name in NAMES if name in told), "unknown")


def flags(cpuinfo: str) -> list[str]:
    """Return those of FLAGS that the first core has."""
    fields = (_field(line) for line in cpuinfo.splitlines() if ":" in line)
    has = next((value.split() for name, value in fields if name in ("flags", "Features")), [])
    return [flag for flag in FLAGS if flag in has]


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each, or the word missing."""
    return {package: _version(package) for package in packages}


def resident_mib(process: int | str = "self") -> float:
    """Return the resident memory of a process of ours."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    told = dict(_field(line) for line in status.splitlines())
    return int(told["VmRSS"].split()[0]) / 1024


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()

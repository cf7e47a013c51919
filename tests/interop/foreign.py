"""Somebody else's host, driven from a test: which call it makes, and how that ended."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-interop" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class End:
    """How one call ended. `code` and `counts` as far as told; `said` is all the host wrote."""

    ended: str
    code: int | None
    counts: dict[str, int] | None
    said: bytes

    def per_cassette(self, name: str) -> tuple[int, ...]:
        """Return one reading of all four cassettes, top first."""
        assert self.counts is not None, self
        return tuple(self.counts[f"{name}{i}"] for i in (1, 2, 3, 4))


@dataclass(frozen=True, slots=True)
class ForeignHost:
    """The running program."""

    wishes: IO[str]
    ends: IO[str]

    def call(self, name: str, *arguments: int) -> End:
        """Have it make one call, and wait for the end of it."""
        self.wishes.write(json.dumps([name, *arguments]) + "\n")
        self.wishes.flush()
        told = json.loads(self.ends.readline())
        return End(told["ended"], told["code"], told["counts"], bytes.fromhex(told["said"]))


@contextmanager
def foreign_host(port: str, patience_seconds: float = 10) -> Iterator[ForeignHost]:
    """Run the host on this port. It waits `patience_seconds` where it would wait a minute."""
    # Not skipped: without this peer, nobody but ourselves says that we speak the protocol.
    assert PYTHON.exists(), "no environment for the foreign host; run `make interop`"
    program = Path(__file__).with_name("host.py")
    command = [str(PYTHON), "-I", str(program), port, str(patience_seconds)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield ForeignHost(process.stdin, process.stdout)

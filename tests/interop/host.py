"""The public package `puloon` as a program: one JSON line in is one call, one line out its end.

Run by the interop environment, which holds that package and nothing of ours.
"""

import json
import sys
from dataclasses import dataclass, field

import puloon
import serial


@dataclass
class Tap:
    """The port as `puloon` uses it, with shorter waits and a note of all that was written."""

    port: serial.Serial
    patience_seconds: float
    timeout: float = 0.0
    said: bytearray = field(default_factory=bytearray)

    def read(self, size: int) -> bytes:
        self.port.timeout = min(self.timeout, self.patience_seconds)
        return self.port.read(size)

    def write(self, data: bytes) -> None:
        self.said += data
        self.port.write(data)


def end_of(call: str, arguments: list[int], tap: Tap) -> dict[str, object]:
    """Make one call and tell how it ended and what was written for it."""
    tap.said.clear()
    ended, code, response = "response", None, None
    try:
        response = getattr(puloon.PuloonLCDM4000(tap), call)(*arguments)
    except puloon.PuloonException as told:
        ended, code, response = "PuloonException", told.code, told.response
    except ValueError:
        ended = "ValueError"
    counts = response.as_dict() if response else None
    return {"ended": ended, "code": code, "counts": counts, "said": tap.said.hex()}


def main(port: str, patience_seconds: str) -> None:
    """Obey the lines on standard input, on this port, until they end."""
    with serial.Serial(port, 9600) as line:
        tap = Tap(line, float(patience_seconds))
        for wish in sys.stdin:
            call, *arguments = json.loads(wish)
            print(json.dumps(end_of(call, arguments, tap)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A counter in the TPM's own memory that only goes up: a disk put back does not lower it."""

import os
import re
import subprocess
from pathlib import Path

from edge_atm.errors import KeyFault, StoreFault

DEVICE = Path("/dev/tpmrm0")
# Registry of Reserved TPM 2.0 Handles and Localities 1.1 (TCG, 2019), 2.2: 0x01800000 to
# 0x01BFFFFF are the owner's to use. It asks for no registration; systemd has 0x018004xx there.
INDEX = "0x01A70001"
# Without `no_da`, wrong passwords tried on some other object would lock this counter as well.
ATTRIBUTES = "nt=1|ownerread|ownerwrite|authread|authwrite|no_da"
# The same as bits (TPM 2.0 Library, part 2, TPMA_NV): nt=1 is a counter. The TPM sets "written".
DEFINED, WRITTEN = 0x02060016, 0x20000000
COUNTER_BYTES = 8
# A TPM on a slow bus answers within a second; one whose memory is worn or busy asks for patience.
SECONDS_MAX = 20.0
NO_INDEX = 0x18B  # TPM_RC_HANDLE, first handle
CODE = re.compile(r"\((0x[0-9a-fA-F]{1,8})\)")
PUBLIC = re.compile(r"attributes:\s+friendly:.*\s+value: 0x([0-9a-fA-F]{1,8})\s+size: (\d+)\s")
FIT = 'See "A TPM" in systemd/README.md; key_protection = "host" is for a unit without one.'
LOST = (
    "Somebody removed or replaced it, or this is another computer: tell the bank. A database that"
    " was copied or put back must not be used; `edge-atm provision` makes a new unit."
)
AGAIN = "Try again; if it goes on, restart the computer, then run `edge-atm doctor`."


class NvCounter:
    """The unit's monotonic counter, through Debian's tpm2-tools.

    The TPM starts every counter above all it ever had, so removing and defining it again cannot
    bring an old value back (TPM 2.0 Library, part 3, TPM2_NV_Increment). An index that is no
    counter could be written with any value: it is refused. Not defended: somebody on the wires
    between processor and TPM, whose answers are not authenticated.
    """

    def __init__(self, device: Path = DEVICE) -> None:
        self._device = device

    def read(self) -> int:
        """Return the value. Raises KeyFault without TPM or counter, StoreFault without answer."""
        found = self._attributes()
        if found is None:
            raise KeyFault("the TPM does not have this unit's counter", LOST)
        if found != DEFINED | WRITTEN:
            raise KeyFault(f"the TPM's {INDEX} is not this unit's counter ({found:#x})", LOST)
        return self._value()

    def advance(self) -> int:
        """Add one and return the new value. Raises as `read`; the step may then be done or not."""
        before = self.read()
        self._tool("tpm2_nvincrement", "-C", INDEX, INDEX)
        after = self._value()
        if after != before + 1:
            raise StoreFault(f"the TPM's counter went from {before} to {after} in one step", AGAIN)
        return after

    def define(self) -> int:
        """Make the counter of a new unit where there is none, and return its value.

        Raises as `read`, and KeyFault where the TPM's owner does not let it.
        """
        if self._attributes() is None:
            made = self._run("tpm2_nvdefine", "-C", "o", "-s", str(COUNTER_BYTES),
                             "-a", ATTRIBUTES, INDEX)  # fmt: skip
            if made.returncode:
                raise KeyFault(f"the TPM took no counter: {_reason(made)}", FIT)
        if self._attributes() == DEFINED:
            # It has no value before its first step; power may have failed just there.
            self._tool("tpm2_nvincrement", "-C", INDEX, INDEX)
        return self.read()

    def _value(self) -> int:
        content = self._tool("tpm2_nvread", "-C", INDEX, "-s", str(COUNTER_BYTES), INDEX)
        if len(content) != COUNTER_BYTES:
            raise StoreFault(f"the TPM's counter has {len(content)} bytes, not 8", AGAIN)
        return int.from_bytes(content, "big")

    def _attributes(self) -> int | None:
        """Return what the index is, None where there is none."""
        done = self._run("tpm2_nvreadpublic", INDEX)
        if done.returncode and NO_INDEX in _codes(done):
            return None
        found = PUBLIC.search(_checked(done).decode("ascii", "replace"))
        if found is None or found[2] != str(COUNTER_BYTES):
            raise StoreFault(f"tpm2_nvreadpublic does not say what {INDEX} is", AGAIN)
        return int(found[1], 16)

    def _tool(self, *command: str) -> bytes:
        return _checked(self._run(*command))

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        if not self._device.exists():
            raise KeyFault(f'key_protection is "tpm", but there is no {self._device}', FIT)
        if not os.access(self._device, os.R_OK | os.W_OK):
            raise KeyFault(f"{self._device} is not open to this user", FIT)
        # The device is named here, so that no environment variable chooses another TPM. The tool
        # gets no other variable, and no Ctrl-C meant for the command that waits for it.
        command = [name, "-T", f"device:{self._device}", *arguments]
        try:
            return subprocess.run(  # noqa: S603 - fixed names and arguments
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS_MAX,
                check=False,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                start_new_session=True,
            )
        except FileNotFoundError:
            raise KeyFault(f"{name} is not installed", "`apt-get install tpm2-tools`.") from None
        except subprocess.TimeoutExpired:
            raise StoreFault(f"{name} did not end in {SECONDS_MAX:g} s", AGAIN) from None
        except OSError as error:
            raise StoreFault(f"{name} cannot be started: {error.strerror}", AGAIN) from None


def _checked(done: subprocess.CompletedProcess[bytes]) -> bytes:
    if done.returncode:
        raise StoreFault(f"{done.args[0]} failed: {_reason(done)}", AGAIN)
    content: bytes = done.stdout
    return content


def _codes(done: subprocess.CompletedProcess[bytes]) -> set[int]:
    return {int(code, 16) for code in CODE.findall(done.stderr.decode("utf-8", "replace"))}


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    # The tools end with lines that say only that they ended; the one with the TPM's code says why.
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    telling = [line for line in lines if line.startswith("ERROR")] or lines
    coded = [line for line in telling if CODE.search(line)] or telling[:1]
    return coded[-1].partition(":")[2].strip() if coded else f"exit status {done.returncode}"

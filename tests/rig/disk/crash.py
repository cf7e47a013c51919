"""What is left on a disk when its power fails: the log of operations, and one draw from it.

The model promises what SQLite's unix VFS promises SQLite, SQLITE_IOCAP_POWERSAFE_OVERWRITE, and
no more: bytes that no unsynced write covers are as they were. The product then runs exactly as it
does on a real unit. (A VFS without that promise would make SQLite pad every commit to a sector.)

* What a file's last good sync followed is there.
* Of each later write, every sector of 512 bytes is kept, dropped or torn, each by itself and in no
  order: torn is new bytes first, old bytes after. This is harsher than a disk that writes whole
  sectors of 4096, and does not follow SQLite's pages or frames.
* A later write may have made the file longer without its bytes: then there are zeros. (A file
  system that shows another file's old bytes is not modelled.)
* A later truncation may or may not have happened.
* A new or a deleted name may or may not be so until its folder was synced, though the file was.
* A sync that failed says nothing, and a later good one does not make up for it: what it should
  have synced may be lost for good, as Linux loses it, until it is written again.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

SECTOR_BYTES = 512
# Whether nearly all reached the disk or nearly nothing is drawn first: were every sector tossed
# for alike, a large transaction would never be seen whole, nor a late sector without the others.
KEPT_CHANCES = (0.0, 0.1, 0.5, 0.9, 1.0)

Act = Literal["write", "truncate", "sync", "sync failed", "create", "delete", "sync folder"]
Kind = Literal["db", "wal", "journal"]


@dataclass(slots=True, eq=False)
class File:
    """One file, not one name: what of it is safely on the disk where the log begins."""

    name: str
    content: bytearray

    @property
    def kind(self) -> Kind:
        if self.name.endswith("-wal"):
            return "wal"
        return "journal" if self.name.endswith("-journal") else "db"


# A plain tuple, because a million payouts make a hundred million of them.
# The number is a write's offset or a truncation's size.
Operation = tuple[Act, File, int, bytes]


def apply(names: dict[str, File], operations: Sequence[Operation]) -> None:
    """Bring `names` and the contents of its files up to date, as if all were synced."""
    for act, file, number, data in operations:
        if act == "write":
            _put(file.content, number, data)
        elif act == "truncate":
            del file.content[number:]
        elif act == "create":
            names[file.name] = file
        elif act == "delete":
            names.pop(file.name, None)


def survivors(
    names: dict[str, File], operations: Sequence[Operation], draw: random.Random
) -> dict[str, bytearray]:
    """Return the files as they might be after power failed behind the last of `operations`."""
    left = dict(names)
    # In the order of the log, so that one seed is one crash.
    touched = dict.fromkeys([*names.values(), *(operation[1] for operation in operations)])
    content = {file: bytearray(file.content) for file in touched}
    chance = {file: draw.choice(KEPT_CHANCES) for file in touched}
    for (act, file, number, data), safe in zip(operations, _safe(operations), strict=True):
        if act == "write" and safe:
            _put(content[file], number, data)
        elif act == "write":
            _put_some(content[file], number, data, chance[file], draw)
        elif safe or draw.random() < chance[file]:
            if act == "truncate":
                del content[file][number:]
            elif act == "create":
                left[file.name] = file
            elif act == "delete":
                left.pop(file.name, None)
    return {name: content[file] for name, file in left.items()}


def _safe(operations: Sequence[Operation]) -> list[bool]:
    """Say of each operation whether the next sync of its file, or of the folder, was a good one."""
    files_synced: dict[File, bool] = {}
    folder_synced = False
    found = []
    for act, file, _, _ in reversed(operations):
        if act == "sync folder":
            folder_synced = True
        elif act in ("sync", "sync failed"):
            files_synced[file] = act == "sync"
        entry = act in ("create", "delete")
        found.append(folder_synced if entry else files_synced.get(file, False))
    return found[::-1]


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _put_some(
    content: bytearray, offset: int, data: bytes, chance: float, draw: random.Random
) -> None:
    end = offset + len(data)
    if end > len(content) and draw.random() < chance:
        content.extend(bytes(end - len(content)))
    for start, stop in _sectors(offset, end):
        landed = draw.random()
        if landed < chance:
            _put(content, start, data[start - offset : stop - offset])
        elif landed < (1 + chance) / 2:
            torn = draw.randrange(start, stop)
            _put(content, start, data[start - offset : torn - offset])


def _sectors(start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = min(start - start % SECTOR_BYTES + SECTOR_BYTES, end)
        yield start, stop
        start = stop

"""The journal as a signed file: written on the unit, checked on any computer. docs/journal.md."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

from edge_atm.errors import SealBroken
from edge_atm.journal import Entry
from edge_atm.vault.appearing import appearing
from edge_atm.vault.keys import Keys
from edge_atm.vault.signing import is_signed, public_key, sign

FORMAT = "edge-journal/1"
# One spelling only: the parser would take capital letters and blanks for the same signature.
SIGNATURE = re.compile(rb'\{"signature":"([0-9a-f]{128})"\}\n')
# A longer line is read in pieces, and then there are more lines than the header says.
LINE_BYTES_MAX = 1 << 20
# What a header may say of itself before it is believed: enough to name the likely mistake.
BEGINNING = b'{"format":"edge-journal/'
NAMED_KEY = re.compile(rb'"public_key":"([0-9a-f]{64})"\}\n')
NO_EXPORT = "Name the file that `edge-atm journal export` wrote."
INCOMPLETE = "Copy the file again, whole; if it was cut on the unit, export again."
FORGED = "Ask for the file again, and for the unit's public key from where the bank noted it."


@dataclass(frozen=True, slots=True)
class Export:
    """What a signed file says of itself: the entries 1 to `count`, and the MAC of the last."""

    unit_id: str
    count: int
    head: str
    public_key: str


def write(
    path: Path,
    unit_id: str,
    keys: Keys,
    newest: Entry,
    entries: Iterable[Entry],
    force: bool = False,
) -> Export:
    """Write `entries`, which end with `newest`, and sign them. Raises StoreFault.

    A file of that name stays as it is, but for `force`.
    """
    export = Export(unit_id, newest.sequence, newest.mac.hex(), public_key(keys).hex())
    digest = hashlib.sha512()
    with appearing(path, force) as file:
        for line in _lines(export, entries):
            digest.update(line)
            file.write(line)
        file.write(_line({"signature": sign(keys, digest.digest()).hex()}))
    return export


def check(path: Path, public: bytes) -> Export:
    """Return what the file says if `public`'s unit signed every byte of it. Raises SealBroken."""
    digest, header, signature, lines = hashlib.sha512(), b"", b"", 0
    with path.open("rb") as file:
        for line, following in pairwise(_read(file)):
            header, signature, lines = header or line, following, lines + 1
            digest.update(line)
    if not header.startswith(BEGINNING):
        raise SealBroken(f"{path.name} is not an export of a journal", NO_EXPORT)
    found = SIGNATURE.fullmatch(signature)
    if found is None:
        raise SealBroken(f"{path.name} is incomplete: its last line is no signature", INCOMPLETE)
    # Nothing is parsed before it is known who wrote it.
    if not is_signed(digest.digest(), bytes.fromhex(found[1].decode()), public):
        named = NAMED_KEY.search(header)
        other = named is not None and named[1] != public.hex().encode()
        said = "names another unit's key than this one" if other else "is damaged or was changed"
        raise SealBroken(f"{path.name} {said}", FORGED)
    said = json.loads(header)
    if (said["format"], said["count"]) != (FORMAT, lines - 1):
        raise SealBroken(
            f"{path.name} is signed, but it is no whole {FORMAT} file",
            "Check it with the version of edge-atm that the unit runs.",
        )
    return Export(said["unit_id"], said["count"], said["head"], said["public_key"])


def check_continues(new: Path, old: Path, public: bytes) -> Export:
    """Check both files, and that `new` begins with all of `old`'s entries. Raises SealBroken."""
    before, export = check(old, public), check(new, public)
    with old.open("rb") as one, new.open("rb") as other:
        pairs = zip(_entries(one, before.count), _entries(other, before.count), strict=False)
        same = all(line == again for line, again in pairs)
    if not (same and before.count <= export.count):
        raise SealBroken(
            f"{new.name} does not continue {old.name}: entries were cut off or written anew",
            "If these are the newer and the older file, keep both as proof and audit the unit.",
        )
    return export


def _lines(export: Export, entries: Iterable[Entry]) -> Iterator[bytes]:
    about = {"format": FORMAT, "unit_id": export.unit_id, "from": 1, "to": export.count}
    end = {"count": export.count, "head": export.head, "public_key": export.public_key}
    yield _line(about | end)
    for entry in entries:
        yield _entry_line(entry)


def _entry_line(entry: Entry) -> bytes:
    # The detail goes out letter by letter as it was authenticated.
    at, event = json.dumps(entry.at), json.dumps(entry.event)
    return (
        f'{{"sequence":{entry.sequence},"at":{at},"event":{event},'
        f'"detail":{entry.text},"mac":"{entry.mac.hex()}"}}\n'
    ).encode()


def _line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _read(file: BinaryIO) -> Iterator[bytes]:
    return iter(partial(file.readline, LINE_BYTES_MAX), b"")


def _entries(file: BinaryIO, count: int) -> Iterator[bytes]:
    return islice(_read(file), 1, 1 + count)

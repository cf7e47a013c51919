"""What one commit leaves behind, as it is sealed into the database."""

import struct
from dataclasses import dataclass

from edge_atm.vault.roll import SUM_BYTES, TABLES, Sums

HEAD = struct.Struct(">QQ32s32s")


@dataclass(frozen=True, slots=True)
class State:
    """What one commit left behind: its number, the journal's end, every table's sum.

    `before` is the SHA-256 of the state sealed before, so that states form one chain.
    """

    commits: int
    entry: int
    entry_mac: bytes
    before: bytes
    sums: Sums

    def packed(self) -> bytes:
        """Return what is sealed."""
        head = HEAD.pack(self.commits, self.entry, self.entry_mac, self.before)
        return head + b"".join(self.sums[table].to_bytes(SUM_BYTES, "big") for table in TABLES)

    @classmethod
    def unpacked(cls, plain: bytes) -> "State":
        """Return what `packed` was given."""
        ends = range(HEAD.size, len(plain), SUM_BYTES)
        sums = [int.from_bytes(plain[at : at + SUM_BYTES], "big") for at in ends]
        commits, entry, entry_mac, before = HEAD.unpack(plain[: HEAD.size])
        return cls(commits, entry, entry_mac, before, dict(zip(TABLES, sums, strict=True)))

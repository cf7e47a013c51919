"""A folder of clips with a clock that a test sets, and the keys that open them."""

from datetime import UTC, datetime

import pyrage

from edge_atm.journal import Journal
from edge_atm.records import Recording
from edge_atm.store import Store
from edge_atm.vault import evidence
from edge_atm.vault.evidence import Evidence, Rules
from edge_atm.vault.evidence_audit import Known, known, listed
from tests.unit.written import KEYS

BANK, STRANGER = (pyrage.x25519.Identity.generate() for _ in range(2))
PLAIN = b"\xff\xd8\xff what the camera saw \xff\xd9" * 5000
START = datetime(2031, 1, 1, 8, tzinfo=UTC)


class Kept:
    """A folder of clips with a clock that a test sets."""

    def __init__(self, store: Store, days_max: int = 30, bytes_max: int = 10**7) -> None:
        self.now = START
        self.store = store
        self.journal = Journal(store, KEYS.derive("journal"), lambda: self.now)
        rules = Rules((str(BANK.to_public()),), days_max, bytes_max)
        self.at = Evidence(store.path.parent / evidence.FOLDER, self.journal, rules)

    def keep(self, session: str = "a1", content: bytes = PLAIN) -> None:
        recording = Recording((content[:9], content[9:]), 3, "first", "last")
        self.at.keep(session, "c0ffee", recording)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.at.folder.glob("*"))

    def known(self) -> Known:
        return known(self.journal.verified(), listed(self.at.folder))

    def faults(self) -> list[str]:
        said = self.known()
        clips = ((clip.file, clip.fault(self.at.folder)) for clip in said.clips.values())
        strangers = said.strangers(listed(self.at.folder))
        return [f"{name} {what}" for name, what in (*strangers, *clips) if what]

    def removed(self) -> list[tuple[str, str]]:
        pruned = (e.detail for e in self.journal.entries() if e.event == "evidence_pruned")
        return [(str(detail["file"])[:8], str(detail["why"])) for detail in pruned]

    def failures(self) -> list[tuple[object, ...]]:
        found = (e.detail for e in self.journal.entries() if e.event == "evidence_failed")
        return [(d["session"], d["customer"], d["kind"], d["why"]) for d in found]

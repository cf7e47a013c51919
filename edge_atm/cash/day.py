"""The day's totals, from one close to the next: what the journal tells against what is booked."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge_atm.cash import storage
from edge_atm.cash.ledger import Ledger
from edge_atm.journal import Entry, Journal
from edge_atm.money import NO_NOTES, State, StorageUnit
from edge_atm.store import Store

PLACES = range(4)


@dataclass(frozen=True, slots=True)
class Balance:
    """One cassette's notes since the last close. All but `should_hold` is what the journal says.

    `unknown` falls when missing notes are found; `should_hold` is what the books say now.
    """

    position: int
    value_cents: int
    opening: int
    added: int
    over_short: int
    presented: int
    rejected: int
    unknown: int
    should_hold: int

    @property
    def difference(self) -> int:
        """Notes by which the books and the journal disagree; 0 unless somebody changed one."""
        came = self.opening + self.added + self.over_short
        return self.should_hold - (came - self.presented - self.rejected - self.unknown)


@dataclass(frozen=True, slots=True)
class Day:
    """The totals of one day. `payouts` counts the settled ones by how their commands ended."""

    since: str | None
    payouts: dict[str, int]
    suspects: int
    debited_cents: int
    over_short_cents: int
    open_payout: str | None
    open_state: str | None
    cassettes: tuple[Balance, ...]

    @property
    def balanced(self) -> bool:
        """Whether the journal explains every note in the books."""
        return all(balance.difference == 0 for balance in self.cassettes)


def close(store: Store, journal: Journal, ledger: Ledger) -> Day:
    """Add up the day, and write it down. Raises StoreFault when the journal's chain is broken.

    No counter is set back. The caller holds the unit alone.
    """
    day = totals(store, journal, ledger)
    books = [asdict(unit) for unit in storage.units(store)]
    with store.transaction() as connection:
        journal.append(connection, "day_closed", totals=asdict(day), books=books)
    return day


def totals(store: Store, journal: Journal, ledger: Ledger) -> Day:
    """Add up everything since the last close, while the whole chain is verified."""
    last = "SELECT coalesce(max(sequence), 1) FROM journal WHERE event = 'day_closed'"
    first = int(store.rows(last)[0][0])
    payout = ledger.open_payout()
    waiting = (payout.payout_id, payout.state) if payout else None
    since = (entry for entry in journal.verified() if entry.sequence >= first)
    return add_up(since, ledger.storage_units(), waiting)


def add_up(
    entries: Iterable[Entry], books: Sequence[StorageUnit], waiting: tuple[str, State] | None = None
) -> Day:
    """Add up entries; the first may be the close before them. `waiting` is the open payout."""
    tally = _Tally()
    for entry in entries:
        tally.add(entry)
    columns = tally.columns
    columns["unknown"] = [
        known + unit.unknown - before
        for known, unit, before in zip(columns["unknown"], books, tally.unknown, strict=True)
    ]
    return Day(
        since=tally.since,
        payouts=dict(tally.payouts),
        suspects=tally.suspects,
        debited_cents=tally.debited_cents,
        over_short_cents=tally.over_short_cents,
        open_payout=waiting[0] if waiting else None,
        open_state=waiting[1] if waiting else None,
        cassettes=tuple(
            Balance(
                position=unit.position,
                value_cents=unit.value_cents,
                should_hold=unit.present,
                **{name: column[unit.position - 1] for name, column in columns.items()},
            )
            for unit in books
        ),
    )


class _Tally:
    """What one day's entries come to."""

    def __init__(self) -> None:
        names = ("opening", "added", "over_short", "presented", "rejected", "unknown")
        self.columns = {name: [0 for _ in PLACES] for name in names}
        self.since: str | None = None
        self.payouts: Counter[str] = Counter()
        self.suspects = self.debited_cents = self.over_short_cents = 0
        # Booked as unknown when the day, or the last count, began.
        self.unknown = [0 for _ in PLACES]
        # How the open payout's last command ended; one payout is open at a time.
        self._ended = State.NOT_SENT

    def add(self, entry: Entry) -> None:
        if entry.event not in _ADDED_UP:
            return
        detail = json.loads(entry.text)
        match entry.event:
            case "day_closed":
                self._open(entry.at, detail)
            case "provisioned" | "replenished":
                self._count("added", detail)
            case "cash_counted":
                self._count("over_short", detail)
                self.over_short_cents += detail["over_short_cents"]
            case "suspect":
                self.suspects += 1
            case "settled":
                self._settle(detail["requested_cents"], detail["presented_cents"])
            case _:
                self._ended = State(detail.get("state", self._ended))
                for name in ("presented", "rejected"):
                    self._move(name, detail.get(name, NO_NOTES))

    def _open(self, at: str, detail: Any) -> None:
        books = [StorageUnit(**row) for row in detail["books"]]
        self.since = at
        self._move("opening", [unit.present for unit in books])
        self.unknown = [unit.unknown for unit in books]
        self._ended = State(detail["totals"]["open_state"] or self._ended)

    def _count(self, column: str, detail: Any) -> None:
        # A first count has no books before it.
        for place, before in enumerate(StorageUnit(**row) for row in detail["before"]):
            self.columns["unknown"][place] += before.unknown - self.unknown[place]
            self.columns[column][place] -= before.present
        self._move(column, detail["notes"])
        self.unknown = [0 for _ in PLACES]

    def _settle(self, requested_cents: int, presented_cents: int) -> None:
        # A later command that gave nothing does not undo what an earlier one gave.
        partly = presented_cents and self._ended is not State.RESULT
        self.payouts[State.PARTIAL if partly else self._ended] += 1
        self.debited_cents += min(requested_cents, presented_cents)

    def _move(self, column: str, notes: Sequence[int]) -> None:
        self.columns[column] = [
            old + new for old, new in zip(self.columns[column], notes, strict=True)
        ]


_ADDED_UP = {
    "day_closed", "provisioned", "replenished", "cash_counted", "suspect", "settled", "booked",
    "counted", "service_counted",
}  # fmt: skip

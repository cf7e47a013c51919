"""The day's totals, from one close to the next: what the journal tells against what is booked."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from edge_atm.cash.ledger import Ledger
from edge_atm.cash.tally import Tally
from edge_atm.journal import Entry, Journal
from edge_atm.money import State, StorageUnit
from edge_atm.store import Store


@dataclass(frozen=True, slots=True)
class Balance:
    """One cassette's notes since the last close. All but `should_hold` is what the journal says.

    `unknown` falls when missing notes are found; `should_hold` is what the books say now.
    """

    position: int
    value_cents: int
    opening: int
    added: int
    removed: int
    over: int
    short: int
    presented: int
    rejected: int
    unknown: int
    should_hold: int

    @property
    def difference(self) -> int:
        """Notes by which the books and the journal disagree; 0 unless somebody changed one."""
        came = self.opening + self.added + self.over
        went = self.removed + self.short + self.presented + self.rejected + self.unknown
        return self.should_hold - (came - went)


@dataclass(frozen=True, slots=True)
class Tray:
    """The reject tray's notes of one cassette since the last close.

    `expected` is what the books said whenever the tray was emptied, `counted` what was in it then.
    """

    position: int
    value_cents: int
    opening: int
    rejected: int
    expected: int
    counted: int
    over: int
    short: int
    should_hold: int

    @property
    def difference(self) -> int:
        """Notes by which the books and the journal disagree; 0 unless somebody changed one."""
        return self.should_hold - (self.opening + self.rejected - self.expected)


@dataclass(frozen=True, slots=True)
class Day:
    """The totals of one day. `payouts` counts the settled ones by how their commands ended."""

    since: str | None
    payouts: dict[str, int]
    suspects: int
    debited_cents: int
    over_cents: int
    short_cents: int
    open_payout: str | None
    open_state: str | None
    cassettes: tuple[Balance, ...]
    tray: tuple[Tray, ...]

    @property
    def balanced(self) -> bool:
        """Whether the journal explains every note in the books."""
        places: list[Balance | Tray] = [*self.cassettes, *self.tray]
        return not any(place.difference for place in places)


def close(store: Store, journal: Journal, ledger: Ledger) -> tuple[Day, Entry | None]:
    """Add up the day, and write it down. Raises StoreFault when the journal's chain is broken.

    No counter is set back. Right after a close there is nothing to write down, so no entry. The
    caller holds the unit alone.
    """
    day = totals(store, journal, ledger)
    newest = store.rows(
        "SELECT event FROM journal WHERE event <> 'exported' ORDER BY sequence DESC LIMIT 1"
    )
    if day.balanced and [row["event"] for row in newest] == ["day_closed"]:
        return day, None
    with store.transaction() as connection:
        entry = journal.append(
            connection,
            "day_closed",
            totals=asdict(day),
            # The next day begins here: a difference stays one until somebody has counted.
            explained=[place.should_hold - place.difference for place in day.cassettes],
            tray_explained=[place.should_hold - place.difference for place in day.tray],
        )
    return day, entry


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
    tally = Tally()
    for entry in entries:
        tally.add(entry)
    cassettes = tuple(_balance(tally, unit) for unit in books)
    tray = tuple(_tray(tally, unit) for unit in books)
    places: list[Balance | Tray] = [*cassettes, *tray]
    return Day(
        since=tally.since,
        payouts=dict(tally.payouts),
        suspects=tally.suspects,
        debited_cents=tally.debited_cents,
        over_cents=sum(place.over * place.value_cents for place in places),
        short_cents=sum(place.short * place.value_cents for place in places),
        open_payout=waiting[0] if waiting else None,
        open_state=waiting[1] if waiting else None,
        cassettes=cassettes,
        tray=tray,
    )


def _balance(tally: Tally, unit: StorageUnit) -> Balance:
    at = unit.position - 1
    notes = {name: column[at] for name, column in tally.cassettes.items()}
    return Balance(unit.position, unit.value_cents, should_hold=unit.present, **notes)


def _tray(tally: Tally, unit: StorageUnit) -> Tray:
    at = unit.position - 1
    notes = {name: column[at] for name, column in tally.tray.items()}
    rejected = tally.cassettes["rejected"][at]
    return Tray(
        unit.position, unit.value_cents, rejected=rejected, should_hold=unit.rejected, **notes
    )

"""Holds the product's books to the truth."""

from collections import Counter
from sqlite3 import Row

from edge_atm.store import Store
from tests.rig.lcdm_memory import CASSETTES, Memory
from tests.rig.soak.missing import Missing
from tests.rig.soak.truth import Key, Truth
from tests.rig.soak.violation import check

# Commands whose counts are not in the books: not yet, or because nobody could tell them.
UNTOLD_MOVES = (
    "SELECT operation, move FROM service_moves"
    " WHERE move > ? AND coalesce(outcome, 'unknown') = 'unknown'"
)
OPEN_COMMAND = (
    "SELECT payout_id, batch FROM batches NATURAL LEFT JOIN results"
    " WHERE payout_id = ? AND outcome IS NULL"
)
NEWEST = (
    "SELECT (SELECT coalesce(max(sequence), 0) FROM journal),"
    " (SELECT coalesce(max(move), 0) FROM service_moves)"
)


class Audit:
    """What the books must say. It outlives the product's crashes, as the customers do.

    Every command is known to the truth by the key it was told under. So for each cassette, with no
    allowance: notes presented are those booked and those of the commands whose result the books
    do not have; notes rejected likewise. Those commands are the one that is open, and the purges
    and tests that the dispenser could not tell about. `unknown` is what the journal makes of it
    (see `Missing`). As `present` is what is left over, the cassette holds present + unknown, less
    what those purges and tests moved: the books never promise a note that is not there, but for
    notes of an untold purge, or of an untold test behind which a purge found others.
    """

    def __init__(self, truth: Truth, memory: Memory, values_cents: list[int]) -> None:
        self._truth, self._memory, self._values_cents = truth, memory, values_cents
        self._loaded: Counter[str] = Counter()
        self._debits: Counter[str] = Counter()
        self._settled: dict[str, int] = {}
        self._missing = Missing()
        self._last_row = self._counted_move = 0
        self.journal_entries = 0

    def load(self, customer_id: str, balance_cents: int) -> None:
        """The bank sets an account's balance."""
        self._loaded[customer_id] = balance_cents
        self._debits[customer_id] = 0

    def recount(self, store: Store) -> None:
        """A technician has counted the cassettes: what was unsaid before is known."""
        self._truth.recount()
        entries, self._counted_move = store.rows(NEWEST)[0]
        self._missing = Missing(entries)

    def glance(self, store: Store) -> None:
        """Check what takes no time, and remember how much must survive a crash."""
        check(self._memory.conserved(), "a note was lost or made inside the device")
        self.journal_entries = store.rows(NEWEST)[0][0]

    def step(self, store: Store) -> None:
        """Check what was changed since the last step."""
        self._truth.ends()
        check(self._memory.conserved(), "a note was lost or made inside the device")
        rows = store.rows("SELECT rowid, * FROM payouts WHERE rowid > ?", self._last_row)
        held: Counter[str] = Counter()
        untold: list[Key] = []
        for row in rows:
            if row["state"] == "SETTLED":
                self._settle(row)
                self._last_row = row["rowid"]
            else:
                held[row["customer_id"]] += row["requested_cents"]
                untold += [(i, batch) for i, batch in store.rows(OPEN_COMMAND, row["payout_id"])]
        self.journal_entries, last_move = store.rows(NEWEST)[0]
        if last_move > self._counted_move:
            untold += [(told, move) for told, move in store.rows(UNTOLD_MOVES, self._counted_move)]
        self._check_notes(store, untold)
        self._check_accounts(store, held)

    def whole(self, store: Store, entries: int) -> None:
        """Check after a restart that nothing which was on the disk is gone."""
        check(
            entries >= self.journal_entries,
            "journal entries were lost",
            f"{entries} of {self.journal_entries}",
        )
        rows = store.rows("SELECT payout_id, presented_cents FROM payouts WHERE state = 'SETTLED'")
        booked = {row[0]: row[1] for row in rows}
        check(self._settled.items() <= booked.items(), "a settled payout has changed")

    def _settle(self, row: Row) -> None:
        payout_id, cents = row["payout_id"], row["presented_cents"]
        presented = zip(self._truth.presented(payout_id), self._values_cents, strict=True)
        true_cents = sum(notes * value for notes, value in presented)
        check(
            cents == true_cents,
            "a payout is settled with other notes than were presented",
            payout_id,
            f"booked {cents}, presented {true_cents} cents",
        )
        self._settled[payout_id] = cents
        # A surplus is the bank's loss: nobody agreed to a larger debit.
        self._debits[row["customer_id"]] += min(cents, row["requested_cents"])

    def _check_notes(self, store: Store, untold: list[Key]) -> None:
        units = store.rows(
            "SELECT presented, rejected, unknown FROM storage_units ORDER BY position"
        )
        presented, rejected = self._truth.since_count()
        for key in untold:
            moved = self._truth.moved.get(key, ([0] * 4, [0] * 4))
            presented = [n - m for n, m in zip(presented, moved[0], strict=True)]
            rejected = [n - m for n, m in zip(rejected, moved[1], strict=True)]
        missing = self._missing.read(store)
        booked = [tuple(unit) for unit in units]
        expected = [(presented[i], rejected[i], missing[i]) for i in CASSETTES]
        check(booked == expected, "a cassette's counts are wrong", f"{booked}, not {expected}")

    def _check_accounts(self, store: Store, held: Counter[str]) -> None:
        rows = store.rows("SELECT customer_id, balance_cents, held_cents FROM accounts")
        for customer_id, balance_cents, held_cents in rows:
            expected = self._loaded[customer_id] - self._debits[customer_id] - held[customer_id]
            check(
                (balance_cents, held_cents) == (expected, held[customer_id]),
                "a balance is not what was loaded less what was debited",
                customer_id,
                f"{balance_cents} + {held_cents}, expected {expected} + {held[customer_id]}",
            )

"""A referee who sees where the notes really are, and holds the books against it."""

from edge_atm.money import NO_NOTES, Quantities
from tests.rig.dispenser_course import more
from tests.rig.dispenser_memory import NOTHING
from tests.unit.books import BALANCE_CENTS, CUSTOMER, NEIGHBOUR, NEIGHBOUR_CENTS, Books

BALANCES = {CUSTOMER: BALANCE_CENTS, NEIGHBOUR: NEIGHBOUR_CENTS}


class Referee:
    """`stray` are notes outside their cassettes of which neither record nor books can know."""

    def __init__(self, books: Books) -> None:
        self.books, self.real = books, books.dispenser
        self.stray = NO_NOTES
        self.faults_before = (0, 0)

    def open_state(self) -> str | None:
        payout = self.books.ledger.open_payout()
        return payout.state if payout else None

    def in_doubt(self) -> Quantities:
        """Return what was asked for by a command that may have been told and is not booked."""
        payout = self.books.ledger.open_payout()
        if payout is None or payout.state not in ("SENT", "ACCEPTED", "SUSPECT"):
            return NO_NOTES
        command = self.books.ledger.open_batch(payout.payout_id)
        assert command is not None
        return command[1]

    def faults_so_far(self) -> tuple[int, int]:
        """Return how many results and service moves left notes in doubt, ever."""
        with_error = "outcome LIKE '%\"error\": %' AND outcome NOT LIKE '%\"error\": 0,%'"
        results = self.books.store.rows(f"SELECT count(*) FROM results WHERE {with_error}")
        moves = self.books.store.rows(
            f"SELECT count(*) FROM service_moves WHERE outcome = 'unknown' OR ({with_error})"
        )
        return results[0][0], moves[0][0]

    def assert_notes_are_conserved_and_booked_once(self) -> None:
        books, real = self.books, self.real
        assert real.conserved()
        waits = books.ledger.service.uncounted() is real.outcome.operation
        moved = real.outcome if waits else NOTHING
        for booked, true, untold, served in (
            (books.presented(), real.presented, real.untold_presented, moved.presented),
            (books.rejected(), real.rejected, real.untold_rejected, moved.rejected),
        ):
            for known, there, lost, s, asked in zip(
                booked, true, untold, served, self.in_doubt(), strict=True
            ):
                # One surplus note may wait with the command that let it out.
                assert 0 <= there - lost - known <= s + asked + (asked > 0)

    def assert_no_note_outside_its_cassette_is_promised(self) -> None:
        books, real = self.books, self.real
        outside = more(real.path, real.exit)
        if not any(outside):
            self.stray = NO_NOTES
        suspect = self.open_state() == "SUSPECT"
        told = NO_NOTES if suspect else self.in_doubt()
        for unknown, out, stray, asked in zip(
            books.unknown(), outside, self.stray, told, strict=True
        ):
            assert unknown + stray + asked >= out
        if any(real.exit) and not any(self.stray):
            assert self.in_doubt() != NO_NOTES, "a note in the exit may be taken, or not"
        if self.faults_so_far() == self.faults_before:
            assert books.unknown() == list(self.in_doubt() if suspect else NO_NOTES)

    def assert_no_cent_is_lost_or_made(self) -> None:
        books = self.books
        rows = books.store.rows("SELECT payout_id FROM payouts")
        payouts = [books.ledger.payout(row[0]) for row in rows]
        for customer_id, loaded in BALANCES.items():
            his = [payout for payout in payouts if payout.customer_id == customer_id]
            debits = sum(
                min(p.presented_cents, p.requested_cents) for p in his if p.state == "SETTLED"
            )
            held = sum(p.requested_cents for p in his if p.state != "SETTLED")
            assert books.balance_and_hold(customer_id) == (loaded - held - debits, held)
        assert sum(payout.state != "SETTLED" for payout in payouts) <= 1
        assert books.journal.verify() >= len(payouts)

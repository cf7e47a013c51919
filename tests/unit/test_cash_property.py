"""Any sequence of payouts, faults, power cuts and counts: no note twice, no cent from nowhere."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_atm.cash.count import settle_by_count
from edge_atm.cash.outcomes import quantities
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import Outcome, Quantities
from tests.rig.dispenser_memory import NOTHING, Crash, Kind
from tests.unit.books import BALANCE_CENTS, CUSTOMER, NEIGHBOUR, NEIGHBOUR_CENTS, Books

# A surplus that the device does not name is in nobody's books until the cassettes are counted.
UNNAMED: set[Kind] = {"over_unsaid"}
KINDS: list[Kind] = [kind for kind in get_args(Kind) if kind not in UNNAMED]
BALANCES = {CUSTOMER: BALANCE_CENTS, NEIGHBOUR: NEIGHBOUR_CENTS}


class Till(RuleBasedStateMachine):
    """A unit in service, with a referee who sees where the notes really are."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.books = Books(Path(self.folder.name))
        # So few that most payouts take several commands, often two equal ones.
        self.books.notes_per_command = 2
        self.books.reopen()
        self.real_dispense = self.books.dispenser.dispense
        self.books.dispenser.dispense = self.watched  # type: ignore[method-assign, assignment]

    def teardown(self) -> None:
        self.books.store.close()
        self.folder.cleanup()

    def watched(self, asked: Quantities) -> Outcome:
        """No command without an intent on disk, and none beside another that is unanswered."""
        payout = self.books.ledger.open_payout()
        assert payout is not None
        assert payout.state == "INTENT"
        command = self.books.ledger.open_batch(payout.payout_id)
        assert command is not None
        assert command[1] == asked
        return self.real_dispense(asked)

    @rule(
        customer_id=st.sampled_from(sorted(BALANCES)),
        tens=st.integers(1, 30),
        plan=st.lists(st.sampled_from(KINDS), max_size=3),
    )
    def ask_for_money(self, customer_id: str, tens: int, plan: list[Kind]) -> None:
        books, told = self.books, len(self.books.dispenser.calls)
        word = books.cashier.obstacle(customer_id, tens * 1000)
        books.dispenser.plan = list(plan)
        if word is None:
            with suppress(Crash, LinkFault, LinkSilent, PayoutSuspect):
                books.cashier.pay(customer_id, "s", tens * 1000)
        else:
            assert len(books.dispenser.calls) == told
        books.dispenser.plan = []

    @rule()
    def restart(self) -> None:
        told = self.books.dispenser.calls.count("dispense")
        self.books.reopen()
        with suppress(LinkSilent, PayoutSuspect):
            self.books.cashier.recover()
        assert self.books.dispenser.calls.count("dispense") == told

    @rule()
    def the_dispenser_answers_again(self) -> None:
        self.books.dispenser.mute = False

    @rule(stranded=st.booleans())
    def the_dispenser_forgets(self, stranded: bool) -> None:
        self.books.dispenser.outcome = NOTHING
        if stranded:
            self.books.dispenser.stranded = (1, 0, 0, 0), (0, 1, 0, 0)

    @precondition(lambda self: self.open_state() == "SUSPECT")
    @rule()
    def a_technician_counts(self) -> None:
        books, real = self.books, self.books.dispenser
        payout = books.ledger.open_payout()
        assert payout is not None
        presented, rejected = (
            quantities([there - booked for there, booked in zip(true, known, strict=True)])
            for true, known in (
                (real.presented, books.presented()), (real.rejected, books.rejected())
            )
        )  # fmt: skip
        settle_by_count(
            books.store, books.journal, books.ledger, payout.payout_id, presented, rejected
        )

    def open_state(self) -> str | None:
        payout = self.books.ledger.open_payout()
        return payout.state if payout else None

    @invariant()
    def notes_are_conserved_and_booked_once(self) -> None:
        books, real = self.books, self.books.dispenser
        assert real.conserved()
        payout = books.ledger.open_payout()
        command = books.ledger.open_batch(payout.payout_id) if payout else None
        in_doubt = list(command[1]) if command else [0] * 4
        for booked, true in (
            (books.presented(), real.presented),
            (books.rejected(), real.rejected),
        ):
            missing = [there - known for there, known in zip(true, booked, strict=True)]
            # One surplus note may wait with the command that let it out.
            assert all(0 <= m <= d + (d > 0) for m, d in zip(missing, in_doubt, strict=True))
        suspect = self.open_state() == "SUSPECT"
        assert books.unknown() == (in_doubt if suspect else [0] * 4)

    @invariant()
    def no_cent_is_lost_or_made(self) -> None:
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


TestTill = Till.TestCase
# Every step writes to a disk that may be busy: how long it takes is no finding.
TestTill.settings = settings(
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

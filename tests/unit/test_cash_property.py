"""Any sequence of payouts, faults, power cuts and counts: no note twice, no cent from nowhere."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from edge_atm.cash import storage
from edge_atm.cash.cashier import CashRules
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import NO_NOTES, Outcome, Quantities
from tests.rig.dispenser_course import Fault, Kind, more
from tests.rig.dispenser_memory import NOTHING, Crash
from tests.unit.books import COUNTS, VALUES, Books
from tests.unit.referee import BALANCES, Referee

# A surplus that the device does not name is in nobody's books until the cassettes are counted.
UNNAMED: set[Kind] = {"over_unsaid"}
KINDS: list[Fault] = [kind for kind in get_args(Kind) if kind not in UNNAMED]
# An error code is a fault too: any that fits its byte.
CODES = st.integers(0x01, 0xDF)
PLANS = st.lists(st.sampled_from(KINDS) | CODES, max_size=3)
SERVICE: list[Fault] = [
    "well", "refuse", "nak", "idle", "silent_after", "power_stale", "power_cleared", "dead",
    "crash_before", "crash_after", 0x0E, 0x58,
]  # fmt: skip
SERVICE_PLANS = st.lists(st.sampled_from(SERVICE), max_size=2)
EXPECTED = (Crash, LinkFault, LinkSilent, PayoutSuspect)


class Till(RuleBasedStateMachine):
    """A unit in service, and everything that happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.books = Books(Path(self.folder.name))
        self.real = self.books.dispenser
        self.real_dispense = self.real.dispense
        self.real.dispense = self.watched  # type: ignore[method-assign, assignment]
        self.referee = Referee(self.books)

    def teardown(self) -> None:
        self.books.store.close()
        self.folder.cleanup()

    @initialize(rule=st.sampled_from(["purge", "suspect"]))
    def open(self, rule: Literal["purge", "suspect"]) -> None:
        # So few that most payouts take several commands, often two equal ones.
        self.books.use(CashRules(notes_per_command_max=2, equal_commands=rule))

    def watched(
        self, asked: Quantities, sending: Callable[[], None], accepted: Callable[[], None]
    ) -> Outcome:
        """No command without an intent on disk, and none beside another that is unanswered."""
        payout = self.books.ledger.open_payout()
        assert payout is not None
        assert payout.state == "INTENT"
        command = self.books.ledger.open_batch(payout.payout_id)
        assert command is not None
        assert command[1] == asked
        assert not any(asked[position - 1] for position in self.real.taken_out)

        def sent() -> None:
            sending()
            assert self.referee.open_state() == "SENT"

        def heard() -> None:
            accepted()
            assert self.referee.open_state() == "ACCEPTED"

        return self.real_dispense(asked, sent, heard)

    @rule(
        customer_id=st.sampled_from(sorted(BALANCES)),
        tens=st.integers(1, 30),
        small=st.booleans(),
        plan=PLANS,
        purges=SERVICE_PLANS,
    )
    def ask_for_money(
        self, customer_id: str, tens: int, small: bool, plan: list[Fault], purges: list[Fault]
    ) -> None:
        books, told = self.books, len(self.real.calls)
        word = books.cashier.obstacle(customer_id, tens * 1000)
        self.real.plan, self.real.purge_plan = list(plan), list(purges)
        if word is None:
            with suppress(*EXPECTED):
                books.pay(tens * 1000, customer_id, small)
        else:
            assert len(self.real.calls) == told
        self.real.plan, self.real.purge_plan = [], []

    @precondition(lambda self: self.referee.open_state() is None)
    @rule(
        position=st.integers(1, 3), notes=st.integers(1, 2), plan=SERVICE_PLANS,
        purges=SERVICE_PLANS,
    )  # fmt: skip
    def a_technician_tests(
        self, position: int, notes: int, plan: list[Fault], purges: list[Fault]
    ) -> None:
        present = self.books.ledger.storage_units()[position - 1].present
        if present < notes or position in self.real.taken_out:
            return
        asked = [notes if place == position else 0 for place in range(1, 5)]
        self.real.plan, self.real.purge_plan = list(plan), list(purges)
        with suppress(*EXPECTED):
            self.books.upkeep.test((asked[0], asked[1], asked[2], asked[3]))
        self.real.plan, self.real.purge_plan = [], []

    @rule(purges=SERVICE_PLANS)
    def restart(self, purges: list[Fault]) -> None:
        told = self.real.calls.count("dispense")
        self.real.purge_plan = list(purges)
        self.books.reopen()
        with suppress(*EXPECTED):
            self.books.cashier.recover()
        assert self.real.calls.count("dispense") == told
        self.real.purge_plan = []

    @rule()
    def the_dispenser_answers_again(self) -> None:
        self.real.mute = False

    @rule(stranded=st.booleans())
    def the_dispenser_forgets(self, stranded: bool) -> None:
        real = self.real
        if self.books.ledger.service.uncounted() is real.outcome.operation:
            real.untold_presented = more(real.untold_presented, real.outcome.presented)
            real.untold_rejected = more(real.untold_rejected, real.outcome.rejected)
        real.outcome = NOTHING
        if stranded and min(real.cassettes[:2]) > 0:
            real.strand((1, 0, 0, 0), (0, 1, 0, 0))
            self.referee.stray = more(self.referee.stray, (1, 1, 0, 0))

    @rule(position=st.integers(1, 4))
    def a_cassette_is_taken_out(self, position: int) -> None:
        self.real.taken_out = (*self.real.taken_out, position)

    @rule()
    def the_cassettes_are_put_back(self) -> None:
        self.real.taken_out = ()

    # A stray note in the exit would be nobody's; that one belongs to the payout in doubt.
    @precondition(lambda self: self.referee.in_doubt() != NO_NOTES and not any(self.referee.stray))
    @rule()
    def the_customer_takes_what_the_exit_holds(self) -> None:
        self.real.take_from_exit()

    @precondition(lambda self: self.referee.open_state() == "SUSPECT")
    @rule()
    def a_technician_counts(self) -> None:
        self.books.count_by_truth()

    @precondition(lambda self: self.referee.open_state() is None)
    @rule()
    def the_cassettes_are_filled(self) -> None:
        with self.books.store.transaction() as connection:
            storage.replenish(connection, VALUES, COUNTS)
        self.real.fill(COUNTS)
        self.real.taken_out = ()
        self.referee.faults_before = self.referee.faults_so_far()

    @invariant()
    def notes_are_conserved_and_booked_once(self) -> None:
        self.referee.assert_notes_are_conserved_and_booked_once()

    @invariant()
    def no_note_outside_its_cassette_is_promised(self) -> None:
        self.referee.assert_no_note_outside_its_cassette_is_promised()

    @invariant()
    def no_cent_is_lost_or_made(self) -> None:
        self.referee.assert_no_cent_is_lost_or_made()


TestTill = Till.TestCase
# Every step writes to a disk that may be busy: how long it takes is no finding.
TestTill.settings = settings(
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

"""The soak in small: it holds, it repeats itself, it can draw every fault, and it has teeth."""

from collections.abc import Callable

import pytest

from edge_atm import store
from edge_atm.cash import cashier, storage
from edge_atm.cash.cashier import Cashier
from edge_atm.cash.ledger import Ledger
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.device import lcdm, lcdm_reports
from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from edge_atm.store import Store
from tests.rig.lcdm_words import Command
from tests.rig.soak import mishaps
from tests.rig.soak.life import run_life
from tests.rig.soak.limits import Chunks
from tests.rig.soak.noise import Noise
from tests.rig.soak.tally import Tally

# So many faults that a life of a few payouts meets most of what can happen.
STORMY = 0.7
LIVES, PAYOUTS = range(10), 35


@pytest.fixture
def storm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mishaps, "FAULTY_CHANCE", STORMY)
    monkeypatch.setattr(mishaps, "ANOTHER_CHANCE", STORMY)


def lives(seeds: range, payouts: int) -> Tally:
    total = Tally()
    for seed in seeds:
        total.add(run_life(seed, payouts))
        if total.violations:
            break
    return total


def test_fixed_seeds_hold_in_a_storm_of_every_fault(storm: None) -> None:
    total = lives(LIVES, PAYOUTS)
    assert total.violations == []
    assert total.payouts > len(LIVES) * PAYOUTS / 2
    assert min(total.crashes["line"], total.crashes["disk"], total.dispenser_crashes) > 0
    assert total.suspects > 0
    assert set(mishaps.ALL_KINDS) - total.faults.keys() == set()


def test_a_worn_cable_is_survived(monkeypatch: pytest.MonkeyPatch, storm: None) -> None:
    worn_cable(monkeypatch)
    total = lives(range(2), PAYOUTS)
    assert total.violations == []
    assert total.faults["jam"] > 0


def test_one_seed_is_one_life(storm: None) -> None:
    first, second = run_life(11, 30).table(), run_life(11, 30).table()
    assert first == second
    assert run_life(12, 30).table() != first


def resend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell again after silence, instead of asking."""

    def ask(self: Cashier, payout_id: str, batch: int, asked: Quantities, *_: object) -> Outcome:
        outcome = self._dispenser.dispense(asked, lambda: None, lambda: None)
        self._ledger.book(payout_id, batch, outcome)
        return outcome

    monkeypatch.setattr(Cashier, "_ask", ask)


def book_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Book what was asked instead of what was counted."""
    book = Ledger.book

    def booked(self: Ledger, payout_id: str, batch: int, outcome: Outcome) -> None:
        asked = self._asked(payout_id, batch)
        as_asked = Outcome(Operation.DISPENSE, 0, asked, NO_NOTES)
        book(self, payout_id, batch, outcome if outcome == NOT_RUN else as_asked)

    monkeypatch.setattr(Ledger, "book", booked)


def never_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit without waiting for the disk."""
    lazy = [pragma.replace("synchronous = FULL", "synchronous = OFF") for pragma in store.PRAGMAS]
    monkeypatch.setattr(store, "PRAGMAS", lazy)


def sync_at_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit to a log that is synced only when it is written back."""
    lazy = [p.replace("synchronous = FULL", "synchronous = NORMAL") for p in store.PRAGMAS]
    monkeypatch.setattr(store, "PRAGMAS", lazy)


def believe_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take silence as a command that did not run."""
    monkeypatch.setattr(cashier, "prove", lambda *_: NOT_RUN)


def believe_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take whatever the dispenser remembers as the command's outcome."""
    monkeypatch.setattr(cashier, "prove", lambda asked, baseline, now, *_: now)


def send_unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the command without having written down that it may be on the wire."""
    monkeypatch.setattr(Ledger, "note_sent", lambda *_: None)


def worn_cable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flip one bit of a count in every other LAST STATUS: what is told twice alike may be wrong."""

    def worn(self: Noise, data: bytes, _: bool) -> Chunks:
        count = 7
        if data[3:4] == bytes([Command.LAST_STATUS]) and self._draw.random() < 0.5:
            data = data[:count] + bytes([data[count] ^ 1]) + data[count + 1 :]
        return ((0.0, data),)

    monkeypatch.setattr(mishaps, "ALL_KINDS", ("jam",))
    monkeypatch.setattr(Noise, "to_host", worn)


def skip_the_check_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a damaged frame for a sound one."""
    worn_cable(monkeypatch)
    monkeypatch.setattr(lcdm, "_damage", lambda response: None)


def ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe the first sound reply about the last command."""

    def last(self: LcdmDispenser) -> Outcome:
        return lcdm_reports.outcome(self._ask(lcdm.Command.LAST_STATUS, self._timing.last))

    monkeypatch.setattr(mishaps, "ALL_KINDS", ("garble_twice", "jam"))
    monkeypatch.setattr(LcdmDispenser, "last", last)


def keep_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Append to a log that a failed sync has left in doubt."""
    monkeypatch.setattr(mishaps, "ALL_KINDS", ("sync_fails", "sync_fails", "disk_power"))
    monkeypatch.setattr(Store, "_write_log_again", lambda self: None)


def forget_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the reject tray out of the books."""

    def book(connection: object, outcome: Outcome) -> None:
        storage.count(connection, "presented", outcome.presented)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "book", book)


def forget_purges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what a purge moved out of the books."""
    monkeypatch.setattr(storage, "purged", lambda *_: None)


SABOTAGES = [
    resend,
    book_the_request,
    never_sync,
    sync_at_checkpoints,
    believe_silence,
    believe_the_record,
    send_unwritten,
    skip_the_check_byte,
    ask_once,
    keep_the_log,
    forget_rejects,
    forget_purges,
]


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda function: function.__name__)
def test_a_broken_product_is_found(
    sabotage: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, storm: None
) -> None:
    sabotage(monkeypatch)
    found = lives(LIVES, PAYOUTS).violations
    # One that crashes would be found by anybody.
    assert [finding.what.split(":")[0] for finding in found] == ["Violation"]

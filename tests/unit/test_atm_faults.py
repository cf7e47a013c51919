"""A unit at fault says so before anything else, and pays nothing; a receipt says what was paid."""

import pytest

from edge_atm.errors import (
    CameraFault,
    EdgeError,
    LinkFault,
    LinkSilent,
    PayoutSuspect,
    SealBroken,
    StoreFault,
)
from edge_atm.records import Verdict
from tests.unit.counter import CARD, PIN, Counter

ABOVE = 10_001
TOLD = ("tell", "out_of_service")
WRITTEN = ("journal", "fault")


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("claim", StoreFault("locked")),
        ("obstacle", StoreFault("locked")),
        ("note_face False", StoreFault("locked")),
        ("watch", CameraFault("no model")),
        ("camera", CameraFault("no picture")),
        ("template", SealBroken("swapped")),
        ("note_face True", StoreFault("locked")),
        ("check_pin", SealBroken("swapped")),
        ("journal judged", StoreFault("no room")),
        ("pay", LinkFault("no power")),
        ("pay", LinkSilent("no answer")),
        ("pay", PayoutSuspect("nobody knows")),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_fault_is_told_written_down_and_passed_on(step: str, fault: EdgeError) -> None:
    counter = Counter(cents=ABOVE, broken={step: fault})
    with pytest.raises(EdgeError) as caught:
        counter.serve()
    assert caught.value is fault
    # The screen first: a full disk may keep the journal from taking the entry.
    assert counter.events[-2:] == [TOLD, WRITTEN]
    kind, why = type(fault).__name__, str(fault)
    assert counter.journal[-1] == {"event": "fault", "session": "s1", "kind": kind, "why": why}
    assert "receipt" not in counter.facts
    assert len(counter.named("pay")) == (step == "pay")


@pytest.mark.parametrize("step", ["claim", "camera", "template", "pay"])
def test_a_journal_that_fails_too_does_not_hide_the_fault(step: str) -> None:
    first, full = PayoutSuspect("nobody knows"), StoreFault("no room")
    counter = Counter(broken={step: first, "journal fault": full})
    with pytest.raises(PayoutSuspect) as caught:
        counter.serve()
    assert counter.events[-2:] == [TOLD, WRITTEN]
    assert caught.value is first


def test_nothing_is_paid_that_could_not_be_written_down() -> None:
    counter = Counter(broken={"journal": StoreFault("no room")})
    with pytest.raises(StoreFault):
        counter.serve()
    assert counter.named("pay") == []


@pytest.mark.parametrize(
    ("presented", "verdict", "reason"),
    [
        (0, Verdict.REFUSE, "nothing_dispensed"),
        (1000, Verdict.PAY, "partly_dispensed"),
        (4999, Verdict.PAY, "partly_dispensed"),
        (5000, Verdict.PAY, "matched_live"),
        # A surplus is the bank's loss: the customer is told of it, the reason stays.
        (6000, Verdict.PAY, "matched_live"),
    ],
)
def test_the_receipt_says_what_the_device_counted(
    presented: int, verdict: Verdict, reason: str
) -> None:
    counter = Counter(presented_cents=presented)
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason, receipt.paid_cents) == (verdict, reason, presented)
    assert receipt.match_percent == 99
    assert counter.receipt is receipt
    judged, session = counter.journal
    assert (judged["verdict"], judged["reason"]) == ("pay", "matched_live")
    assert session == {
        "event": "session",
        "session": "s1",
        "verdict": verdict.value,
        "reason": reason,
        "paid_cents": presented,
    }


def test_the_session_is_written_down_before_the_customer_reads_it() -> None:
    counter = Counter(cents=ABOVE)
    counter.serve()
    steps = [event for event in counter.events if event[0] in ("tell", "journal", "pay")]
    assert steps == [
        ("tell", "matched"),
        ("journal", "judged"),
        ("tell", "authorised"),
        ("pay", "c1", "s1", ABOVE),
        ("journal", "session"),
        ("tell", "receipt"),
    ]


@pytest.mark.parametrize("counter", [Counter(cents=ABOVE), Counter(card="4" * 16)])
def test_the_journal_never_holds_a_card_number_or_a_pin(counter: Counter) -> None:
    counter.serve()
    written = str(counter.journal)
    for secret in (CARD, CARD[-4:], "4444", PIN):
        assert secret not in written


def test_a_session_that_cannot_be_written_down_is_told_too() -> None:
    counter = Counter(broken={"journal session": StoreFault("no room")})
    with pytest.raises(StoreFault):
        counter.serve()
    # The notes are out: what the customer holds comes before what the unit lacks.
    assert counter.events[-4:] == [("tell", "receipt"), ("erase",), TOLD, WRITTEN]
    assert counter.receipt.paid_cents == counter.cents

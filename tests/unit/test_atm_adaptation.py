"""A face is adapted after face, life and PIN, and once the notes are out; samples are erased."""

from dataclasses import replace

import pytest

from edge_atm.errors import (
    CameraFault,
    CardRefused,
    EdgeError,
    SealBroken,
    StoreFault,
    TemplateRevoked,
)
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.records import Verdict
from tests.unit.counter import KNOWN, LIVE, PIN, SAME, Counter, like
from tests.unit.test_policy import Bank

ABOVE = 10_001


def erased(counter: Counter) -> bool:
    return bool(counter.samples) and not any(frame.vector.any() for frame in counter.samples)


def test_face_life_and_pin_adapt_the_face_once_the_notes_are_out() -> None:
    counter = Counter(cents=ABOVE, pins=("0000", PIN))
    assert counter.serve().verdict is Verdict.PAY
    # The receipt first: nothing that adapting does may keep it back.
    wanted = [
        ("check_pin", PIN), ("pay", "c1", "s1", ABOVE), ("tell", "receipt"), ("adapt", "c1"),
    ]  # fmt: skip
    assert counter.order(*wanted) == wanted
    assert erased(counter)


@pytest.mark.parametrize(
    "counter",
    [
        # No PIN was asked: the face must not vouch for itself.
        Counter(cents=10_000),
        Counter(cents=ABOVE, pins=("0000",) * 3),
        Counter(cents=ABOVE, pins=()),
        Counter(cents=ABOVE, probe=(like(SCORE_MIN - 0.01),) * 5),
        Counter(cents=ABOVE, probe=SAME[:4]),
        Counter(cents=ABOVE, liveness=replace(LIVE, turn_range=0.1)),
        Counter(cents=ABOVE, liveness=replace(LIVE, fault="face_changed")),
        Counter(cents=ABOVE, presented_cents=0),
        Counter(cents=ABOVE, adapts=False),
        Counter(
            replace(KNOWN, revoked="revoked"), cents=ABOVE, bank=Bank(card_pin_limit_cents=50_000)
        ),
    ],
    ids=[
        "no pin", "wrong pin", "walked away", "stranger", "few frames", "no turn", "fault",
        "nothing dispensed", "not allowed", "card and pin",
    ],
)  # fmt: skip
def test_nothing_less_adapts_it(counter: Counter) -> None:
    counter.serve()
    assert counter.named("adapt") == []
    assert erased(counter) or not counter.named("watch")
    assert len(counter.named("erase")) == len(counter.named("watch"))


@pytest.mark.parametrize("fault", [TemplateRevoked("gone"), CardRefused("forgotten")])
def test_a_face_that_went_away_meanwhile_does_not_spoil_what_was_paid(fault: Exception) -> None:
    counter = Counter(cents=ABOVE, broken={"adapt": fault})
    assert counter.serve().reason == "matched_live_pin"
    assert counter.journal[-1]["event"] == "session"
    assert erased(counter)


@pytest.mark.parametrize(
    "fault", [StoreFault("no room"), SealBroken("swapped")], ids=lambda fault: type(fault).__name__
)
def test_what_fails_while_adapting_is_written_down_and_costs_no_receipt(fault: EdgeError) -> None:
    counter = Counter(cents=ABOVE, broken={"adapt": fault})
    receipt = counter.serve()
    assert (receipt.paid_cents, counter.receipt) == (ABOVE, receipt)
    assert ("out_of_service",) not in counter.named("tell")
    kind, why = type(fault).__name__, str(fault)
    assert counter.journal[-1] == {"event": "fault", "session": "s1", "kind": kind, "why": why}
    assert erased(counter)


def test_a_full_disk_while_adapting_costs_no_receipt_either() -> None:
    full = StoreFault("no room")
    counter = Counter(cents=ABOVE, broken={"adapt": full, "journal fault": full})
    assert counter.serve() is counter.receipt


@pytest.mark.parametrize("step", ["template", "note_face True", "check_pin", "pay"])
def test_samples_are_erased_whatever_fails(step: str) -> None:
    counter = Counter(cents=ABOVE, broken={step: StoreFault("no room")})
    with pytest.raises(StoreFault):
        counter.serve()
    assert erased(counter)


def test_a_camera_that_fails_leaves_no_samples() -> None:
    counter = Counter(cents=ABOVE, broken={"camera": CameraFault("no picture")})
    with pytest.raises(CameraFault):
        counter.serve()
    assert counter.samples == ()
    assert counter.named("erase") == [()]

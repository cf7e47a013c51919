"""What is filmed of a session: the look, kept once and before it is judged, however it ends."""

from dataclasses import replace
from functools import partial

import pytest

from edge_atm.errors import CameraFault, EdgeError, StoreFault
from edge_atm.machine import Machine
from edge_atm.records import Frame, Verdict
from tests.unit import counter as counters
from tests.unit.counter import LIVE, Counter


class Film:
    """A recorder that writes down when it was shown a frame, and asked to keep them."""

    def __init__(self, counter: Counter, fault: EdgeError | None = None) -> None:
        self._events, self._fault = counter.events, fault

    def see(self, frame: Frame) -> None:
        self._events.append(("filmed",))

    def keep(self, session_id: str, customer_id: str) -> None:
        self._events.append(("kept", session_id, customer_id))
        if self._fault is not None:
            raise self._fault


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    monkeypatch.setattr(counters, "Machine", partial(Machine, recorder=Film(counter)))
    return counter


def test_a_look_is_kept_once_before_it_is_judged(counter: Counter) -> None:
    assert counter.serve().verdict is Verdict.PAY
    assert counter.named("kept") == [("s1", "c1")]
    assert len(counter.named("filmed")) == counter.done_after
    order = [event[0] for event in counter.events if event[0] in ("filmed", "kept", "template")]
    assert order == ["filmed"] * counter.done_after + ["kept", "template"]


def test_a_look_that_is_refused_is_kept_too(counter: Counter) -> None:
    counter.liveness = replace(LIVE, fault="no_face")
    assert counter.serve().verdict is Verdict.REFUSE
    assert counter.named("kept") == [("s1", "c1")]


@pytest.mark.parametrize("frames", [0, 1])
def test_a_look_that_a_fault_cuts_short_is_kept_too(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    def gone(*given: object) -> None:
        raise CameraFault("gone")

    monkeypatch.setattr(Counter, "see" if frames else "frames", gone)
    with pytest.raises(CameraFault):
        counter.serve()
    assert counter.named("kept") == [("s1", "c1")]
    assert (len(counter.named("filmed")), counter.named("pay")) == (frames, [])


def test_without_a_look_nothing_is_kept(counter: Counter) -> None:
    counter.cents = None
    counter.serve()
    assert counter.named("kept") == counter.named("filmed") == []


def test_where_the_journal_takes_no_entry_nothing_is_paid(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Film(counter, StoreFault("full"))
    monkeypatch.setattr(counters, "Machine", partial(Machine, recorder=film))
    with pytest.raises(StoreFault, match="full"):
        counter.serve()
    assert counter.named("pay") == counter.named("template") == []

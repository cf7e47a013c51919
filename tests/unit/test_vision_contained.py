"""Pictures that a library cannot take end one look: refused, counted, and the unit serves on."""

import cv2
import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument

from edge_atm.errors import CameraFault, EdgeError
from edge_atm.policy.challenge import draw_challenge
from edge_atm.records import Frame, Hint
from edge_atm.vision.contained import contained
from edge_atm.vision.watch import TurnWatch
from tests.unit.counter import Counter
from tests.vision.stage import Stage

FAULTS = [
    cv2.error("(-215:Assertion failed)"),
    ValueError("not a box"),
    IndexError("out of bounds"),
    FloatingPointError("overflow"),
    np.linalg.LinAlgError("singular"),
    RuntimeError("no kernel"),
    Fail("a net failed"),
    InvalidArgument("a wrong shape"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_what_a_library_raises_refuses_and_is_counted(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contained
    def see(self: Counter, frame: Frame) -> Hint:
        raise fault

    monkeypatch.setattr(Counter, "see", see)
    counter = Counter()
    # What `run` takes for a fault of the unit, after which it serves the next customer.
    with pytest.raises(EdgeError) as caught:
        counter.serve()
    assert counter.named("note_face") == [(False,)]
    assert counter.named("pay") == counter.named("template") == []
    assert counter.named("erase") == [()]
    kind = type(fault).__name__
    assert counter.journal[-1]["why"] == f"a picture was not judged: {kind} in see"
    assert str(fault) not in str(caught.value)


@pytest.mark.parametrize("fault", [CameraFault("gone"), AssertionError("a mistake"), SystemExit()])
def test_nothing_else_is_touched(fault: BaseException) -> None:
    @contained
    def step() -> None:
        raise fault

    with pytest.raises(type(fault)) as caught:
        step()
    assert caught.value is fault


@pytest.mark.parametrize("fault", FAULTS[:2], ids=lambda fault: type(fault).__name__)
def test_a_look_is_contained(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def detect(*_: object) -> None:
        raise fault

    stage = Stage()
    monkeypatch.setattr(Stage, "detect", detect)
    watch = TurnWatch(stage, stage, draw_challenge(bytes(16)))
    with pytest.raises(EdgeError, match="a picture was not judged"):
        watch.see(Frame(np.zeros((480, 640, 3), np.uint8), 0.0, 0))
    assert watch.look().liveness.fault == "not_finished"

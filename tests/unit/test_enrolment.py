"""Only enough good frames of one person make a template."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edge_atm.enrolment import ADVICE, LOOK_SECONDS_MAX, WHY, enrol
from edge_atm.errors import CameraFault, EnrolmentRefused
from edge_atm.machine import Desk
from edge_atm.policy.decision import ENROL_FRAMES_MIN
from edge_atm.policy.match import fuse
from edge_atm.records import Colour, Embedding, Face, Floats, Frame, Hint
from edge_atm.vision.quality import HINTS
from tests.unit.counter import FRAMES, KNOWN, like
from tests.unit.test_policy import embedding

GOOD = tuple(like(c) for c in (0.99, 0.98, 0.97, 0.96, 0.95))


@dataclass
class Office:
    """An enrolment in which all goes well, but for what a test changes."""

    embeddings: tuple[Embedding, ...] = GOOD
    fault: str | None = None
    done_after: int = 3
    unplugged: bool = False
    asked: tuple[Hint, ...] = (Hint.MOVE_SLOWLY,)
    poor_frames: tuple[tuple[str, int], ...] = ()
    sealed: list[tuple[str, str, Embedding]] = field(default_factory=list)
    enrolled: dict[str, Embedding] = field(default_factory=dict)
    confirms: bool = False
    alike: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    clock: float = 0.0

    def enrol(self, name: str = " Ada Lovelace ") -> int:
        """Enrol through the product's own flow."""
        mean = np.zeros(512, dtype=np.float32)
        desk = Desk(self, lambda: self, _Registry(self), self, mean, self.now, self.confirm)
        return enrol(desk, KNOWN, name)

    def confirm(self, others: Sequence[str]) -> bool:
        assert others
        return self.confirms

    def now(self) -> float:
        self.clock += 1.0
        return self.clock

    def frames(self) -> Iterator[Frame]:
        for number in range(FRAMES):
            if self.unplugged:
                raise CameraFault("the cable came off")
            yield Frame(np.zeros((1, 1, 3), np.uint8), float(number), number)

    @property
    def face(self) -> Face | None:
        return None

    @property
    def done(self) -> bool:
        return len(self.hints) >= self.done_after

    def see(self, frame: Frame) -> Hint:
        return self.asked[len(self.hints) % len(self.asked)]

    def guide(
        self, hint: Hint, frame: Frame, face: Face | None, colour: Colour | None = None
    ) -> None:
        self.hints.append(hint)

    def tell(self, word: str, **facts: object) -> None:
        raise AssertionError("enrolling says nothing but hints")


@dataclass
class _Registry:
    office: Office

    def batches(self) -> Iterator[tuple[list[str], Floats]]:
        for who, face in self.office.enrolled.items():
            yield [who], face.vector[np.newaxis]

    def note_alike(self, customer_id: str, others: Sequence[str], confirmed: bool) -> None:
        assert self.office.sealed == []
        self.office.alike.append((customer_id, tuple(others), confirmed))

    def enrol(self, customer_id: str, holder_name: str, template: Embedding) -> int:
        self.office.sealed.append((customer_id, holder_name, template))
        return len(self.office.sealed)


def test_one_person_in_enough_frames_is_enrolled() -> None:
    office = Office()
    assert office.enrol() == 1
    ((customer_id, name, template),) = office.sealed
    assert (customer_id, name) == (KNOWN.customer_id, "Ada Lovelace")
    assert template.embedding_id == GOOD[0].embedding_id
    assert np.array_equal(template.vector, fuse(GOOD).vector)
    assert len(office.hints) == office.done_after


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_without_a_name_the_camera_stays_off(name: str) -> None:
    office = Office()
    with pytest.raises(EnrolmentRefused, match="name is empty"):
        office.enrol(name)
    assert (office.hints, office.sealed) == ([], [])


@pytest.mark.parametrize(
    ("embeddings", "said"),
    [
        ((), "only 0 of 5"),
        (GOOD[: ENROL_FRAMES_MIN - 1], "only 4 of 5"),
        ((*GOOD[:4], embedding(0.0, 1.0)), "one and the same person"),
        ((embedding(1.0),) * 4 + (embedding(0.0, 1.0),) * 4, "one and the same person"),
        ((embedding(0.0, 1.0), *GOOD), "one and the same person"),
        ((*GOOD, embedding(math.nan)), "one and the same person"),
        ((embedding(math.nan), *GOOD), "one and the same person"),
        ((*GOOD, replace(GOOD[0], embedding_id="model-b")), "one and the same person"),
    ],
    ids=["none", "four", "4A+1B", "4A+4B", "1B+5A", "nan last", "nan first", "mixed models"],
)
def test_frames_that_prove_nothing_make_no_template(
    embeddings: tuple[Embedding, ...], said: str
) -> None:
    office = Office(embeddings)
    with pytest.raises(EnrolmentRefused, match=said) as refused:
        office.enrol()
    assert office.sealed == []
    assert refused.value.hint


@pytest.mark.parametrize("fault", [*WHY, "unheard_of", ""])
def test_a_fault_makes_no_template_and_is_named(fault: str) -> None:
    # Good frames beside a fault prove nothing: whose they are is what the fault left open.
    office = Office(fault=fault)
    with pytest.raises(EnrolmentRefused) as refused:
        office.enrol()
    assert str(refused.value) == f"no template was made: {WHY.get(fault, fault)}"
    assert office.sealed == []


@pytest.mark.parametrize(
    "fault", ["two_faces", "track_lost", "no_face", "face_changed", "frame_clock"]
)
def test_a_known_fault_is_told_in_words(fault: str) -> None:
    assert " " in WHY[fault]
    assert fault not in WHY[fault]


def test_a_refusal_for_poor_pictures_says_what_they_lacked_and_what_to_do() -> None:
    often = (Hint.EVEN_LIGHT, Hint.EVEN_LIGHT, Hint.MOVE_SLOWLY)
    poor = (("IlluminationUniformity", 12), ("Sharpness", 2))
    office = Office((), asked=often, poor_frames=poor)
    with pytest.raises(EnrolmentRefused) as refused:
        office.enrol()
    assert str(refused.value) == (
        "only 0 of 5 frames were good enough: IlluminationUniformity refused 12, "
        "Sharpness refused 2"
    )
    assert refused.value.hint == ADVICE[Hint.EVEN_LIGHT]
    assert office.sealed == []


@pytest.mark.parametrize("hint", Hint)
def test_whatever_was_asked_there_is_a_next_action(hint: Hint) -> None:
    with pytest.raises(EnrolmentRefused) as refused:
        Office((), asked=(hint,)).enrol()
    assert refused.value.hint == ADVICE.get(hint, EnrolmentRefused.hint)
    assert refused.value.hint.endswith("try again.")


def test_every_remedy_for_a_poor_picture_is_advice() -> None:
    assert set(HINTS.values()) <= set(ADVICE)


def test_a_look_that_never_ends_is_ended() -> None:
    office = Office((), done_after=10**9)
    with pytest.raises(EnrolmentRefused, match="only 0 of 5"):
        office.enrol()
    # The office's clock goes on by one second a frame.
    assert len(office.hints) == LOOK_SECONDS_MAX


def test_a_camera_that_fails_enrols_nobody() -> None:
    office = Office(unplugged=True)
    with pytest.raises(CameraFault):
        office.enrol()
    assert office.sealed == []

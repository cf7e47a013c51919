"""Enrols one customer: the twin of atm.py, from the card number to a sealed template."""

from collections import Counter

from edge_atm.errors import EnrolmentRefused
from edge_atm.machine import Desk, Gather
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.policy.decision import ENROL_FRAMES_MIN
from edge_atm.policy.match import AGREEMENT_MIN, agreement, fuse, scores
from edge_atm.records import Customer, Embedding, Hint

LOOK_SECONDS_MAX = 20.0
ALIKE = "Check who this is by the papers; `edge-atm enrol --anyway` enrols all the same."
WHY = {
    "two_faces": "more than one face was in view",
    "track_lost": "the face was lost",
    "no_face": "no face was seen",
    "face_changed": "the face changed",
    "face_jumped": "the face jumped",
    "frame_clock": "the camera's clock does not run",
}
# The next action for what the camera asked the customer most often.
ADVICE = {
    Hint.LOOK_STRAIGHT: "Ask the customer to look into the camera; try again.",
    Hint.HEAD_UPRIGHT: "Ask the customer to hold the head upright; try again.",
    Hint.MOVE_SLOWLY: "Ask the customer to move the head slowly, a little to all sides; try again.",
    Hint.STEP_INTO_VIEW: "Ask the customer to stand in front of the camera; try again.",
    Hint.COME_CLOSER: "Ask the customer to come closer; try again.",
    Hint.MORE_LIGHT: "Put more light on the customer's face; try again.",
    Hint.LESS_LIGHT: "Put less light on the customer's face; try again.",
    Hint.EVEN_LIGHT: "Light the customer's face from the front; try again.",
    Hint.HOLD_STILL: "Ask the customer to move more slowly, or clean the camera; try again.",
}


def enrol(desk: Desk, customer: Customer, holder_name: str) -> int:
    """Make and seal one template; return its version. Raises EnrolmentRefused with the reason."""
    if not holder_name.strip():
        raise EnrolmentRefused("the holder's name is empty", "Type the name as on the card.")
    gather, hint = _look(desk)
    if gather.fault is not None:
        raise EnrolmentRefused(f"no template was made: {WHY.get(gather.fault, gather.fault)}")
    frames = gather.embeddings
    if not len(frames) >= ENROL_FRAMES_MIN:
        poor = ", ".join(f"{component} refused {count}" for component, count in gather.poor_frames)
        few = f"only {len(frames)} of {ENROL_FRAMES_MIN} frames were good enough"
        raise EnrolmentRefused(few + (f": {poor}" if poor else ""), hint and ADVICE.get(hint))
    if not agreement(frames, desk.mean_embedding) >= AGREEMENT_MIN:
        raise EnrolmentRefused("the frames do not show one and the same person")
    template = fuse(frames)
    _ask_if_alike(desk, customer.customer_id, template)
    return desk.registry.enrol(customer.customer_id, holder_name.strip(), template)


def _ask_if_alike(desk: Desk, customer_id: str, template: Embedding) -> None:
    """Raise EnrolmentRefused for a face that is enrolled under another card, if nobody confirms.

    One person with two accounts, twins, or somebody who takes over another's: a person decides.
    """
    alike: list[str] = []
    for ids, faces in desk.registry.batches():
        # Whatever is not surely below the threshold counts as alike, NaN too.
        strange = scores(faces, template.vector, desk.mean_embedding) < SCORE_MIN
        alike += [other for other, far in zip(ids, strange, strict=True) if not far]
    others = [other for other in alike if other != customer_id]
    if not others:
        return
    confirmed = desk.confirm(others)
    desk.registry.note_alike(customer_id, others, confirmed)
    if not confirmed:
        raise EnrolmentRefused("this face is enrolled under another card already", ALIKE)


def _look(desk: Desk) -> tuple[Gather, Hint | None]:
    gather, asked = desk.gather(), Counter[Hint]()
    deadline = desk.now() + LOOK_SECONDS_MAX
    for frame in desk.camera.frames():
        hint = gather.see(frame)
        asked[hint] += 1
        desk.screen.guide(hint, frame, gather.face)
        if gather.done or not desk.now() < deadline:
            break
    return gather, max(asked, key=asked.__getitem__, default=None)

"""Enrols one customer: the twin of atm.py, from the card number to a sealed template."""

from edge_atm.errors import EnrolmentRefused
from edge_atm.machine import Desk, Gather
from edge_atm.policy.decision import ENROL_FRAMES_MIN
from edge_atm.policy.match import AGREEMENT_MIN, agreement, fuse
from edge_atm.records import Customer

LOOK_SECONDS_MAX = 20.0
WHY = {
    "two_faces": "more than one face was in view",
    "track_lost": "the face was lost",
    "no_face": "no face was seen",
    "face_changed": "the face changed",
    "face_jumped": "the face jumped",
    "frame_clock": "the camera's clock does not run",
}


def enrol(desk: Desk, customer: Customer, holder_name: str) -> int:
    """Make and seal one template; return its version. Raises EnrolmentRefused with the reason."""
    if not holder_name.strip():
        raise EnrolmentRefused("the holder's name is empty", "Type the name as on the card.")
    gather = _look(desk)
    if gather.fault is not None:
        raise EnrolmentRefused(f"no template was made: {WHY.get(gather.fault, gather.fault)}")
    frames = gather.embeddings
    if not len(frames) >= ENROL_FRAMES_MIN:
        raise EnrolmentRefused(f"only {len(frames)} of {ENROL_FRAMES_MIN} frames were good enough")
    if not agreement(frames, desk.mean_embedding) >= AGREEMENT_MIN:
        raise EnrolmentRefused("the frames do not show one and the same person")
    return desk.registry.enrol(customer.customer_id, holder_name.strip(), fuse(frames))


def _look(desk: Desk) -> Gather:
    gather = desk.gather()
    deadline = desk.now() + LOOK_SECONDS_MAX
    for frame in desk.camera.frames():
        desk.screen.guide(gather.see(frame), frame, gather.face)
        if gather.done or not desk.now() < deadline:
            break
    return gather

"""Lets one customer look into the camera: frames to the watch, what it asks for to the screen."""

from edge_atm.machine import Machine, Watch
from edge_atm.records import Look

LOOK_SECONDS_MAX = 25.0


def take_look(atm: Machine, watch: Watch, session_id: str, customer_id: str) -> Look:
    """Return what the watch saw; what was not finished in LOOK_SECONDS_MAX says so, and refuses.

    The frames go to the recorder too, where there is one. Raises CameraFault.
    """
    deadline = atm.now() + LOOK_SECONDS_MAX
    try:
        for frame in atm.camera.frames():
            if atm.recorder is not None:
                atm.recorder.see(frame)
            hint = watch.see(frame)
            atm.screen.guide(hint, frame, watch.face, watch.colour)
            # A watch that is not done by then says "not finished", and that refuses.
            if watch.done or not atm.now() < deadline:
                break
    finally:
        # Also where the camera failed: what it had shown must not go into the next one's clip.
        if atm.recorder is not None:
            atm.recorder.keep(session_id, customer_id)
    return watch.look()

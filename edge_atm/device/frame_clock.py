"""Judges the times that a camera gives its frames: an injector has to invent them."""

from collections import deque

from edge_atm.errors import CameraFault
from edge_atm.records import Pixels

# From the driver's stamp until the picture is here: exposure, transfer, and a queue of a few.
AGE_SECONDS_MAX = 1.0
# By so much the least age may change during a look. A queue of four at 15 frames a second that
# fills or empties makes .27; a clip that is paced by another clock goes on and on.
DRIFT_SECONDS_MAX = 0.3
DRIFT_FRAMES = 15
# USB cameras reach 120 at small sizes. Over several frames: two stamps may come close together.
FPS_MAX, FAST_FRAMES = 125.0, 8
# A look asks for 10; below this a head that turns is nowhere near where it was.
FPS_MIN, FPS_SECONDS = 8.0, 1.5
# Every so many rows are enough to tell two pictures apart: no sensor's noise repeats.
ROWS_STEP = 4
# A covered lens may give the same black twice. No face is seen in a picture of less contrast.
FLAT_LEVELS_MAX = 16

# The unit's faults: a busy or badly set up computer. They end the session as a camera that hangs.
FOREIGN = (
    "the camera's frame times are not of this computer's monotonic clock",
    "Load uvcvideo without clock= and hwtimestamps=, restart the computer, run `edge-atm doctor`.",
)
LATE = (
    "the camera's pictures arrive more than a second late",
    "Find out what keeps the processor busy, then restart the service.",
)
SLOW_HINT = "Put more light on the place, or configure a smaller picture; run `edge-atm doctor`."


class FrameClock:
    """The clock of one look's frames; `broken` is None, or the word for what no camera does.

    "backwards", "future", "doubled", "too_fast", "drifting": whoever feeds in a clip does these,
    so the look fails, and that counts as a failed attempt. It stays broken.
    """

    def __init__(self) -> None:
        self.broken: str | None = None
        self._times: deque[float] = deque()
        self._ages: deque[float] = deque(maxlen=DRIFT_FRAMES)
        self._age_at_first: float | None = None
        self._seen: set[int] = set()

    @property
    def fps(self) -> float:
        """Frames per second over the last FPS_SECONDS; NaN before they have passed."""
        span = self._times[-1] - self._times[0] if self._times else 0.0
        return (len(self._times) - 1) / span if span >= FPS_SECONDS else float("nan")

    def see(self, taken_at: float, arrived_at: float, pixels: Pixels) -> float:
        """Return the next frame's time, NaN once the clock is broken.

        `taken_at`: the driver's stamp, `arrived_at`: now, both in monotonic seconds. Raises
        CameraFault for a first frame of another clock, for late frames and for too few.
        """
        age = arrived_at - taken_at
        if not self._times and not 0 <= age <= AGE_SECONDS_MAX:
            raise CameraFault(*FOREIGN)
        self.broken = self.broken or self._word(taken_at, age, pixels)
        if self.broken is not None:
            return float("nan")
        if not age <= AGE_SECONDS_MAX:
            raise CameraFault(*LATE)
        self._keep_times(taken_at)
        return taken_at

    def _word(self, taken_at: float, age: float, pixels: Pixels) -> str | None:
        if self._times and not taken_at > self._times[-1]:
            return "backwards"
        if not age >= 0:
            return "future"
        if self._is_known(pixels):
            return "doubled"
        recent = [*self._times, taken_at][-FAST_FRAMES - 1 :]
        if len(recent) > FAST_FRAMES and not recent[-1] - recent[0] >= FAST_FRAMES / FPS_MAX:
            return "too_fast"
        return None if self._is_steady(age) else "drifting"

    def _is_known(self, pixels: Pixels) -> bool:
        rows = pixels[::ROWS_STEP]
        if int(rows.max()) - int(rows.min()) <= FLAT_LEVELS_MAX:
            return False
        mark, known = hash(rows.tobytes()), len(self._seen)
        self._seen.add(mark)
        return len(self._seen) == known

    def _is_steady(self, age: float) -> bool:
        # The least of several: a single picture may wait until the processor has time for it.
        self._ages.append(age)
        if len(self._ages) < DRIFT_FRAMES:
            return True
        if self._age_at_first is None:
            self._age_at_first = min(self._ages)
        return abs(min(self._ages) - self._age_at_first) <= DRIFT_SECONDS_MAX

    def _keep_times(self, taken_at: float) -> None:
        self._times.append(taken_at)
        while len(self._times) > 2 and taken_at - self._times[1] >= FPS_SECONDS:
            self._times.popleft()
        if self.fps < FPS_MIN:
            slow = f"the camera gives only {self.fps:.1f} pictures a second"
            raise CameraFault(slow, SLOW_HINT)

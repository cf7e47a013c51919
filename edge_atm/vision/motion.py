"""Tells a face that moves from pictures that are swapped: a head takes its time on the way."""

# Yaw proxy in eye distances per second. The fastest of the public clips: 2.84 (tranvanluyt real at
# 15 fps, turned beyond .5), 2.77 (leszko at 30 fps, 2.45 at 15); the rig's heads 2.5.
YAW_SPEED_MAX = 3.0
# Speed is judged over no less than this: what those figures were measured over.
SPEED_SECONDS_MIN = 1 / 15
# A frame's time may be off by half of it: stamps of USB cameras wait for the bus.
JITTER_SECONDS = 0.02
# However long nobody saw him: what the fastest of those heads (.23) does in .13 s. A hand needs
# longer to swap two stills, and the three that would do lie .25 to .35 apart.
YAW_STEP_MAX = 0.25


class Motion:
    """Follows the yaw proxy of one face over the frames that show it."""

    def __init__(self) -> None:
        # Back to the newest frame that is SPEED_SECONDS_MIN old.
        self._recent: list[tuple[float, float]] = []

    def follow(self, yaw: float, at_seconds: float) -> str | None:
        """Take in one frame's yaw proxy; return "face_jumped" when no head gets there so soon.

        The next one is then measured against those before it.
        """
        now = (yaw, at_seconds)
        if not _follows(now, self._recent):
            return "face_jumped"
        self._recent.append(now)
        while len(self._recent) > 1 and at_seconds - self._recent[1][1] >= SPEED_SECONDS_MIN:
            del self._recent[0]
        return None


def _follows(now: tuple[float, float], before: list[tuple[float, float]]) -> bool:
    step = abs(now[0] - before[-1][0]) if before else 0.0
    # With itself too: NaN is no pose, and differs from every one.
    slow = all(_within_speed(now[0] - yaw, now[1] - at) for yaw, at in [*before, now])
    return slow and step <= YAW_STEP_MAX


def _within_speed(way: float, seconds: float) -> bool:
    return abs(way) <= YAW_SPEED_MAX * (max(seconds, SPEED_SECONDS_MIN) + JITTER_SECONDS)

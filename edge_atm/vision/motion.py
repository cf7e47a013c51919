"""Tells a face that moves from pictures that are swapped: a head takes its time on the way."""

# Yaw proxy in eye distances per second. The fastest of the public clips: 2.84 (tranvanluyt real at
# 15 fps, turned beyond .5), 2.77 (leszko at 30 fps, 2.45 at 15); the rig's heads 2.5.
YAW_SPEED_MAX = 3.0
# However long nobody saw him: what the fastest of those heads (.23) does in .13 s. A hand needs
# longer to swap two stills, and the three that would do lie .25 to .35 apart.
YAW_STEP_MAX = 0.25


class Motion:
    """Follows the yaw proxy of one face over the frames that show it."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    def follow(self, yaw: float, at_seconds: float) -> str | None:
        """Take in one frame's yaw proxy; return "face_jumped" when no head gets there so soon."""
        before, self._last = self._last or (yaw, at_seconds), (yaw, at_seconds)
        step_max = min(YAW_SPEED_MAX * (at_seconds - before[1]), YAW_STEP_MAX)
        return None if abs(yaw - before[0]) <= step_max else "face_jumped"

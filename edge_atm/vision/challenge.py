"""The head turn the customer is asked for: to one side, to the other, in that order."""

from edge_atm.records import Side

# Yaw proxies in eye distances: what each side must reach, and both together. Bent prints reached
# .26 on one side and .50 together, with a nose residual of .47. Real heads cut off at .48 to .54
# showed less depth than that (.24 to .39), at .60 to .65 more (.47 to .55).
TURNED_YAW = 0.25
TURN_RANGE = 0.6
# Past the mark the furthest frames decide, so he may go on until he turns back.
BACK_PART = 0.6
PAST_MARK_SECONDS_MAX = 0.5


class HeadTurn:
    """Follows the yaw proxy; `asked` is the side to turn to now, None when both were reached."""

    def __init__(self, first: Side) -> None:
        self.asked: Side | None = first
        self._waiting = [Side.RIGHT if first is Side.LEFT else Side.LEFT]
        self._first_furthest = 0.0
        self._furthest = 0.0
        self._reached_at: float | None = None

    def follow(self, yaw: float, at_seconds: float) -> str | None:
        """Take in one frame's yaw proxy; return "wrong_side_first" when he began wrongly."""
        if self.asked is None:
            return None
        turned = yaw if self.asked is Side.LEFT else -yaw
        if self._waiting and self._reached_at is None and turned <= -TURNED_YAW:
            return "wrong_side_first"
        self._furthest = max(self._furthest, turned)
        if self._reached_at is None and self._at_mark(turned):
            self._reached_at = at_seconds
        if self._reached_at is not None and (
            turned < BACK_PART * self._furthest
            or at_seconds - self._reached_at >= PAST_MARK_SECONDS_MAX
        ):
            self._ask_next()
        return None

    def _at_mark(self, turned: float) -> bool:
        enough = TURNED_YAW if self._waiting else TURN_RANGE - self._first_furthest
        return turned >= max(TURNED_YAW, enough)

    def _ask_next(self) -> None:
        self.asked = self._waiting.pop() if self._waiting else None
        self._first_furthest, self._furthest, self._reached_at = self._furthest, 0.0, None

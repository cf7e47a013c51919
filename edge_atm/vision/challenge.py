"""The turns the customer is asked for, each after its delay: who moves before is no answer."""

from dataclasses import dataclass

from edge_atm.records import Challenge, Turn

# Yaw proxies in eye distances: what each side must reach, and both together. Bent prints reached
# .26 on one side and .50 together, with a nose residual of .47. Real heads cut off at .48 to .54
# showed less depth than that (.24 to .39), at .60 to .65 more (.47 to .55).
TURNED_YAW = 0.25
TURN_RANGE = 0.62
# By how much the nose's part of the way from eyes to mouth must fall. A man who looks up (leszko)
# goes to .40; the rig's heads reach this at 18 to 27 degrees. Prints tilted by up to 35 degrees, of
# the rig and of that man: flat .06, bent to 12 cm .09, to 6 cm .13; only creased ones go further.
LIFTED = 0.15
# Straight is what keeps to the own front, the pose while the matched frames were taken, by so much.
# After a turn to the side that man's head was back at a lift of .07.
STRAIGHT_YAW, STRAIGHT_LIFT = 0.12, 0.10
# Moved is what goes so far from where it was; the landmarks of a still head do not: a face that is
# followed and the same one searched for were .06 apart.
MOVED_YAW, MOVED_LIFT = 0.08, 0.05
REST_SECONDS = 0.2
# A finger needs .21 s to answer a light (Woods et al., 2015); a head that has left before this
# would not have been asked.
REACTION_SECONDS_MIN = 0.15
# Whoever needs 1.2 s to read and to react, and then begins slowly, has not moved so far by 1.5 s:
# 4 % of simulated live customers. With 2.0 s no recording of other turns passed either.
BEGIN_SECONDS_MAX = 2.0
TURN_SECONDS_MAX = 6.0
# Past the mark the furthest frames decide, so he may go on until he turns back.
BACK_PART = 0.6
PAST_MARK_SECONDS_MAX = 0.5


@dataclass(frozen=True, slots=True)
class _Seen:
    """How a head was held at a moment."""

    at_seconds: float
    yaw: float
    lift: float


@dataclass(slots=True)
class _Asked:
    """A turn that was asked for, and what has become of it."""

    turn: Turn
    at: _Seen
    begun: bool = False
    # What two frames reached, because one may err, and one.
    furthest: tuple[float, float] = (0.0, 0.0)
    reached_at: float | None = None


class Turns:
    """Asks for one turn after the other, by the frames' times alone.

    A turn counts only if the head was straight when it was asked, and for a reaction's time after.
    """

    def __init__(self, challenge: Challenge, front_yaw: float) -> None:
        self._waiting = list(zip(challenge.turns, challenge.delays_seconds, strict=True))
        self._front_yaw = front_yaw
        # Since when the head is straight, whether it came to rest there, and seems to have left.
        self._straight: _Seen | None = None
        self._rested = self._left = False
        self._now: _Asked | None = None
        # How far each side went.
        self._sides: dict[Turn, float] = {}

    @property
    def asked(self) -> Turn | None:
        """The turn to make now; None while it waits, and when all are done."""
        return self._now.turn if self._now else None

    @property
    def begun(self) -> Turn | None:
        """The turn that the head is on its way to, or back from."""
        return self._now.turn if self._now and self._now.begun else None

    @property
    def done(self) -> bool:
        """Whether every turn was made."""
        return self._now is None and not self._waiting

    def follow(self, yaw: float, lift: float, at_seconds: float) -> str | None:
        """Take in one frame: yaw proxy, and how far the nose's part fell below the own front's.

        Returns the word for what ends the look. "begun_early": moved before being asked.
        "not_begun": not within BEGIN_SECONDS_MAX after it. "wrong_turn": elsewhere first.
        "not_turned": not as far as asked within TURN_SECONDS_MAX.
        """
        seen = _Seen(at_seconds, yaw, lift)
        if self._now is not None:
            return self._answer(self._now, seen)
        return self._wait(seen) if self._waiting else None

    def _wait(self, seen: _Seen) -> str | None:
        left, self._left = self._left, not self._is_straight(seen)
        if self._left and self._rested:
            # One frame may err; who has left is elsewhere in the next one, too.
            return "begun_early" if left else None
        if self._left:
            self._straight = None
            return None
        # A head on its way through the middle is straight, but not at rest.
        if self._straight is None or (not self._rested and _moved(self._straight, seen)):
            self._straight = seen
        since = seen.at_seconds - self._straight.at_seconds
        self._rested = since >= REST_SECONDS
        turn, delay_seconds = self._waiting[0]
        if since >= REST_SECONDS + delay_seconds:
            del self._waiting[0]
            self._now = _Asked(turn, seen)
        return None

    def _answer(self, now: _Asked, seen: _Seen) -> str | None:
        since = seen.at_seconds - now.at.at_seconds
        left, away = self._left, not self._is_straight(seen)
        self._left = away and since < REACTION_SECONDS_MIN
        if left and away:
            return "begun_early"
        if self._left:
            return None
        if not now.begun and not since <= BEGIN_SECONDS_MAX:
            return "not_begun"
        now.begun = now.begun or _moved(now.at, seen, now.turn)
        if now.reached_at is None:
            if self._turned_to(seen) not in (None, now.turn):
                return "wrong_turn"
            if not since <= TURN_SECONDS_MAX:
                return "not_turned"
        self._reach(now, seen)
        return None

    def _reach(self, now: _Asked, seen: _Seen) -> None:
        up = seen.lift if abs(seen.yaw) < TURNED_YAW else 0.0
        turned = {Turn.LEFT: seen.yaw, Turn.RIGHT: -seen.yaw, Turn.UP: up}[now.turn]
        twice, once = now.furthest
        # In this order NaN changes neither.
        now.furthest = max(twice, min(turned, once)), max(once, turned)
        if now.reached_at is None and self._at_mark(now.turn, now.furthest[0]):
            now.reached_at = seen.at_seconds
        if now.reached_at is not None and (
            turned < BACK_PART * now.furthest[0]
            or seen.at_seconds - now.reached_at >= PAST_MARK_SECONDS_MAX
        ):
            self._sides[now.turn] = now.furthest[0]
            self._now, self._straight, self._rested = None, None, False

    def _at_mark(self, turn: Turn, turned: float) -> bool:
        if turn is Turn.UP:
            return turned >= LIFTED
        other = Turn.RIGHT if turn is Turn.LEFT else Turn.LEFT
        enough = TURN_RANGE - self._sides[other] if other in self._sides else TURNED_YAW
        return turned >= max(TURNED_YAW, enough)

    def _turned_to(self, seen: _Seen) -> Turn | None:
        # A head that turns to a side lowers the nose's part a little too: .13 at a yaw of .4.
        if self._is_ahead(seen):
            return Turn.UP if seen.lift >= LIFTED else None
        if abs(seen.yaw) >= TURNED_YAW:
            return Turn.LEFT if seen.yaw > 0 else Turn.RIGHT
        return None

    def _is_ahead(self, seen: _Seen) -> bool:
        return abs(seen.yaw - self._front_yaw) <= STRAIGHT_YAW

    def _is_straight(self, seen: _Seen) -> bool:
        return self._is_ahead(seen) and seen.lift <= STRAIGHT_LIFT


def _moved(then: _Seen, now: _Seen, turn: Turn | None = None) -> bool:
    """Whether a head has moved since; towards one turn, or anywhere."""
    yaw, lift = now.yaw - then.yaw, now.lift - then.lift
    ways = {Turn.LEFT: yaw >= MOVED_YAW, Turn.RIGHT: yaw <= -MOVED_YAW, Turn.UP: lift >= MOVED_LIFT}
    return any(ways.values()) if turn is None else ways[turn]

"""The world's two clocks: one that only goes on, and one that somebody may set."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    """Virtual time. Nothing here waits: whoever would wait moves `now` on."""

    def __init__(self) -> None:
        self.now = 0.0
        self._set_by = timedelta()

    def monotonic(self) -> float:
        """Seconds since the world began, as the driver counts its deadlines."""
        return self.now

    def wall(self) -> datetime:
        """The time of day, as the journal writes it."""
        return EPOCH + timedelta(seconds=self.now) + self._set_by

    def jump(self, seconds: float) -> None:
        """Set the time of day forward or back."""
        self._set_by += timedelta(seconds=seconds)

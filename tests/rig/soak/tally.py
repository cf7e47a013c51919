"""What one soak has seen, in numbers that add up over lives and workers."""

from collections import Counter
from dataclasses import asdict, dataclass, field


def _counter() -> Counter[str]:
    return Counter()


@dataclass(frozen=True, slots=True)
class Finding:
    """What did not hold; the life of this seed finds it again."""

    seed: int
    step: int
    what: str
    trace: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """All counts of one life, or of many."""

    lives: int = 0
    payouts: int = 0
    commands: int = 0
    starts: int = 0
    crashes: Counter[str] = field(default_factory=_counter)
    dispenser_crashes: int = 0
    suspects: int = 0
    stores: Counter[str] = field(default_factory=_counter)
    states: Counter[str] = field(default_factory=_counter)
    faults: Counter[str] = field(default_factory=_counter)
    technician: Counter[str] = field(default_factory=_counter)
    equal_commands: Counter[str] = field(default_factory=_counter)
    known_limits: Counter[str] = field(default_factory=_counter)
    violations: list[Finding] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add another life's counts to these."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, mine + theirs)

    def happened(self) -> int:
        """Return a number that grows with whatever is more than a plain payout."""
        counters = self.faults, self.crashes, self.technician, self.known_limits
        return self.starts + self.dispenser_crashes + sum(c.total() for c in counters)

    def table(self) -> dict[str, object]:
        """Return everything as plain JSON values, sorted, so that equal runs are equal text."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["violations"] = [asdict(finding) for finding in self.violations]
        return {
            name: dict(sorted(value.items())) if isinstance(value, Counter) else value
            for name, value in values.items()
        }

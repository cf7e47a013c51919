"""A power cut at a chosen step: around a commit, inside it, or around a call of the dispenser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.rig.dispenser_memory import Crash
from tests.unit.books import Books

CALLS = ("dispense", "purge", "last", "readiness", "test_dispense")


class Fuse:
    """Cuts the power at one step."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.passed = 0

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash
        self.passed += 1


@contextmanager
def fused(books: Books, fuse: Fuse) -> Iterator[None]:
    """Let the power fail around each commit and around each call of the dispenser."""
    commit = books.store.transaction

    @contextmanager
    def transaction() -> Iterator[object]:
        fuse.step()
        with commit() as connection:
            yield connection
            fuse.step()
        fuse.step()

    books.store.transaction = transaction  # type: ignore[method-assign, assignment]
    for name in CALLS:
        setattr(books.dispenser, name, _around(getattr(books.dispenser, name), fuse))
    try:
        yield
    finally:
        # The dispenser is another machine: it works on when our power is gone.
        for name in CALLS:
            delattr(books.dispenser, name)


def _around(real: Callable[..., object], fuse: Fuse) -> Callable[..., object]:
    def call(*given: object, **steps: object) -> object:
        fuse.step()
        result = real(*given, **steps)
        fuse.step()
        return result

    return call

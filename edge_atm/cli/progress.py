"""A bar for whatever may take more than two seconds. It is for eyes: nothing of it is piped."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


def tracked(items: Iterable[Item], doing: str, total: int) -> Iterator[Item]:
    """Yield `items` behind a bar."""
    with counted(doing, total) as done:
        for item in items:
            yield item
            done(1)


@contextmanager
def counted(doing: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show a bar; what it lends is told how many more are done."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        bar = shown.add_task(doing, total=total)
        yield lambda count: shown.advance(bar, count)

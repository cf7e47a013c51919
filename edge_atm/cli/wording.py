"""How the technician's commands write notes, moments and tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edge_atm.cash.exchange import Uncounted

if TYPE_CHECKING:
    from rich.table import Table


def notes_text(notes: Sequence[int]) -> str:
    """Return counts as they are typed, such as 1,0,2,0."""
    return ",".join(map(str, notes))


def move_text(move: Uncounted) -> str:
    """Name a purge, or a test dispense with its notes."""
    word = move.operation.value.replace("_", " ")
    return f"a {word} of {notes_text(move.asked)}" if any(move.asked) else f"a {word}"


def moment_text(at: str) -> str:
    """Return a moment of the journal as people read it; its clock is UTC."""
    return f"{at[:10]} {at[11:19]} UTC"


def new_table(title: str, *columns: str) -> "Table":
    """Return a table so narrow that a console of 80 columns cuts no word."""
    from rich import box
    from rich.table import Table

    shape = box.Box("    \n    \n -  \n    \n    \n    \n    \n    \n")
    table = Table(title=title, title_justify="left", box=shape, padding=0, pad_edge=False)
    for column in columns:
        words = column in ("accuracy", "status", "")
        table.add_column(column, justify="left" if words else "right", no_wrap=True)
    return table


def value_text(cents: int) -> str:
    """Return a note's value, or a dash where there is none."""
    return f"{cents / 100:.2f}" if cents else "-"

"""What the technician's commands have in common: check, show, ask, do, show again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from edge_atm.cash import outcomes
from edge_atm.cli.main import four_counts
from edge_atm.cli.unit import Unit
from edge_atm.errors import ConfigError
from edge_atm.money import Quantities, StorageUnit

if TYPE_CHECKING:
    from rich.table import Table

yes_option = click.option("--yes", is_flag=True, help="Do not ask again.")


@dataclass(frozen=True)
class Visit:
    """One command at one unit. With --json the tables go where the question is: standard error."""

    unit: Unit
    as_json: bool
    yes: bool = False

    def show(self, title: str) -> list[dict[str, object]]:
        """Print the cassettes as booked; return them as plain values."""
        units = self.unit.ledger.storage_units()
        low = self.unit.config.dispenser.low_threshold_notes
        table = new_table(
            title, "pos.", f"value\n{self.currency}", "initial", "presented", "rejected", "unknown",
            "should\nhold", "accuracy", "status",
        )  # fmt: skip
        for unit in units:
            table.add_row(
                str(unit.position), value_text(unit.value_cents), str(unit.initial),
                str(unit.presented), str(unit.rejected), str(unit.unknown), str(unit.present),
                unit.accuracy, _status(unit, low),
            )  # fmt: skip
        self.print(table)
        return [_plain(unit, low) for unit in units]

    def print(self, shown: "Table | str") -> None:
        """Print a table or a line for the technician."""
        from rich.console import Console

        Console(stderr=self.as_json, highlight=False, markup=False, soft_wrap=True).print(shown)

    def ask(self, question: str) -> None:
        """Go on only after a yes. Raises Abort."""
        if not self.yes:
            click.confirm(question, abort=True, err=True)

    @property
    def currency(self) -> str:
        """The currency of all notes here."""
        return self.unit.config.dispenser.currency

    def money(self, cents: int) -> str:
        """Return an amount as people write it."""
        return f"{cents / 100:.2f} {self.currency}"

    def check_idle(self) -> None:
        """Raise ConfigError while a payout is open."""
        payout = self.unit.ledger.open_payout()
        if payout is not None:
            raise ConfigError(
                f"payout {payout.payout_id} is still open ({payout.state}), so nothing was changed",
                "Start the service: it asks the dispenser. If it stays closed, count and run "
                "`edge-atm settle`.",
            )

    def check_values(self, counts: Quantities) -> None:
        """Raise ConfigError for notes in a cassette that has no value."""
        values = self.unit.config.dispenser.cassette_values_cents
        for position, (value, count) in enumerate(zip(values, counts, strict=True), start=1):
            if count and not value:
                raise ConfigError(
                    f"cassette {position} has notes but no value in the configuration"
                )


def notes_from(text: str) -> Quantities:
    """Return four counts of notes, top to bottom. Raises BadParameter."""
    return outcomes.quantities(four_counts(text))


def new_table(title: str, *columns: str) -> "Table":
    """Return a table so narrow that a console of 80 columns cuts no word."""
    from rich import box
    from rich.table import Table

    shape = box.Box("    \n    \n -  \n    \n    \n    \n    \n    \n")
    table = Table(title=title, title_justify="left", box=shape, padding=0, pad_edge=False)
    for column in columns:
        words = column in ("accuracy", "status", "place")
        table.add_column(column, justify="left" if words else "right", no_wrap=True)
    return table


def value_text(cents: int) -> str:
    """Return a note's value, or a dash where there is none."""
    return f"{cents / 100:.2f}" if cents else "-"


def _status(unit: StorageUnit, low_notes: int) -> str:
    return "manipulated" if unit.manipulated else unit.replenishment_status(low_notes)


def _plain(unit: StorageUnit, low_notes: int) -> dict[str, object]:
    return {
        "position": unit.position,
        "value_cents": unit.value_cents,
        "initial": unit.initial,
        "presented": unit.presented,
        "rejected": unit.rejected,
        "unknown": unit.unknown,
        "should_hold": unit.present,
        "accuracy": unit.accuracy,
        "status": _status(unit, low_notes),
    }

"""What the technician's commands have in common: check, show, ask, do, show again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from edge_atm.cash import exchange, outcomes
from edge_atm.cli.main import REFUSED, four_counts
from edge_atm.cli.unit import Unit
from edge_atm.cli.wording import move_text, new_table, notes_text, value_text
from edge_atm.errors import ConfigError, StoreFault
from edge_atm.money import Quantities, StorageUnit

if TYPE_CHECKING:
    from rich.table import Table

BROKEN = (
    "Copy the database away untouched, run `edge-atm doctor`, then call the bank; the unit stays"
    " closed."
)
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
        """Go on only after a yes; a no ends the command. Raises UsageError where nobody can."""
        if self.yes:
            return
        try:
            agreed = click.confirm(question, err=True, prompt_suffix=" ")
        except click.Abort:
            if sys.stdin.isatty():
                raise
            click.echo(err=True)
            raise click.UsageError("No terminal to ask on: use --yes") from None
        if not agreed:
            click.echo("Nothing was changed.", err=True)
            raise click.exceptions.Exit(REFUSED)

    def booked(self) -> int:
        """Say where in the journal it stands; return the entry's number."""
        entry = self.unit.journal.last_sequence()
        self.print(f"Booked as journal entry {entry}.")
        return entry

    @property
    def currency(self) -> str:
        """The currency of all notes here."""
        return self.unit.config.dispenser.currency

    def money(self, cents: int) -> str:
        """Return an amount as people write it."""
        return f"{cents / 100:.2f} {self.currency}"

    def worth(self, notes: Quantities) -> str:
        """Return notes as people write them, with the money that they come to."""
        values = self.unit.config.dispenser.cassette_values_cents
        cents = sum(value * count for value, count in zip(values, notes, strict=True))
        return f"{notes_text(notes)} ({self.money(cents)})"

    def check_idle(self) -> None:
        """Raise StoreFault for a broken journal, ConfigError while a payout is open."""
        with broken_journal_named():
            self.unit.journal.verify()
        payout = self.unit.ledger.open_payout()
        if payout is not None:
            raise ConfigError(
                f"payout {payout.payout_id} is still open ({payout.state}), so nothing was changed",
                "Start the service: it asks the dispenser. If it stays closed, count and run "
                "`edge-atm settle`.",
            )

    def uncounted(self) -> str | None:
        """Name the purge or test dispense whose answer was lost, if nobody has counted it."""
        waiting = exchange.uncounted(self.unit.store)
        return None if waiting is None else move_text(waiting)

    def check_counted(self, refused: str) -> None:
        """Raise ConfigError, which begins with `refused`, while a move is not counted."""
        if (waiting := self.uncounted()) is not None:
            raise ConfigError(
                f"{refused}: {waiting} is not counted yet",
                "Run `edge-atm test-dispense`: it asks the dispenser first.",
            )

    def check_values(self, counts: Quantities) -> None:
        """Raise ConfigError for notes in a cassette that has no value."""
        values = self.unit.config.dispenser.cassette_values_cents
        for position, (value, count) in enumerate(zip(values, counts, strict=True), start=1):
            if count and not value:
                raise ConfigError(
                    f"Cassette {position} is empty in the configuration: its count must be 0"
                )

    def check_tray(self, tray: Quantities | None) -> None:
        """Raise UsageError when notes of the reject tray would be booked away uncounted.

        Says which move is not counted yet: what a person counts now takes its place.
        """
        if (waiting := self.uncounted()) is not None:
            self.print(f"{waiting.capitalize()} is not counted yet; your count takes its place.")
        expected = exchange.tray_of(self.unit.ledger.storage_units())
        if tray is not None:
            self.check_values(tray)
        elif any(expected) or waiting is not None:
            raise click.UsageError(
                f"The tray should hold {self.worth(expected)}: count it, and say --tray …"
                " (make: TRAY=…)"
            )


@contextmanager
def broken_journal_named() -> Iterator[None]:
    """Say whom to call when the journal was changed; other faults have advice of their own."""
    try:
        yield
    except StoreFault as broken:
        if broken.hint == StoreFault.hint:
            broken.hint = BROKEN
        raise


def notes_from(text: str) -> Quantities:
    """Return four counts of notes, top to bottom. Raises BadParameter."""
    return outcomes.quantities(four_counts(text))


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

"""A killed unit's files: how they begin, and what must hold of them beside the device's truth."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_atm.cash import outcomes
from edge_atm.cli.opening import open_unit
from edge_atm.errors import StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities, StorageUnit
from tests.rig.bench import CARD_A, CARD_B, CONFIG
from tests.rig.dispenser_process import CHECKOUT
from tests.rig.lcdm_memory import Memory
from tests.rig.lcdm_words import Command

PAYOUTS = "SELECT payout_id, customer_id, state, requested_cents, presented_cents FROM payouts"
COMMANDS = "SELECT payout_id, asked, outcome FROM batches NATURAL LEFT JOIN results"
ACCOUNTS = "SELECT customer_id, balance_cents, held_cents FROM accounts"

# More than a series can pay out; the most that `provision` takes.
NOTES, BALANCE_CENTS = "9999,9999,9999,0", 100_000_000
# So few that most payouts need more than one command.
COMMAND_NOTES_MAX = 3


def configure(folder: Path, port: str, equal_commands: str) -> Path:
    """Write the unit's configuration, and that of its copy; return the first."""
    extra = f'notes_per_command_max = {COMMAND_NOTES_MAX}\nequal_commands = "{equal_commands}"\n'
    text = CONFIG.replace("currency", f"{extra}currency")
    for state in ("copy", "state"):
        path = folder / f"{state}.toml"
        path.write_text(text.format(state_dir=folder / state, port=port))
    return path


def provision(folder: Path, config: Path) -> None:
    """Load two accounts and full cassettes with the product's own command."""
    accounts = folder / "accounts.csv"
    rows = [f"{card},{BALANCE_CENTS}," for card in (CARD_A, CARD_B)]
    accounts.write_text("\n".join(["card_number,balance_cents,pin", *rows, ""]))
    command = [sys.executable, "-m", "edge_atm", "--config", str(config), "--development"]
    command += ["provision", "--accounts", str(accounts), "--notes", NOTES]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One payout as it stands on disk."""

    payout_id: str
    customer_id: str
    state: str
    requested_cents: int
    presented_cents: int


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One DISPENSE that was written down, and its result if it has one."""

    payout_id: str
    asked: Quantities
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Books:
    """The unit's database, read once."""

    units: Sequence[StorageUnit]
    payouts: Sequence[PayoutRow]
    commands: Sequence[CommandRow]
    accounts: dict[str, tuple[int, int]]
    damage: str | None

    def open_payout(self) -> PayoutRow | None:
        """Return the payout that is not settled; the schema allows one."""
        return next((payout for payout in self.payouts if payout.state != "SETTLED"), None)

    def open_command(self) -> CommandRow | None:
        """Return the open payout's command without a result, if any."""
        waiting = self.open_payout()
        of_it = [c for c in self.commands if waiting and c.payout_id == waiting.payout_id]
        return next((command for command in of_it if command.outcome is None), None)

    def told(self) -> int:
        """Return how many commands the device itself gave a result for."""
        results = [command.outcome for command in self.commands if command.outcome]
        return sum(result.operation is Operation.DISPENSE for result in results)


def read_books(folder: Path) -> Books:
    """Read a copy: the unit's own next start must find its log as the kill left it."""
    shutil.rmtree(folder / "copy", ignore_errors=True)
    left_out = shutil.ignore_patterns("*-shm", "lock")
    shutil.copytree(folder / "state", folder / "copy", ignore=left_out)
    with open_unit(folder / "copy.toml", development=True) as unit:
        damage = None
        try:
            unit.store.check()
            unit.journal.verify()
        except StoreFault as fault:
            damage = str(fault)
        return Books(
            unit.ledger.storage_units(),
            [PayoutRow(*row) for row in unit.store.rows(PAYOUTS)],
            [_command(*row) for row in unit.store.rows(COMMANDS)],
            {row[0]: (row[1], row[2]) for row in unit.store.rows(ACCOUNTS)},
            damage,
        )


def _command(payout_id: str, asked: str, outcome: str | None) -> CommandRow:
    counts = outcomes.quantities(json.loads(asked))
    return CommandRow(payout_id, counts, outcomes.from_text(outcome) if outcome else None)


def faults(books: Books, truth: Memory, counted_frames: int) -> Iterator[str]:
    """Yield a sentence for each thing that does not hold.

    `counted_frames` are the DISPENSE frames whose result a technician counted.
    """
    if books.damage:
        yield books.damage
    yield from truth.violations
    if not truth.conserved():
        yield "a note is in no place, or in two"
    yield from _notes(books, truth)
    yield from _frames(books, truth, counted_frames)
    yield from _payouts(books)
    yield from _debits(books)


def _notes(books: Books, truth: Memory) -> Iterator[str]:
    command, waiting = books.open_command(), books.open_payout()
    in_doubt = command.asked if command else NO_NOTES
    suspect = waiting is not None and waiting.state == "SUSPECT"
    for i, unit in enumerate(books.units):
        if not unit.presented <= truth.presented[i] <= unit.presented + in_doubt[i]:
            yield (
                f"cassette {i + 1} has paid {truth.presented[i]} notes, the books say"
                f" {unit.presented} and are in doubt about {in_doubt[i]}"
            )
        if unit.rejected != truth.rejected[i]:
            yield f"cassette {i + 1} rejected {truth.rejected[i]}, the books say {unit.rejected}"
        if unit.unknown != (in_doubt[i] if suspect else 0):
            yield f"cassette {i + 1} has {unit.unknown} unknown notes, {in_doubt[i]} are in doubt"


def _frames(books: Books, truth: Memory, counted_frames: int) -> Iterator[str]:
    seen = truth.commands.count(Command.DISPENSE)
    known = books.told() + counted_frames
    most = known + (books.open_command() is not None)
    if not known <= seen <= most:
        yield f"the device was told DISPENSE {seen} times, the books know of {known} to {most}"


def _payouts(books: Books) -> Iterator[str]:
    values = [unit.value_cents for unit in books.units]
    presented, asked = Counter[str](), Counter[str]()
    for command in books.commands:
        out = command.outcome.presented if command.outcome else NO_NOTES
        presented[command.payout_id] += _cents(out, values)
        asked[command.payout_id] += _cents(command.asked, values)
    for payout in books.payouts:
        name = f"payout {payout.payout_id}"
        if asked[payout.payout_id] > payout.requested_cents:
            yield f"{name} asked the device for more than the customer did"
        counted = presented[payout.payout_id]
        if payout.state == "SETTLED" and payout.presented_cents != counted:
            yield f"{name} says {payout.presented_cents} cents, its commands {counted}"


def _debits(books: Books) -> Iterator[str]:
    for customer_id, (balance_cents, held_cents) in books.accounts.items():
        theirs = [payout for payout in books.payouts if payout.customer_id == customer_id]
        debits = sum(p.presented_cents for p in theirs if p.state == "SETTLED")
        held = sum(p.requested_cents for p in theirs if p.state != "SETTLED")
        if held_cents != held:
            yield f"{held_cents} cents are held, the open payout wants {held}"
        debited = BALANCE_CENTS - balance_cents - held_cents
        if debited != debits:
            yield f"{debited} cents were debited, {debits} presented"


def _cents(notes: Quantities, values: Sequence[int]) -> int:
    return sum(count * value for count, value in zip(notes, values, strict=True))

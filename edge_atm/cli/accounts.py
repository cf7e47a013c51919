"""The bank's accounts file: CSV, checked whole before anything is loaded."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge_atm.errors import CardRefused, ConfigError
from edge_atm.vault.cards import parse_card_number
from edge_atm.vault.pins import is_pin

COLUMNS = ["card_number", "balance_cents", "pin"]
HEADER = ",".join(COLUMNS)
HINT = f"Save it as CSV in UTF-8 that starts with the line {HEADER}; nothing was loaded."
FAULTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the file. It never shows what it holds."""

    card_number: str = field(repr=False)
    balance_cents: int
    pin: str | None = field(repr=False)


def read(path: Path) -> list[Account]:
    """Return the accounts, or raise one ConfigError that names every faulty line."""
    faults: list[str] = []
    found: dict[str, Account] = {}
    for line, row in _rows(path):
        try:
            account = _account(row)
            if account.card_number in found:
                raise ValueError("this card stands in an earlier line too")
            found[account.card_number] = account
        except (CardRefused, ValueError) as fault:
            faults.append(f"\n  line {line}: {fault}")
    if faults:
        raise ConfigError(
            f"{path.name} has {len(faults)} faulty line(s)" + "".join(faults[:FAULTS_SHOWN]), HINT
        )
    if not found:
        raise ConfigError(f"{path.name} holds no account", HINT)
    return list(found.values())


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        # Spreadsheets begin UTF-8 with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            if [name.strip() for name in next(reader, [])] != COLUMNS:
                raise ConfigError(f"{path.name} does not start with the line {HEADER}", HINT)
            for row in reader:
                if row:
                    yield reader.line_num, [cell.strip() for cell in row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path.name} is not CSV in UTF-8: {error}", HINT) from None
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}", HINT) from None


def _account(row: list[str]) -> Account:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} columns instead of {len(COLUMNS)}")
    number, balance, pin = row
    if not (balance.isascii() and balance.isdigit() and len(balance) <= 12):
        raise ValueError("balance_cents must be whole cents")
    if pin and not is_pin(pin):
        raise ValueError("a terminal PIN has 4 to 6 digits")
    return Account(parse_card_number(number), int(balance), pin or None)

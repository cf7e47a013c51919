"""A payout that nobody can know about: the unit stays closed until a technician has counted."""

import json

import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.errors import StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome
from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow
PAID = Outcome(Operation.DISPENSE, 0, (0, 2, 0, 0), NO_NOTES)


@pytest.fixture
def suspect(cli: Cli) -> Cli:
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit:
        customer_id = unit.customers.claim(CARD).customer_id
        unit.ledger.intend("p1", customer_id, "s1", 8000, (1, 1, 1, 0), PAID)
        unit.ledger.note_sent("p1", 1)
        unit.ledger.suspect("p1")
    return cli


def balance_and_hold(cli: Cli) -> tuple[int, int]:
    with open_unit(cli.config, development=True) as unit:
        row = unit.store.rows("SELECT balance_cents, held_cents FROM accounts")[0]
    return row[0], row[1]


def test_everything_points_at_the_count_and_the_count_ends_it(suspect: Cli) -> None:
    found = {f["part"]: f for f in json.loads(suspect("doctor", "--json").stdout)}
    assert "p1 is SUSPECT, asked for 1,1,1,0" in found["payouts"]["text"]
    assert "edge-atm settle" in found["payouts"]["action"]
    closed = suspect("run")
    assert (closed.returncode, "edge-atm settle" in closed.stderr) == (3, True)
    accounts = str(suspect.folder / "accounts.csv")
    assert suspect("provision", "--accounts", accounts, "--notes", "1,1,1,0").returncode == 2
    settled = suspect("settle", "--notes", "49,49,49,0", "--tray", "0,1,0,0", typed="y\n")
    assert settled.returncode == 0, settled.stderr
    # The question comes with all that the technician has to know.
    assert "asked for 1,1,1,0" in settled.stdout
    assert "remembered a dispense: presented 0,2,0,0" in settled.stdout
    assert "would hold 50,50,50,0 and the tray 0,0,0,0" in settled.stdout
    assert "will be debited 60.00 EUR" in settled.stdout
    assert "edge-atm cash-count" in settled.stdout
    assert "Book presented 1,0,1,0 (60.00 EUR), rejected 0,1,0,0 (20.00 EUR)?" in settled.stderr
    assert "Booked as journal entry" in settled.stdout
    assert balance_and_hold(suspect) == (50_000 - 6000, 0)
    assert suspect.events()[-2:] == ["counted", "settled"]
    assert suspect("run").returncode == 0


def test_a_surplus_is_booked_and_not_debited(suspect: Cli) -> None:
    words = ("settle", "--presented", "2,1,1,0", "--yes", "--json")
    settled = json.loads(suspect.here(*words))
    assert (settled["presented_cents"], settled["debited_cents"]) == (9000, 8000)
    assert [cassette["unknown"] for cassette in settled["before"]] == [1, 1, 1, 0]
    assert [cassette["presented"] for cassette in settled["after"]] == [2, 1, 1, 0]
    assert [cassette["unknown"] for cassette in settled["after"]] == [0, 0, 0, 0]
    assert balance_and_hold(suspect) == (50_000 - 8000, 0)
    with pytest.raises(StoreFault, match="no payout is waiting"):
        suspect.here("settle", "--presented", "0,0,0,0", "--yes")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--presented", "99,2,0,0", "--yes"), 3),
        (("--presented", "1,0,0", "--yes"), 2),
        (("--notes", "50,50,50,0", "--yes"), 2),
        (("--notes", "50,50,50,0", "--tray", "0,0,0,0", "--presented", "1,0,0,0", "--yes"), 2),
        (("--notes", "51,50,50,0", "--tray", "0,0,0,0", "--yes"), 3),
        (("--presented", "1,0,0,0"), 1),
    ],
)
def test_a_count_that_cannot_be_or_is_not_confirmed_changes_nothing(
    suspect: Cli, words: tuple[str, ...], status: int
) -> None:
    before = balance_and_hold(suspect)
    assert suspect("settle", *words, typed="n\n").returncode == status
    assert balance_and_hold(suspect) == before == (50_000 - 8000, 8000)
    assert suspect.events()[-1] == "suspect"

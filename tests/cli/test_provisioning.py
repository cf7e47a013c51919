"""Loading a unit: all of the bank's file or nothing, and notes for the first filling alone."""

import json

import click
import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.errors import ConfigError, StoreFault
from tests.cli.conftest import ACCOUNTS, CARD, Cli

pytestmark = pytest.mark.slow
HEADER = "card_number,balance_cents,pin"


def provision(cli: Cli, content: bytes) -> tuple[int, str]:
    path = cli.folder / "accounts.csv"
    path.write_bytes(content)
    result = cli("provision", "--accounts", str(path), "--notes", "1,1,1,0", "--json")
    assert (result.returncode == 0) == bool(result.stdout)
    return result.returncode, result.stderr


def test_a_spreadsheets_file_is_loaded(cli: Cli) -> None:
    content = b"\xef\xbb\xbf" + ACCOUNTS.replace("\n", "\r\n\r\n").encode()
    assert provision(cli, content)[0] == 0
    with open_unit(cli.config, development=True) as unit:
        customer = unit.customers.claim(CARD)
        assert unit.ledger.available_cents(customer.customer_id) == 50_000
        assert unit.customers.check_pin(customer.customer_id, "4711")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ACCOUNTS.encode() + b"\xe9", "is not CSV in UTF-8"),
        (f"{HEADER}\r\n\r\n{CARD},1,\r\n\r\n{CARD},1,\r\n".encode(), "line 5: this card stands"),
        (f"{ACCOUNTS}\n12,x,1\n".encode(), "line 4: balance_cents"),
    ],
    ids=["latin-1", "twice", "line"],
)
def test_one_fault_loads_nothing_at_all(cli: Cli, content: bytes, said: str) -> None:
    status, err = provision(cli, content)
    assert status == 2
    assert said in err
    assert not cli.database.parent.exists()


def test_a_unit_in_use_takes_accounts_and_no_notes(cli: Cli) -> None:
    accounts = ("--accounts", str(cli.folder / "accounts.csv"))
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit, unit.store.transaction() as connection:
        connection.execute("UPDATE customers SET face_failures = 5, pin_failures = 3")
        connection.execute("UPDATE storage_units SET presented = 7, accuracy = 'inaccurate'")
    for words in (accounts, ()):
        with pytest.raises(ConfigError, match="in use: count with cash-count, fill with") as no:
            cli.here("provision", "--notes", "7,8,9,0", *words)
        assert "without --notes" in no.value.hint
    assert cli.events() == ["loaded", "provisioned"]
    assert "Accounts loaded: 1.\n" in cli.here("provision", *accounts)
    with open_unit(cli.config, development=True) as unit:
        # Loaded cards are unlocked, and no count of notes is forgotten.
        customer = unit.customers.claim(CARD)
        assert (customer.face_failures, customer.pin_failures) == (0, 0)
        units = unit.ledger.storage_units()
        assert {(u.presented, u.accuracy) for u in units} == {(7, "inaccurate")}
    assert cli.events() == ["loaded", "provisioned", "loaded"]


def test_a_new_unit_needs_its_first_filling(cli: Cli) -> None:
    with pytest.raises(click.UsageError, match="say --notes for a new unit"):
        cli.here("provision")
    with pytest.raises(StoreFault, match="there is no database") as refused:
        cli.here("provision", "--accounts", str(cli.folder / "accounts.csv"))
    assert "with --notes first" in refused.value.hint
    assert not cli.database.parent.exists()


def test_notes_without_a_value_are_refused(cli: Cli) -> None:
    with pytest.raises(ConfigError, match="Cassette 4 is empty in the configuration: its count"):
        cli.here("provision", "--notes", "1,1,1,1")
    assert cli.events() == []


SWAPPED = ("[1000, 2000, 5000, 0]", "[5000, 2000, 1000, 0]")
UNREACHABLE = ("prior_genuine = 0.9", "prior_genuine = 0.001")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (SWAPPED, "were loaded with values [1000, 2000, 5000, 0]"),
        (UNREACHABLE, "no face can reach posterior_min 0.95"),
    ],
    ids=["swapped", "unreachable"],
)
def test_settings_that_pay_wrongly_open_no_unit(
    cli: Cli, change: tuple[str, str], said: str
) -> None:
    cli.provisioned().change(*change)
    for command in ("withdraw", "run"):
        result = cli(command, typed=f"{CARD}\n20\n")
        assert result.returncode == 2
        assert said in result.stderr
        assert "Card number" not in result.stderr
    assert cli.events() == ["loaded", "provisioned"]
    found = {f["part"]: f for f in json.loads(cli("doctor", "--json").stdout)}
    assert not found["cassettes"]["ok"]
    assert said in found["cassettes"]["text"]
    assert found["cassettes"]["action"]


def test_doctor_looks_at_what_is_wired_before_there_is_a_database(cli: Cli) -> None:
    result = cli("doctor", "--json")
    assert result.returncode == 1
    found = {finding["part"]: finding for finding in json.loads(result.stdout)}
    wanted = {"models": True, "pad model": True, "config": True, "touch": True}
    wanted |= {"camera": False, "dispenser": True, "database": False}
    assert {part: finding["ok"] for part, finding in found.items()} == wanted
    assert "run `edge-atm provision` with --notes first" in found["database"]["action"]
    last = cli.here("doctor").splitlines()[-1]
    unseen = "key, prepared, journal, anchor, templates, evidence, payouts, cassettes"
    assert last == f"2 of 7 failed; not looked at: {unseen}."
    # It changes nothing: no key, no folder for one.
    assert not cli.database.parent.exists()


@pytest.mark.parametrize("command", ["doctor", "customers", "run"])
def test_no_command_but_provision_makes_a_key(cli: Cli, command: str) -> None:
    key = cli.provisioned().database.with_name("development.key")
    key.unlink()
    result = cli(command)
    assert result.returncode in (1, 3)
    assert "development.key cannot be read" in result.stdout + result.stderr
    assert not key.exists()


def test_a_lost_key_is_not_replaced_by_provisioning_again(cli: Cli) -> None:
    key = cli.provisioned().database.with_name("development.key")
    key.unlink()
    result = cli("provision", "--notes", "1,1,1,0")
    assert result.returncode == 3
    assert not key.exists()

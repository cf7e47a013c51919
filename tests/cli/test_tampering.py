"""Somebody changes the database without the unit's key: it does not open, and says why."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.errors import KeyFault, SealBroken, StoreFault
from tests.cli.tampered import WRITTEN_LAST, Site, site_in
from tests.rig.bench import CARD_A, CARD_B

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


A, B = (f"card_last4 = '{card[-4:]}'" for card in (CARD_A, CARD_B))
ROW_A = f"customer_id = (SELECT customer_id FROM customers WHERE {A})"
SWAP = (
    "UPDATE {0} SET {1} = (SELECT other.{1} FROM {0} other"
    " WHERE other.customer_id <> {0}.customer_id)"
)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        (SWAP.format("templates", "box"), "templates"),
        (SWAP.format("customers", "name_box"), "customers"),
        (SWAP.format("customers", "pin_box"), "customers"),
        ("UPDATE customers SET name_box = pin_box, pin_box = name_box", "customers"),
        (f"DELETE FROM templates WHERE {ROW_A}", "templates"),
        (f"DELETE FROM escrow WHERE {ROW_A}", "escrow"),
        ("UPDATE escrow SET box = x'00'", "escrow"),
        ("UPDATE accounts SET balance_cents = balance_cents + 1", "accounts"),
        ("UPDATE accounts SET held_cents = 1, balance_cents = balance_cents - 1", "accounts"),
        (f"UPDATE customers SET pin_failures = 0 WHERE {A}", "customers"),
        (f"UPDATE customers SET face_failures = 0 WHERE {A}", "customers"),
        ("UPDATE customers SET pin_box = NULL", "customers"),
        ("UPDATE customers SET last_version = 0", "customers"),
        ("UPDATE customers SET revoked = 'revoked'", "customers"),
        ("UPDATE templates SET embedding_id = 'another model'", "templates"),
        ("UPDATE templates SET version = version + 1", "templates"),
        ("UPDATE templates SET enrolled_at = '2031-01-01'", "templates"),
        ("UPDATE storage_units SET presented = presented + 1", "storage_units"),
        (
            "INSERT INTO payouts SELECT 'p', customer_id, 's', 'SETTLED', 1, 1, '2031' FROM"
            " accounts LIMIT 1",
            "payouts",
        ),
        ("INSERT INTO service_moves VALUES (9, 'purge', '[]', '{}', NULL)", "service_moves"),
        (
            "CREATE TRIGGER gift AFTER INSERT ON journal BEGIN"
            " UPDATE accounts SET balance_cents = 99; END",
            "the schema",
        ),
    ],
)
def test_a_changed_row_is_noticed_and_its_table_named(
    site: Site, statement: str, tables: str
) -> None:
    site.cli.tamper(statement)
    assert site.refused() == f"rows of {tables} {WRITTEN_LAST}"


def test_older_rows_put_back_together_are_noticed(site: Site) -> None:
    """What no seal of a row can notice: each of them is whole, and fits the others."""
    with closing(sqlite3.connect(site.cli.database)) as connection, connection:
        for table in ("templates", "customers"):
            connection.execute(f"DELETE FROM {table}")
        for table in ("customers", "templates"):
            rows = site.rows_of(site.older, table)
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    assert site.refused() == f"rows of customers, templates {WRITTEN_LAST}"
    with open_unit(site.cli.config, development=True, unchecked=True) as unit:
        assert unit.customers.verify_all(unit.faces) == []


def test_an_older_key_ring_put_back_is_noticed(site: Site) -> None:
    ((_, ring, _),) = site.rows_of(site.older, "vault")
    site.cli.tamper(f"UPDATE vault SET ring = x'{bytes(ring).hex()}'")  # type: ignore[call-overload]
    assert site.refused() == f"rows of the key ring {WRITTEN_LAST}"


def test_an_older_state_put_back_is_an_older_database(site: Site) -> None:
    ((_, _, state),) = site.rows_of(site.older, "vault")
    site.cli.tamper(f"UPDATE vault SET state = x'{bytes(state).hex()}'")  # type: ignore[call-overload]
    assert site.refused().startswith("an older database was put back: commit ")


LAST = "(SELECT max(sequence) FROM journal)"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"DELETE FROM journal WHERE sequence = {LAST}", "the journal was cut or changed at entry"),
        ("DELETE FROM journal", "the journal was cut or changed at entry"),
        (f"UPDATE journal SET mac = x'00' WHERE sequence = {LAST}", "the journal was cut or"),
        ("INSERT INTO journal VALUES (999, '', 'gift', '{}', x'00')", "the journal goes on after"),
    ],
)
def test_a_journal_that_does_not_end_as_it_did_is_noticed(
    site: Site, statement: str, said: str
) -> None:
    site.cli.tamper(statement)
    assert site.refused().startswith(said)


@pytest.mark.parametrize("column", ["state", "ring"])
def test_no_flipped_bit_of_the_vaults_own_row_is_taken(site: Site, column: str) -> None:
    ((_, ring, state),) = site.rows_of(site.state, "vault")
    whole = bytes(ring if column == "ring" else state)  # type: ignore[call-overload]
    for at in range(0, len(whole), 29):
        flipped = bytearray(whole)
        flipped[at] ^= 1
        site.cli.tamper(f"UPDATE vault SET {column} = x'{flipped.hex()}'")
        if column == "ring":
            assert "was made with another master key" in site.refused(KeyFault)
        else:
            assert site.refused() == "the state sealed in the database was changed"
    site.cli.tamper("UPDATE vault SET state = x''")
    if column == "state":
        assert site.refused() == "the database was not set up to its end"


def test_doctor_looks_at_all_parts_of_a_changed_unit_and_names_the_customer(site: Site) -> None:
    with open_unit(site.cli.config, development=True) as unit:
        customer_id = unit.customers.claim(CARD_A).customer_id
    site.cli.tamper(f"UPDATE customers SET name_box = pin_box WHERE {A}")
    said = {f["part"]: f for f in json.loads(site.cli("doctor", "--json").stdout)}
    assert said["anchor"]["text"] == f"rows of customers {WRITTEN_LAST}"
    assert "put the unit's newest files back" in said["anchor"]["action"].lower()
    assert customer_id in said["templates"]["text"]
    assert said["journal"]["ok"]
    # Others close; these two show what there is.
    for words in (["customers"], ["journal", "show"]):
        assert site.cli(*words).returncode == 0
    refused = site.cli("close-day")
    assert (refused.returncode, WRITTEN_LAST in refused.stderr) == (3, True)


def test_a_change_beside_the_running_unit_stops_its_next_commit(site: Site) -> None:
    with open_unit(site.cli.config, development=True, alone=True) as unit:
        site.cli.tamper("UPDATE accounts SET balance_cents = 1000000")
        with pytest.raises(StoreFault, match=f"rows of accounts {WRITTEN_LAST}"):
            unit.journal.record("opened")
    assert site.refused() == f"rows of accounts {WRITTEN_LAST}"


def test_commands_beside_the_running_unit_are_no_tampering(site: Site) -> None:
    with open_unit(site.cli.config, development=True, alone=True) as unit:
        for number in range(3):
            with open_unit(site.cli.config, development=True) as other:
                other.customers.note_face(other.customers.claim(CARD_B).customer_id, ok=False)
            unit.journal.record("opened", number=number)
        with open_unit(site.cli.config, development=True) as other:
            assert other.guard.check() == unit.guard.check()
    assert site.opened()


def test_a_row_of_another_model_is_named_when_it_is_opened(site: Site) -> None:
    site.cli.tamper(f"UPDATE templates SET embedding_id = 'another' WHERE {ROW_A}")
    with open_unit(site.cli.config, development=True, unchecked=True) as unit:
        customer_id = unit.customers.claim(CARD_A).customer_id
        with pytest.raises(SealBroken, match="another model"), unit.faces.opened(customer_id):
            pass
        assert unit.customers.verify_all(unit.faces) == [customer_id]

"""What no sum of rows shows: an index that leads elsewhere, an emptied database, a moment's lie."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.errors import StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome
from tests.cli.tampered import WRITTEN_LAST, Site, site_in
from tests.rig.bench import CARD_A, CARD_B

pytestmark = pytest.mark.slow

# Whatever a row of the unit's own tables may hang on.
TABLES = (
    "accounts", "batches", "customers", "escrow", "failures", "journal", "payouts", "results",
    "service_moves", "storage_units", "templates",
)  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


def cross_index(database: Path, index: str, one: bytes, other: bytes) -> None:
    """Let an index of two rows lead from each key to the other's row. The rows stay as they are."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        start = (connection.execute(query, (index,)).fetchone()[0] - 1) * size
    content = bytearray(database.read_bytes())
    page = content[start : start + size]
    first, second = page.index(one), page.index(other)
    page[first : first + len(one)], page[second : second + len(one)] = other, one
    # The pointers to the cells, two bytes each after eight of the page's head, stay in order.
    page[8:10], page[10:12] = page[10:12], page[8:10]
    content[start : start + size] = page
    database.write_bytes(content)


def pseudonyms(site: Site) -> tuple[str, str]:
    with open_unit(site.cli.config, development=True) as unit:
        return (
            unit.customers.claim(CARD_A).customer_id,
            unit.customers.claim(CARD_B).customer_id,
        )


@pytest.mark.parametrize("table", ["accounts", "customers", "templates"])
def test_an_index_that_leads_to_another_customers_row_is_noticed(site: Site, table: str) -> None:
    one, other = (pseudonym.encode() for pseudonym in pseudonyms(site))
    cross_index(site.cli.database, f"sqlite_autoindex_{table}_1", one, other)
    assert f"{table} is damaged: row 1 missing from index" in site.refused()


def test_an_index_crossed_beside_the_running_unit_stops_its_next_commit(site: Site) -> None:
    one, other = (pseudonym.encode() for pseudonym in pseudonyms(site))
    with open_unit(site.cli.config, development=True, alone=True) as unit:
        cross_index(site.cli.database, "sqlite_autoindex_accounts_1", one, other)
        with closing(sqlite3.connect(site.cli.database)) as connection, connection:
            # SQLite notices what is written through it.
            connection.execute("UPDATE vault SET id = 1")
        with pytest.raises(StoreFault, match="accounts is damaged"):
            unit.journal.record("opened")


@pytest.mark.parametrize("emptied", [("journal", "customers"), TABLES[1:], TABLES])
def test_a_database_that_was_emptied_is_no_new_one(site: Site, emptied: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(site.cli.database, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for name, _ in (kept := triggers.fetchall()):
            connection.execute(f"DROP TRIGGER {name}")
        for table in emptied:
            connection.execute(f"DELETE FROM {table}")
        for _, text in kept:
            connection.execute(text)
    with (
        pytest.raises(StoreFault, match=r"journal was cut|was emptied after commit"),
        open_unit(site.cli.config, development=True, create=True, alone=True),
    ):
        pass


def test_a_result_changed_before_its_payout_is_settled_is_not_believed(site: Site) -> None:
    customer_id, _ = pseudonyms(site)
    before = Outcome(Operation.DISPENSE, 0, (0, 0, 0, 1), NO_NOTES)
    after = Outcome(Operation.DISPENSE, 0, (0, 2, 0, 0), NO_NOTES)
    with open_unit(site.cli.config, development=True, alone=True) as unit:
        unit.ledger.intend("p", customer_id, "s", 4000, after.presented, before)
        unit.ledger.note_sent("p", 1)
        unit.ledger.book("p", 1, after)
        site.cli.tamper("UPDATE results SET outcome = replace(outcome, '0, 2, 0', '0, 0, 0')")
        # What says nothing of payouts is still written; it must not make the change an old one.
        unit.journal.record("opened")
        with pytest.raises(StoreFault, match=f"rows of results {WRITTEN_LAST}"):
            unit.ledger.settle("p")
    assert site.refused() == f"rows of results {WRITTEN_LAST}"


def test_rows_shown_for_a_moment_between_two_commits_are_not_believed(site: Site) -> None:
    with open_unit(site.cli.config, development=True, alone=True) as unit:
        known = unit.customers.claim(CARD_A)
        site.cli.tamper("UPDATE customers SET face_failures = face_failures + 1")
        with pytest.raises(StoreFault, match=f"rows of customers {WRITTEN_LAST}"):
            unit.customers.claim(CARD_A)
        with pytest.raises(StoreFault, match=WRITTEN_LAST), unit.faces.opened(known.customer_id):
            pass
        # Put back as it was, nothing is wrong any more.
        site.cli.tamper("UPDATE customers SET face_failures = face_failures - 1")
        assert unit.customers.claim(CARD_A).customer_id == known.customer_id


def test_a_fraction_smuggled_into_a_whole_number_is_a_named_fault(site: Site) -> None:
    query = "SELECT sql FROM sqlite_schema WHERE name = 'accounts'"
    change = "UPDATE sqlite_schema SET sql = ? WHERE name = 'accounts'"
    for loose in (True, False):
        with closing(sqlite3.connect(site.cli.database, isolation_level=None)) as connection:
            if loose:
                (text,) = connection.execute(query).fetchone()
            else:
                connection.execute("UPDATE accounts SET balance_cents = 1e6 + .5")
            connection.execute("PRAGMA writable_schema = ON")
            new = text.replace(" STRICT", "").replace("INTEGER", "REAL") if loose else text
            connection.execute(change, (new,))
    assert "accounts is damaged" in site.refused()

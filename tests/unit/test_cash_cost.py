"""What a payout costs the disk: one commit and one sync for each state, and not one more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.disk.disk import Disk, folder_in_memory
from tests.unit.books import PURGED, Books

# INTENT, SENT, ACCEPTED and RESULT for each command; SETTLED once.
STATES_OF_A_COMMAND, STATES_OF_A_PAYOUT = 4, 1


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def disk(folder: Path) -> Iterator[Disk]:
    Books(folder).store.close()
    with Disk(folder) as disk:
        yield disk


@pytest.fixture
def books(disk: Disk, folder: Path) -> Books:
    books = Books(folder)
    books.store.rows("PRAGMA synchronous = FULL")
    books.dispenser.outcome = PURGED
    # The first sync of a log is its header's.
    books.pay(1000)
    disk.forget()
    return books


@pytest.mark.parametrize(("cents", "commands"), [(8000, 1), (50_000, 1)])
def test_each_state_is_one_commit_and_one_sync(
    books: Books, disk: Disk, cents: int, commands: int
) -> None:
    entries = len(books.events())
    books.pay(cents)
    asked = books.store.rows("SELECT count(*) FROM batches WHERE payout_id = 'p2'")[0][0]
    assert asked == commands
    states = commands * STATES_OF_A_COMMAND + STATES_OF_A_PAYOUT
    assert disk.syncs == {"wal": states}
    assert len(books.events()) - entries == states


def test_a_payout_of_three_commands(books: Books, disk: Disk) -> None:
    books.only_tens()
    disk.forget()
    books.pay(50_000)
    assert disk.syncs == {"wal": 3 * STATES_OF_A_COMMAND + STATES_OF_A_PAYOUT}


def test_looking_costs_nothing(books: Books, disk: Disk) -> None:
    assert books.cashier.obstacle("c0ffee", 1000) is None
    assert books.cashier.recover() is None
    books.journal.verify()
    assert not disk.syncs

"""The mark of each commit of a payout fails once, after the commit: no note twice, none lost."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.errors import PayoutSuspect, StoreFault
from edge_atm.vault.anchor import FILE, Anchor
from edge_atm.vault.guard import Guard
from tests.rig.disk.disk import folder_in_memory
from tests.unit.books import CUSTOMER, Books, assert_balanced
from tests.unit.guarded import KEY
from tests.unit.vaulted import RING

# Two commands, of 20 and of 10 notes; the purge before them, and the settling.
CENTS, PAY_COMMITS = 30_000, 2 + 4 + 4 + 1
# On disk the command may be on the wire; that it is not is known to no restart.
NOTED_AS_SENT = (4, 8)
FAILS = [("pwrite", commit) for commit in range(1, PAY_COMMITS + 1)]
FAILS += [("fdatasync", commit) for commit in (3, 6, PAY_COMMITS)]


@pytest.fixture
def books() -> Iterator[Books]:
    with folder_in_memory() as folder:
        yield _guarded(folder)


def _guarded(folder: Path) -> Books:
    books = Books(folder)
    books.only_tens()
    with books.store.transaction() as connection:
        connection.execute("INSERT INTO vault (id, ring) VALUES (1, x'00')")
    _guard(books).start()
    _start(books)
    return books


def _guard(books: Books) -> Guard:
    return Guard(books.store, RING, Anchor(books.path.with_name(FILE), KEY))


def _start(books: Books) -> None:
    books.reopen()
    guard = _guard(books)
    books.store.guarded_by(guard)
    guard.check()


class _Worn:
    """A disk of which one write of a mark, or its sync, fails."""

    def __init__(self, patched: pytest.MonkeyPatch, name: str, fails_at: int) -> None:
        self.real, self.fails_at, self.calls = getattr(os, name), fails_at, 0
        patched.setattr(os, name, self.call)

    def call(self, *values: object) -> object:
        self.calls += 1
        if self.calls == self.fails_at:
            raise OSError(errno.EIO, "Input/output error")
        return self.real(*values)


@pytest.mark.parametrize(("name", "commit"), FAILS)
def test_a_payout_whose_mark_fails_is_settled_by_the_next_start(
    books: Books, monkeypatch: pytest.MonkeyPatch, name: str, commit: int
) -> None:
    with monkeypatch.context() as patched:
        worn = _Worn(patched, name, commit)
        with pytest.raises(StoreFault, match="anchor cannot be written"):
            books.pay(CENTS)
        assert worn.calls == commit
    told = books.dispenser.calls.count("dispense")
    _start(books)
    if commit in NOTED_AS_SENT:
        with pytest.raises(PayoutSuspect):
            books.cashier.recover()
        books.count_by_truth()
    books.cashier.recover()
    assert books.dispenser.calls.count("dispense") == told
    assert_balanced(books)
    assert books.cashier.obstacle(CUSTOMER, 1000) is None
    assert books.pay(1000).presented_cents == 1000
    assert_balanced(books)


def test_the_commits_are_all_of_them(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    worn = _Worn(monkeypatch, "pwrite", 0)
    books.pay(CENTS)
    assert worn.calls == PAY_COMMITS

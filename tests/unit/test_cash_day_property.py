"""Days of any content: the closes together are the whole, and each of them balances."""

import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_atm.cash import day, exchange
from edge_atm.cash.count import settle_by_count
from edge_atm.cash.day import Day
from edge_atm.cash.outcomes import quantities
from edge_atm.cash.upkeep import Upkeep
from edge_atm.errors import LinkSilent, StoreFault
from edge_atm.money import NO_NOTES
from tests.unit.books import CUSTOMER, VALUES, Books
from tests.unit.test_cash_day import COLUMNS, TRAY, closed, column, count, pay, provisioned

COUNTED = st.tuples(*[st.integers(0, 120)] * 3, st.just(0))
STEPS = st.one_of(
    st.just(("close",)),
    st.tuples(
        st.just("pay"),
        st.integers(1, 30),
        st.sampled_from(["well", "short", "jam", "over", "power_stale", "nak", "refuse", 0x05]),
    ),
    st.tuples(st.sampled_from(["count", "replenish", "swap"]), COUNTED),
    st.tuples(st.just("add"), st.tuples(*[st.integers(0, 9)] * 3, st.just(0))),
    st.just(("test",)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=12))
def test_the_days_together_are_the_whole(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        books = provisioned(Path(folder))
        with closing(books.store):
            days = [today for step in steps if (today := live(books, *step)) is not None]
            days.append(closed(books))
            entries = [e for e in books.journal.verified() if e.event != "day_closed"]
            whole = day.add_up(entries, books.ledger.storage_units())
    assert all(today.balanced for today in days)
    assert whole.balanced
    for name in COLUMNS:
        sums = [sum(notes) for notes in zip(*(column(each, name) for each in days), strict=True)]
        assert sums == column(whole, name)
    for name in TRAY:
        trays = [[getattr(place, name) for place in each.tray] for each in [*days, whole]]
        assert [sum(notes) for notes in zip(*trays[:-1], strict=True)] == trays[-1]
    assert all(balance.added >= 0 for each in days for balance in each.cassettes)
    for name in ("debited_cents", "over_cents", "short_cents", "suspects"):
        assert sum(getattr(each, name) for each in days) == getattr(whole, name)
    ended = sum(sum(each.payouts.values()) for each in days)
    assert ended == sum(whole.payouts.values())


def live(books: Books, step: str, *about: Any) -> Day | None:
    """Take one step of a unit's life; return the day that it closed, if it did."""
    if step == "close":
        return closed(books)
    waiting = books.ledger.open_payout()
    if waiting is not None:
        command = books.ledger.open_batch(waiting.payout_id)
        assert command is not None
        settle_by_count(
            books.store, books.journal, books.ledger, waiting.payout_id, command[1], NO_NOTES
        )
    match step, *about:
        case "pay", tens, fault:
            if books.cashier.obstacle(CUSTOMER, 1000 * tens) is None:
                pay(books, 1000 * tens, fault)
        case "count", counted:
            count(books, quantities(counted))
        case "replenish" | "swap", notes:
            with suppress(StoreFault):
                filled, swap = quantities(notes), step == "swap"
                exchange.replenish(books.store, books.journal, VALUES, filled, swap=swap)
        case "add", notes:
            with suppress(StoreFault):
                exchange.add(books.store, books.journal, quantities(notes))
        case "test", *_:
            with suppress(LinkSilent):
                Upkeep(books.ledger, books.dispenser).test((1, 0, 0, 0))
    return None

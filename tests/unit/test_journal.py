"""The chain: what is in it stays as it was written, and holds nobody's secrets."""

import hashlib
import hmac
import json
import re
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm import journal as journal_module
from edge_atm.errors import CameraFault, StoreFault
from edge_atm.store import Store
from edge_atm.vault.keys import Keys
from tests.unit.counter import CARD, PIN, Counter
from tests.unit.written import append, filled, journal_of, tamper

OTHER_KEYS = Keys(bytes(32))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
# `event` and `connection` are the method's own arguments, not fields.
FIELDS = st.dictionaries(st.text(max_size=9).map("f".__add__), JSON, max_size=4)
DETAILS = st.lists(FIELDS, min_size=1, max_size=6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unit.sqlite"


def refused(store: Store) -> str:
    with pytest.raises(StoreFault, match="the journal was changed") as caught:
        journal_of(store).verify()
    return str(caught.value)


def test_the_chain_is_the_one_that_the_page_describes(path: Path) -> None:
    store = Store(path)
    append(store, "opened")
    append(store, "intent", payout="p1", asked=(1, 0, 2, 0), name="é")
    key, before = journal_of(store)._key, bytes(32)
    for sequence, event, detail in [
        (1, "opened", "{}"),
        (2, "intent", '{"asked":[1,0,2,0],"name":"\\u00e9","payout":"p1"}'),
    ]:
        at, escaped = "2031-01-01T00:00:00.000+00:00", detail.replace("\\", "\\\\")
        escaped = escaped.replace('"', '\\"')
        body = f'[{sequence}, "{at}", "{event}", "{escaped}"]'.encode()
        before = hmac.new(key, before + body, hashlib.sha256).digest()
        entry = journal_of(store).entries()[sequence - 1]
        assert (entry.sequence, entry.at, entry.event) == (sequence, at, event)
        assert (entry.text, entry.mac) == (detail, before)


def test_its_key_is_the_one_that_the_page_describes(path: Path) -> None:
    store = Store(path)
    info = struct.pack(">I", 10) + b"edge-atm/1" + struct.pack(">I", 7) + b"journal"
    extracted = hmac.digest(bytes(32), bytes(range(32)), "sha256")
    assert journal_of(store)._key == hmac.digest(extracted, info + b"\x01", "sha256")


def test_it_cannot_be_changed_through_the_database(path: Path) -> None:
    store = filled(path)
    for statement in ("UPDATE journal SET event = 'x'", "DELETE FROM journal"):
        with pytest.raises(StoreFault, match="append-only"), store.transaction() as connection:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("tampering", "found_at"),
    [
        ("UPDATE journal SET detail = '{\"number\":9}' WHERE sequence = 3", 3),
        ("UPDATE journal SET detail = '{\"number\": 2}' WHERE sequence = 3", 3),
        ("UPDATE journal SET at = '2020-01-01T00:00:00' WHERE sequence = 1", 1),
        ("UPDATE journal SET event = 'other' WHERE sequence = 5", 5),
        ("UPDATE journal SET mac = zeroblob(32) WHERE sequence = 4", 4),
        ("DELETE FROM journal WHERE sequence = 2", 2),
        ("DELETE FROM journal WHERE sequence = 1", 1),
        ("UPDATE journal SET sequence = 50 WHERE sequence = 5", 5),
        ("INSERT INTO journal SELECT -7, at, event, detail, mac FROM journal LIMIT 1", 1),
        ("INSERT INTO journal SELECT 6, at, event, detail, mac FROM journal LIMIT 1", 6),
    ],
)
def test_a_changed_journal_is_detected(path: Path, tampering: str, found_at: int) -> None:
    store = filled(path)
    tamper(store, tampering)
    assert refused(store).endswith(f"entry {found_at}")


def test_two_entries_in_the_other_order_are_detected(path: Path) -> None:
    store = filled(path)
    for before, after in ((2, 99), (3, 2), (99, 3)):
        tamper(store, "UPDATE journal SET sequence = ? WHERE sequence = ?", after, before)
    assert refused(store).endswith("entry 2")


def test_another_key_does_not_verify(path: Path) -> None:
    store = filled(path)
    with pytest.raises(StoreFault, match="entry 1"):
        journal_of(store, OTHER_KEYS).verify()


@pytest.mark.parametrize("kept", range(6))
def test_a_chain_without_its_end_is_whole(path: Path, kept: int) -> None:
    """As the page admits: only an older export shows it."""
    store = filled(path)
    tamper(store, "DELETE FROM journal WHERE sequence > ?", kept)
    assert journal_of(store).verify() == journal_of(store).last_sequence() == kept


@pytest.mark.parametrize("page", [1, 2, 5, 6])
def test_pages_join_without_a_seam(path: Path, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(journal_module, "PAGE_ENTRIES", page)
    store = filled(path)
    assert list(journal_of(store).verified()) == journal_of(store).entries()
    tamper(store, "DELETE FROM journal WHERE sequence = 3")
    assert refused(store).endswith("entry 3")


def test_what_is_added_while_it_is_read_belongs_to_it(path: Path) -> None:
    store = filled(path)
    reading = journal_of(store).verified()
    next(reading)
    append(store, "later")
    assert [entry.sequence for entry in reading] == [2, 3, 4, 5, 6]


@settings(deadline=None, max_examples=25)
@given(DETAILS, st.data())
def test_whatever_is_written_is_read_back_and_any_change_is_seen(
    details: list[dict[str, object]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder, closing(Store(Path(folder) / "unit.sqlite")) as store:
        for detail in details:
            append(store, "event", **detail)
        journal = journal_of(store)
        assert [entry.detail for entry in journal.verified()] == json.loads(json.dumps(details))
        sequence = data.draw(st.integers(1, len(details)))
        column = data.draw(st.sampled_from(["at", "event", "detail"]))
        tamper(store, f"UPDATE journal SET {column} = {column} || ' ' WHERE sequence = ?", sequence)
        assert refused(store).endswith(f"entry {sequence}")


def told() -> Iterator[Counter]:
    """Sessions that end in every way in which something is written down."""
    yield Counter()
    yield Counter(cents=40_000, pins=("1111", PIN))
    yield Counter(card="4" * 16)
    yield Counter(card=None)
    yield Counter(broken={"camera": CameraFault("no picture")})


def test_no_entry_holds_a_card_number_a_name_a_pin_or_a_key(path: Path) -> None:
    store = Store(path)
    for counter in told():
        with suppress(CameraFault):
            counter.serve()
        for entry in counter.journal:
            append(store, **entry)  # type: ignore[arg-type]
    text = " ".join(entry.event + entry.text for entry in journal_of(store).verified())
    assert {"judged", "session", "fault"} <= set(re.findall(r"\w+", text))
    # A number, however it is spelt; hexadecimal pseudonyms and MACs stand between letters.
    assert re.findall(r"(?<![\w])(?:[0-9][ -]?){11,}[0-9](?!\w)", text) == []
    for secret in (CARD, CARD[-4:], "4444", PIN, "1111", bytes(range(32)).hex()):
        assert secret not in text

"""What a pad may say about taps, and what it may not."""

import json
import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.taps import Entry, Tap, parse_taps

PIN = "4711"
TOLD = {"x": 0.1, "y": -0.2, "size": 0.5, "pressure": 0.3}


def raw_taps(digits: str = PIN, /, **told: float) -> list[dict[str, Any]]:
    return [
        {"key": d, "down_seconds": i * 0.3, "up_seconds": i * 0.3 + 0.1} | told
        for i, d in enumerate(digits)
    ]


def refused(raw: object, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse_taps(raw)
    assert str(caught.value).count(".") == 1
    assert PIN not in str(caught.value)


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from("0123456789"), min_size=4, max_size=6),
    st.lists(st.floats(0.001, 4.9), min_size=6, max_size=6),
    st.lists(st.floats(0.001, 0.9), min_size=6, max_size=6),
    st.sets(st.sampled_from(["up_seconds", "place", "size", "pressure"])),
)
def test_what_is_told_comes_back_as_it_was(
    keys: list[str], gaps: list[float], holds: list[float], told: set[str]
) -> None:
    raw: list[dict[str, Any]] = []
    at = 0.0
    for key, gap, hold in zip(keys, gaps, holds, strict=False):
        tap: dict[str, Any] = {"key": key, "down_seconds": at}
        tap |= {"up_seconds": at + hold} if "up_seconds" in told else {}
        tap |= {"x": -1.5, "y": 1.5} if "place" in told else {}
        tap |= {name: hold for name in ("size", "pressure") if name in told}
        raw.append(tap)
        at += gap
    taps = parse_taps(json.loads(json.dumps(raw)))
    assert Entry("".join(keys), taps).taps == taps
    known = [
        {k: v for k, v in asdict(tap).items() if not (k != "key" and math.isnan(v))} for tap in taps
    ]
    assert known == raw


@given(st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.none() | st.integers()))
@settings(max_examples=30)
def test_anything_else_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z][^.]*\.$"):
        parse_taps(raw)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", 7), ("key", "12"), ("key", "٣"), ("key", ""), ("key", None),
        ("down_seconds", None), ("down_seconds", True), ("down_seconds", "0"),
        ("down_seconds", math.nan), ("down_seconds", -0.1), ("down_seconds", 0.0),
        ("up_seconds", 0.3), ("up_seconds", 2**1100), ("up_seconds", None), ("x", 1.6), ("y", -1.6),
        ("x", None), ("x", math.nan), ("size", 0), ("size", 3.1), ("size", None),
        ("pressure", 1.01), ("pressure", -0.01), ("pressure", math.inf), ("colour", 1),
    ],
    ids=lambda value: "huge" if value == 2**1100 else None,
)  # fmt: skip
def test_one_wrong_field_of_one_tap_refuses_all(field: str, value: object) -> None:
    raw = raw_taps(**TOLD)
    parse_taps(raw)
    raw[1][field] = value
    refused(raw, "tap")


def test_an_entry_is_of_four_to_six_taps_that_begin_at_zero_within_half_a_minute() -> None:
    refused(raw_taps("471"), "4 to 6")
    refused(raw_taps("4711471"), "4 to 6")
    refused([*raw_taps()[1:], {"key": "1", "down_seconds": 1.2}], "told of some")
    late = raw_taps()
    for tap in late:
        tap["down_seconds"] += 0.05
    refused(late, "at 0 seconds")
    late = raw_taps()
    late[3] |= {"down_seconds": 29.9, "up_seconds": 30.1}
    refused(late, "out of range")
    refused([{k: v for k, v in tap.items() if k != "y"} for tap in raw_taps(**TOLD)], "without its")


def test_a_finger_may_roll_over_to_the_next_key() -> None:
    raw = raw_taps()
    raw[0]["up_seconds"] = 0.35
    assert parse_taps(raw)[0].up_seconds == 0.35


def test_an_entry_without_taps_is_one_and_other_keys_than_the_digits_are_none() -> None:
    assert Entry(PIN).taps == ()
    with pytest.raises(ValueError, match="not the digits"):
        Entry("4712", parse_taps(raw_taps()))
    with pytest.raises(ValueError, match="out of range"):
        Entry(PIN, tuple(Tap(d, i * 0.1, x=2.0, y=0.0) for i, d in enumerate(PIN)))


def test_what_was_typed_is_never_printed() -> None:
    entry = Entry(PIN, parse_taps(raw_taps()))
    assert repr(entry) == "Entry()"
    assert repr(entry.taps[0]) == "Tap()"

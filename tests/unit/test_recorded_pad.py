"""The recorded pad types what its file says, and the made-up people have rhythms of their own."""

import json
from pathlib import Path

import numpy as np
import pytest

from edge_atm.money import Wish
from edge_atm.records import Way
from edge_atm.taps import Entry
from edge_atm.touch import plda
from edge_atm.touch.features import Level, recorded, sequence
from tests.rig.recorded_pad import RecordedPad
from tests.rig.rhythms import person, told

PIN = "4711"


def test_a_pad_replays_its_file_entry_by_entry(tmp_path: Path) -> None:
    entry = person(1).entry(PIN, np.random.default_rng(1))
    path = tmp_path / "session.json"
    session = {
        "card_number": "9", "cents": 5000, "way": "face",
        "entries": [{"digits": PIN, "taps": told(entry, "up_seconds")}, {"digits": PIN}],
    }  # fmt: skip
    path.write_text(json.dumps(session))
    pad = RecordedPad.load(path)
    assert (pad.card_number(), pad.wish(), pad.way(0)) == ("9", Wish(5000), Way.FACE)
    first = pad.pin()
    assert first is not None
    assert [tap.up_seconds for tap in first.taps] == [tap.up_seconds for tap in entry.taps]
    assert np.isnan(first.taps[0].size)
    assert PIN not in repr(pad)
    assert pad.pin() == Entry(PIN)
    assert pad.pin() is None


def test_a_file_with_other_keys_than_its_digits_is_refused(tmp_path: Path) -> None:
    taps = told(person(1).entry(PIN, np.random.default_rng(1)))
    path = tmp_path / "session.json"
    path.write_text(json.dumps({"entries": [{"digits": "4712", "taps": taps}]}))
    with pytest.raises(ValueError, match="not the digits"):
        RecordedPad.load(path)


def test_made_up_people_are_told_apart_by_their_rhythm() -> None:
    random = np.random.default_rng(2)
    entries = [person(n).entry("123456", random).taps for n in range(12) for _ in range(8)]
    users = np.repeat(np.arange(12), 8)
    features = plda.evidence(sequence(recorded(entries), Level.HOLD))
    model = plda.fit(features[:64], users[:64])
    habits = model.habits(features)
    own = [
        plda.llr(habits[n : n + 5].mean(0), 5, habits[n + 5 : n + 8], model.between)
        for n in (64, 72)
    ]
    other = plda.llr(habits[64:69].mean(0), 5, habits[72:80], model.between)
    assert np.mean(own) > 0 > np.mean(other)

"""The commands that touch a habit of tapping: asked for, sealed anew, destroyed."""

import json

import numpy as np
import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.cli.people import TOUCH_CONSENT
from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow
MODEL = "taps"
LEARNT = [np.arange(8, dtype=np.float32)] * 5


@pytest.fixture
def learnt(cli: Cli) -> Cli:
    """A unit with one customer, who has no face and a habit."""
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit:
        who = unit.customers.claim(CARD).customer_id
        with unit.store.transaction() as connection:
            unit.habits.agree(connection, who, "50-plus")
            assert unit.habits.learn(connection, who, MODEL, LEARNT, 20) == 5
    return cli


def kept(cli: Cli) -> int:
    with open_unit(cli.config, development=True) as unit:
        who = unit.customers.claim(CARD).customer_id
        with unit.habits.opened(who, MODEL) as habit:
            assert not len(habit) or np.array_equal(habit, LEARNT)
            return len(habit)


def last(cli: Cli, event: str) -> dict[str, object]:
    with open_unit(cli.config, development=True) as unit:
        return [e.detail for e in unit.journal.entries() if e.event == event][-1]


@pytest.mark.parametrize("words", [("reissue", "--all"), ("rotate-keys",)])
def test_new_keys_keep_habits_and_count_them(learnt: Cli, words: tuple[str, ...]) -> None:
    learnt.here(*words, "--yes")
    assert kept(learnt) == 5
    entry = last(learnt, "rotated" if "rotate-keys" in words else "reissued")
    assert (entry["count"], entry["habits"]) == (0, 1)


@pytest.mark.parametrize("leaked", [False, True])
def test_a_habit_is_revoked_also_without_a_face(learnt: Cli, leaked: bool) -> None:
    result = learnt("revoke", "--yes", *["--leaked"] * leaked, typed=f"{CARD}\n")
    assert result.returncode == 0, result.stderr
    assert kept(learnt) == 0
    entry = last(learnt, "revoked")
    assert (entry["leaked"], entry["habit"]) == (leaked, True)
    # There is nothing left to revoke.
    assert learnt("revoke", "--yes", typed=f"{CARD}\n").returncode == 1


def test_forgetting_takes_the_habit_too(learnt: Cli) -> None:
    assert learnt("forget", "--yes", typed=f"{CARD}\n").returncode == 0
    assert kept(learnt) == 0


def test_the_doctor_names_whose_habit_does_not_open(learnt: Cli) -> None:
    with open_unit(learnt.config, development=True) as unit:
        who = unit.customers.claim(CARD).customer_id
        with unit.store.transaction() as connection:
            connection.execute("UPDATE habits SET version = 7")
    found = {f["part"]: f for f in json.loads(learnt("doctor", "--json").stdout)}
    assert who in found["templates"]["text"]


def test_an_age_band_is_asked_for_only_where_it_counts(learnt: Cli) -> None:
    result = learnt("enrol", "--consent", "--name", "Ada", "--age-band", "50-plus")
    assert result.returncode == 2
    assert "[touch] has use = true" in result.stderr


def test_where_tapping_counts_the_consent_is_for_it_too(learnt: Cli) -> None:
    text = learnt.config.read_text()
    learnt.config.write_text(f"{text}\n[touch]\nuse = true\nstrange_limit_cents = 2000\n")
    result = learnt("enrol", "--name", "Ada", typed="n\n")
    assert result.returncode == 1
    assert TOUCH_CONSENT in result.stderr
    found = {f["part"]: f for f in json.loads(learnt("doctor", "--json").stdout)}
    assert "SapiPin" in found["touch"]["text"]

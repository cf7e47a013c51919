"""The dispenser's line measured: nothing moves, and a lost answer shows."""

import json

import pytest

from tests.cli.conftest import Cli
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan
from tests.rig.lcdm_words import Command

pytestmark = pytest.mark.slow


def test_the_link_is_measured_without_a_database(cli: Cli, sim: SimulatedDispenser) -> None:
    report = json.loads(cli.here("link-test", "--times", "5", "--json"))
    assert (report["port"], report["baud"]) == (sim.port, 9600)
    assert (report["asked"], report["lost"], report["disturbances"]) == (10, 0, 0)
    assert 0 < report["min_ms"] <= report["median_ms"] <= report["max_ms"]
    assert (report["state"], report["blocked"]) == ("00: no error", [])
    assert [cassette["present"] for cassette in report["cassettes"]] == [True, True, True, True]
    assert report["authenticated"] is False
    assert set(sim.commands) == {Command.STATUS, Command.LAST_STATUS}
    assert not cli.database.parent.exists()


def test_a_lost_answer_fails_the_link(cli: Cli) -> None:
    faults = (
        Fault(Command.STATUS, "lose_response", occurrence=2),
        Fault(Command.LAST_STATUS, "garble_response"),
    )
    with SimulatedDispenser(cli.folder / "poor.json", FaultPlan(faults)) as poor:
        cli.change(cli.port, poor.port)
        result = cli("link-test", "--times", "3")
    assert result.returncode == 1
    assert "6 questions, 1 without an answer" in result.stdout
    assert "1 answer(s) damaged" in result.stdout
    assert "not authenticated" in result.stdout
    assert f"{poor.port} at 9600 baud: " in result.stdout
    assert " ms in the median (" in result.stdout
    assert "cable" in result.stdout


def test_a_dead_line_is_told_apart_from_a_poor_one(cli: Cli) -> None:
    faults = [Fault(each, "lose_command", occurrence=0) for each in (0x50, 0x55)]
    with SimulatedDispenser(cli.folder / "dead.json", FaultPlan(tuple(faults))) as dead:
        cli.change(cli.port, dead.port)
        said = cli.here("link-test", "--times", "1")
    assert "2 questions, 2 without an answer" in said
    assert "Nothing answered: see that the dispenser is on" in said
    assert "`port`, `baud` and `parity` under [dispenser]" in said

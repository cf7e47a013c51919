"""A technician's visit: what is tested, counted, filled and closed, and what is refused."""

import json
import re
from typing import Any

import click
import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.config import Config
from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import ConfigError, EdgeError, LinkSilent, StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome
from tests.cli.conftest import CARD, Cli
from tests.rig.bench import TIMING
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan
from tests.rig.lcdm_words import Command

pytestmark = pytest.mark.slow
PURGED = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)


def answer(cli: Cli, *words: str) -> Any:
    """Run a command in this process and return its one JSON document."""
    return json.loads(cli.here(*words, "--json"))


def column(cassettes: list[dict[str, Any]], name: str) -> list[Any]:
    return [cassette[name] for cassette in cassettes]


def found(cli: Cli, part: str) -> dict[str, Any]:
    return next(finding for finding in answer(cli, "doctor") if finding["part"] == part)


def intend(cli: Cli) -> None:
    with open_unit(cli.config, development=True) as unit:
        customer_id = unit.customers.claim(CARD).customer_id
        unit.ledger.intend("p1", customer_id, "s1", 8000, (1, 1, 1, 0), PURGED)


def faulty(cli: Cli, *faults: Fault) -> SimulatedDispenser:
    """Return another dispenser for the same unit, which has these faults."""
    return SimulatedDispenser(cli.folder / "faulty.json", FaultPlan(faults), notes=(50, 50, 50, 0))


def test_a_visit_from_the_test_to_the_close(cli: Cli, sim: SimulatedDispenser) -> None:
    cli.provisioned()
    tested = answer(cli, "test-dispense", "--yes")
    assert (tested["asked"], tested["rejected"], tested["error"]) == ([1, 1, 1, 0], [1, 1, 1, 0], 0)
    assert column(tested["before"], "should_hold") == [50, 50, 50, 0]
    assert tuple(column(tested["after"], "should_hold")) == sim.cassettes == (49, 49, 49, 0)
    counted = answer(cli, "cash-count", "--notes", "49,48,49,0", "--tray", "1,1,1,0", "--yes")
    assert (counted["expected"], counted["tray_expected"]) == ([49, 49, 49, 0], [1, 1, 1, 0])
    assert (counted["over_cents"], counted["short_cents"]) == (0, 2000)
    assert column(counted["after"], "initial") == [49, 48, 49, 0]
    assert column(counted["after"], "rejected") == [0, 0, 0, 0]
    filled = answer(cli, "replenish", "--notes", "60,0,10,0", "--add", "--yes")
    assert column(filled["after"], "should_hold") == [109, 48, 59, 0]
    assert column(filled["after"], "status") == ["ok", "low", "ok", "empty"]
    assert "cassette 2 is low, 48 x 20 EUR" in found(cli, "cassettes")["text"]
    assert "edge-atm replenish" in found(cli, "cassettes")["action"]
    assert found(cli, "payouts")["ok"]
    answer(cli, "replenish", "--notes", "100,100,100,0", "--swap", "--yes")
    assert found(cli, "cassettes")["ok"]
    closed = answer(cli, "close-day")
    assert (closed["balanced"], closed["over_cents"], closed["short_cents"]) == (True, 0, 2000)
    assert column(closed["cassettes"], "rejected") == [1, 1, 1, 0]
    assert column(closed["cassettes"], "short") == [0, 1, 0, 0]
    assert column(closed["cassettes"], "added") == [210, 150, 160, 0]
    assert column(closed["cassettes"], "removed") == [109, 48, 59, 0]
    assert column(closed["tray"], "counted") == column(closed["tray"], "expected") == [1, 1, 1, 0]
    again = answer(cli, "close-day")
    assert (again["since"], again["entry"]) == (closed["until"], None)
    assert again["cassettes"][0]["opening"] == 100
    assert cli.events()[-4:] == ["cash_counted", "replenished", "replenished", "day_closed"]
    assert closed["entry"] == len(cli.events())


def test_a_question_comes_with_a_table(cli: Cli) -> None:
    cli.provisioned()
    result = cli("cash-count", "--notes", "49,50,50,0", typed="n\n")
    assert result.returncode == 1
    assert "Short 1 note(s), 10.00 EUR; over 0 note(s), 0.00 EUR." in result.stdout
    # Without a terminal the width is 80, and no word is cut or broken to fit.
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert re.search(r"^ *1 +10.00 +50 +0 +0 +0 +50 accurateSet ok *$", result.stdout, re.M)
    assert "presented rejected unknown" in result.stdout
    assert "Book 49,50,50,0 (3990.00 EUR) as the new beginning? [y/N]" in result.stderr
    assert "Nothing was changed." in result.stderr
    assert cli.events() == ["loaded", "provisioned"]


@pytest.mark.parametrize(
    "words", [("replenish", "--notes", "1,1,1,0"), ("cash-count", "--notes", "1,1,1,0"),
              ("test-dispense",)],
)  # fmt: skip
def test_nothing_is_changed_while_a_payout_is_open_or_the_service_runs(
    cli: Cli, words: tuple[str, ...]
) -> None:
    cli.provisioned()
    with open_unit(cli.config, True, alone=True), pytest.raises(StoreFault) as refused:
        cli.here(*words, "--yes")
    assert "Stop the service" in refused.value.hint
    with pytest.raises((ConfigError, click.BadParameter)):
        cli.here(*words[:1], "--notes", "1,1,1,1", "--yes")
    intend(cli)
    with pytest.raises(ConfigError, match="p1 is still open") as refused_too:
        cli.here(*words, "--yes")
    assert "Start the service" in refused_too.value.hint
    assert cli.events() == ["loaded", "provisioned", "intent"]


def test_doubt_wants_a_count_and_nothing_is_added_to_it(cli: Cli) -> None:
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit:
        unit.ledger.service.note_missing([2])
    assert "cassette 2 was taken out" in found(cli, "cassettes")["text"]
    assert "edge-atm cash-count" in found(cli, "cassettes")["action"]
    with pytest.raises(StoreFault, match="cassette 2 was taken out") as refused:
        cli.here("replenish", "--add", "--notes", "1,1,1,0", "--yes")
    assert "edge-atm cash-count" in refused.value.hint
    counted = answer(cli, "cash-count", "--notes", "50,50,50,0", "--yes")
    assert column(counted["before"], "status") == ["ok", "manipulated", "ok", "empty"]
    assert column(counted["after"], "accuracy") == ["accurateSet"] * 4
    cli.here("replenish", "--add", "--notes", "1,1,1,0", "--yes")


def test_a_silent_test_books_its_notes_as_unknown(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.provisioned()

    def hasty(config: Config) -> LcdmDispenser:
        return LcdmDispenser(SerialWire(config.dispenser.port), TIMING)

    monkeypatch.setattr("edge_atm.cli.unit.dispenser_of", hasty)
    lost = Fault(Command.TEST_DISPENSE, "power_loss_mid", notes=2, seconds=0.1, last_status="stale")
    with faulty(cli, lost) as silent:
        cli.change(cli.port, silent.port)
        with pytest.raises(EdgeError, match="booked as unknown") as told:
            cli.here("test-dispense", "--yes", "--notes", "2,1,0,0")
    assert not isinstance(told.value, LinkSilent)
    assert "edge-atm cash-count" in told.value.hint
    assert cli.events()[-2:] == ["service", "service_counted"]
    assert "misses 2 note(s)" in found(cli, "cassettes")["text"]


def test_a_close_fails_when_the_books_differ_from_the_journal(cli: Cli) -> None:
    cli.provisioned()
    intend(cli)
    with open_unit(cli.config, development=True) as unit, unit.store.transaction() as connection:
        connection.execute("UPDATE storage_units SET presented = 1 WHERE position = 1")
    result = cli("close-day")
    assert result.returncode == 1
    assert "NOT BALANCED" in result.stdout
    assert "payout p1, INTENT" in result.stdout

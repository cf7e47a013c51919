"""What a technician is told: before a question, after an interruption, and instead of a mistake."""

import click
import pytest
from click.testing import CliRunner, Result

from edge_atm.cash.upkeep import Upkeep
from edge_atm.cli.main import cli as command_line
from edge_atm.cli.opening import open_unit
from edge_atm.config import Config
from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import ConfigError, EdgeError, LinkFault, StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.cli.conftest import Cli
from tests.rig.bench import TIMING
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan
from tests.rig.lcdm_words import Command

pytestmark = pytest.mark.slow
PURGED = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)
SOME = ("--notes", "50,50,50,0", "--yes")


def told(cli: Cli, *words: str, typed: str = "") -> Result:
    """Run a command in this process with something typed, and return all it said."""
    options = ["--config", str(cli.config), "--development"]
    return CliRunner().invoke(command_line, [*options, *words], input=typed)


def interrupted(cli: Cli, asked: Quantities = (6, 6, 6, 0)) -> Cli:
    """Leave a test dispense whose answer nobody has heard."""
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit:
        unit.ledger.service.begin(Operation.TEST_DISPENSE, PURGED, asked)
    return cli


def refusal(cli: Cli, *words: str) -> EdgeError:
    with pytest.raises(EdgeError) as refused:
        cli.here(*words)
    return refused.value


def test_nothing_is_closed_or_added_while_a_test_is_not_counted(cli: Cli) -> None:
    interrupted(cli)
    for words, said in (
        (("close-day",), "Not closed: a test dispense of 6,6,6,0 is not counted yet"),
        (("replenish", "--add", *SOME), "Not added: a test dispense of 6,6,6,0 is not counted yet"),
    ):
        refused = refusal(cli, *words)
        assert (str(refused), type(refused)) == (said, ConfigError)
        assert "edge-atm test-dispense" in refused.hint
    assert "a test dispense of 6,6,6,0 is not counted" in told(cli, "doctor").output
    assert cli.events() == ["loaded", "provisioned", "service"]


@pytest.mark.parametrize("command", ["cash-count", "replenish"])
def test_a_persons_count_takes_its_place_when_the_tray_is_counted(cli: Cli, command: str) -> None:
    interrupted(cli)
    result = told(cli, command, *SOME)
    assert result.exit_code == 2
    assert "A test dispense of 6,6,6,0 is not counted yet; your count takes its" in result.output
    assert "The tray should hold 0,0,0,0 (0.00 EUR): count it" in result.output
    assert told(cli, command, *SOME, "--tray", "6,6,6,0").exit_code == 0
    assert "Balanced" in told(cli, "close-day").output


def test_an_interrupted_test_is_counted_first(cli: Cli) -> None:
    interrupted(cli, (1, 0, 0, 0))
    # This dispenser remembers no test, so the note is nowhere.
    output = told(cli, "test-dispense", "--notes", "0,1,0,0", "--yes").output
    assert "First counted the interrupted test dispense of 1,0,0,0: 0,0,0,0 went into" in output
    assert "nobody can place 1,0,0,0." in output
    assert "First counted" not in told(cli, "test-dispense", "--yes").output


def test_a_tray_with_notes_in_it_has_to_be_counted(cli: Cli) -> None:
    cli.provisioned().here("test-dispense", "--notes", "3,1,2,0", "--yes")
    for command in ("cash-count", "replenish"):
        result = told(cli, command, *SOME)
        assert (result.exit_code, "should hold 3,1,2,0 (150.00 EUR)" in result.output) == (2, True)
        assert "TRAY=" in result.output
        refused = refusal(cli, command, *SOME, "--tray", "3,1,2,1")
        assert str(refused) == "Cassette 4 is empty in the configuration: its count must be 0"
    output = told(cli, "cash-count", "--notes", "47,49,48,0", "--tray", "3,1,2,0", "--yes").output
    assert "Matches note for note." in output
    assert f"Booked as journal entry {len(cli.events())}." in output
    output = told(cli, "close-day").output
    assert "- expected when emptied        3        1        2    0 150.00 EUR" in output
    assert "= should hold       47       49       48    0 3850.00 EUR" in output


@pytest.mark.parametrize(
    ("words", "question"),
    [
        (("test-dispense",), "Move 1,1,1,0 (80.00 EUR) into the reject tray? [y/N]"),
        (("replenish", "--notes", "60,50,50,0"), "Do the cassettes hold 60,50,50,0 (4100.00 EUR)"),
        (("replenish", "--add", "--notes", "1,0,0,0"), "Were 1,0,0,0 (10.00 EUR) added? [y/N]"),
    ],
)
def test_a_no_and_a_missing_terminal_change_nothing(
    cli: Cli, words: tuple[str, ...], question: str
) -> None:
    cli.provisioned()
    no, nobody = told(cli, *words, typed="n\n"), told(cli, *words)
    assert question in no.output
    assert (no.exit_code, "Nothing was changed." in no.output) == (1, True)
    assert (nobody.exit_code, "No terminal to ask on: use --yes" in nobody.output) == (2, True)
    if words[0] == "replenish":
        assert "= will hold" in no.output
    assert cli.events() == ["loaded", "provisioned"]


def test_an_interruption_says_what_was_moving(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(upkeep: Upkeep, quantities: Quantities) -> Outcome:
        with open_unit(cli.config, development=True) as unit:
            unit.ledger.service.begin(Operation.TEST_DISPENSE, PURGED, quantities)
        raise KeyboardInterrupt

    cli.provisioned()
    monkeypatch.setattr(Upkeep, "test", stopped)
    result = told(cli, "test-dispense", "--notes", "6,6,6,0", "--yes")
    assert result.exit_code == 130
    assert "Stopped while the dispenser was moving 6,6,6,0 into the tray." in result.output
    assert "run `edge-atm test-dispense`, which asks it first." in result.output


def test_a_second_close_is_none(cli: Cli) -> None:
    cli.provisioned()
    first, second = told(cli, "close-day"), told(cli, "close-day")
    assert "From the beginning to 20" in first.output
    assert second.exit_code == 0
    assert "Nothing happened since the close of 20" in second.output
    assert cli.events() == ["loaded", "provisioned", "day_closed"]


def test_a_dispenser_that_is_not_there_moved_no_note(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(config: Config) -> LcdmDispenser:
        return LcdmDispenser(SerialWire(config.dispenser.port), TIMING)

    cli.provisioned()
    port = cli.port
    deaf = FaultPlan((Fault(Command.STATUS, "lose_command", occurrence=0),))
    with SimulatedDispenser(cli.folder / "deaf.json", deaf) as silent, monkeypatch.context() as at:
        at.setattr("edge_atm.cli.unit.dispenser_of", hasty)
        cli.change(port, silent.port)
        refused = refusal(cli, "test-dispense", "--yes")
        cli.change(silent.port, "/dev/nowhere")
    assert "did not answer STATUS" in str(refused)
    assert str(refused).endswith(". No note moved")
    assert refused.hint == LinkFault.hint
    assert "`port` under [dispenser]" in refusal(cli, "test-dispense", "--yes").hint
    assert cli.events() == ["loaded", "provisioned"]


def test_a_broken_journal_stops_every_verb(cli: Cli) -> None:
    cli.provisioned().tamper("UPDATE journal SET at = '2020' WHERE sequence = 1")
    for words in (
        ("test-dispense", "--yes"), ("cash-count", *SOME), ("replenish", *SOME), ("close-day",),
        ("settle", "--presented", "0,0,0,0", "--yes"),
        ("provision", "--accounts", str(cli.folder / "accounts.csv")),
    ):  # fmt: skip
        refused = refusal(cli, *words)
        assert isinstance(refused, StoreFault)
        assert "changed at or before entry 1" in str(refused)
        assert refused.hint.endswith("then call the bank; the unit stays closed.")


def test_nothing_is_added_by_mistake(cli: Cli) -> None:
    cli.provisioned()
    with pytest.raises(click.BadParameter, match="nothing would be added"):
        cli.here("replenish", "--add", "--notes", "0,0,0,0", "--yes")
    with pytest.raises(click.UsageError, match="neither --swap nor --tray"):
        cli.here("replenish", "--add", "--swap", *SOME)
    assert "more than 9999" in str(refusal(cli, "replenish", "--add", "--notes", "9999,0,0,0"))
    assert "SWAP=1" in refusal(cli, "replenish", "--notes", "9,9,9,0", "--yes").hint
    assert cli.events() == ["loaded", "provisioned"]

"""Every command as a technician meets it: exit status, a sentence, the next action."""

import json

import pytest

from edge_atm.errors import ConfigError, StoreFault
from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow


def test_provision_then_look_at_everything(cli: Cli) -> None:
    accounts = cli.folder / "accounts.csv"
    result = cli("provision", "--accounts", str(accounts), "--notes", "50,50,50,0")
    assert result.returncode == 0, result.stderr
    assert f"Now delete {accounts}" in result.stdout
    listed = json.loads(cli("customers", "--json").stdout)
    assert [(c["card_last4"], c["name"]) for c in listed] == [(CARD[-4:], None)]
    assert "not enrolled" in cli("customers").stdout
    assert json.loads(cli("journal", "verify", "--json").stdout)["entries"] == 3
    _, loaded, provisioned = json.loads(cli("journal", "show", "--json").stdout)["entries"]
    assert (loaded["event"], loaded["balance_cents"]) == ("loaded", 50_000)
    assert (provisioned["event"], provisioned["notes"]) == ("provisioned", [50, 50, 50, 0])
    assert "chain of 3 entries is whole" in cli("journal", "verify").stdout
    models = json.loads(cli("models", "verify", "--json").stdout)
    assert models["models"] == ["pnet", "rnet", "onet", "facenet_int8"]


def test_doctor_says_what_is_wrong_and_what_to_do(cli: Cli) -> None:
    result = cli.provisioned()("doctor", "--json")
    assert result.returncode == 1
    found = {finding["part"]: finding for finding in json.loads(result.stdout)}
    assert {part for part, finding in found.items() if not finding["ok"]} == {"camera"}
    assert "/dev/video77" in found["camera"]["text"]
    assert "cable" in found["camera"]["action"]
    assert "protects nothing" in found["key"]["text"]
    assert found["pad model"]["text"] == "none"
    assert "remembers nothing" in found["dispenser"]["text"]
    cli.here("test-dispense", "--yes")
    spoken = cli.here("doctor")
    assert "remembers a test dispense;" in spoken
    # The camera is not there, and the cassettes run low.
    assert spoken.splitlines()[-1] == "2 of 15 failed."


@pytest.mark.parametrize(
    "command", ["withdraw", "enrol", "doctor", "customers", "journal show", "run"]
)
def test_before_provisioning_a_sentence_says_so(cli: Cli, command: str) -> None:
    words = [*command.split(), *(["--name", "A", "--consent"] if command == "enrol" else [])]
    result = cli(*words)
    assert result.returncode in (1, 3)
    assert "run `edge-atm provision` with --notes first" in result.stdout + result.stderr


def test_no_camera_refuses_and_moves_nothing(cli: Cli) -> None:
    result = cli.provisioned()("enrol", "--name", "A", "--consent", typed=CARD + "\n")
    assert result.returncode == 3
    assert "there is no camera at /dev/video77" in result.stderr


def test_withdraw_of_somebody_not_enrolled_is_refused(cli: Cli) -> None:
    result = cli.provisioned()("withdraw", "--json", typed=f"{CARD}\n20\n")
    assert result.returncode == 1
    receipt = json.loads(result.stdout)
    assert (receipt["verdict"], receipt["reason"]) == ("refuse", "not_enrolled")
    assert receipt["paid_cents"] == 0
    assert "DEVELOPMENT KEY" in result.stderr


def test_run_serves_until_the_end_of_input(cli: Cli) -> None:
    result = cli.provisioned()("run", typed=f"{CARD}\n20\n123\n")
    assert result.returncode == 0, result.stderr
    assert "no face is enrolled" in result.stderr
    assert "card was not accepted" in result.stderr
    # The first opening fills the dispenser's empty memory without paying.
    sessions = ["service", "service_counted", "opened", "session", "session", "session", "closed"]
    assert cli.events() == ["loaded", "provisioned", *sessions]


def test_without_a_key_nothing_opens(cli: Cli) -> None:
    cli.provisioned()
    result = cli("customers", development=False)
    assert result.returncode == 3
    assert "no master key" in result.stderr


@pytest.mark.parametrize(
    ("before", "after", "said", "status"),
    [
        ("unit_id", "unit_nr", "unit.unit_nr: unknown key", 2),
        ("posterior_min = 0.95", "posterior_min = 0.1", "posterior_min", 2),
        ('port = "', 'port = "/nowhere', "nowhere", 3),
    ],
)
def test_a_wrong_configuration_is_one_sentence(
    cli: Cli, before: str, after: str, said: str, status: int
) -> None:
    cli.provisioned().change(before, after)
    result = cli("withdraw", typed=f"{CARD}\n20\n")
    assert result.returncode == status
    assert said in result.stderr


def test_a_busy_port_is_named(cli: Cli) -> None:
    from edge_atm.config import read_config
    from edge_atm.device.dispenser import LcdmDispenser
    from edge_atm.device.serial_wire import SerialWire

    cli.provisioned()
    with LcdmDispenser(SerialWire(read_config(cli.config).dispenser.port)):
        result = cli("withdraw", typed=f"{CARD}\n20\n")
    assert result.returncode == 3
    assert "in use by another program" in result.stderr


def test_a_damaged_database_is_a_sentence(cli: Cli) -> None:
    cli.provisioned()
    cli.database.write_bytes(b"\xff" * 8192)
    result = cli("customers")
    assert result.returncode == 3
    assert "copy the database away untouched" in result.stderr
    cli.database.write_bytes(b"")
    for words in (("customers",), ("cash-count", "--notes", "1,1,1,0")):
        with pytest.raises(StoreFault, match="there is an empty file") as empty:
            cli.here(*words)
        assert "edge-atm provision" in empty.value.hint


def test_a_missing_configuration_says_how_to_name_one(cli: Cli) -> None:
    cli.config.unlink()
    with pytest.raises(ConfigError, match="No such file") as missing:
        cli.here("link-test")
    assert 'make: UNIT="--config FILE"' in missing.value.hint


def test_wrong_usage_is_two(cli: Cli) -> None:
    assert cli("withdrew").returncode == 2
    accounts = str(cli.folder / "accounts.csv")
    assert cli("provision", "--accounts", accounts, "--notes", "1,2").returncode == 2
    assert cli("--help").returncode == 0
    assert "Exit status" in cli("--help").stdout


def test_consent_is_required(cli: Cli) -> None:
    result = cli.provisioned()("enrol", "--name", "A", "--no-consent")
    assert result.returncode == 1
    assert "consent" in result.stderr

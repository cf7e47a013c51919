"""One strict file; every fault at once."""

from pathlib import Path

import pytest

from edge_atm.config import read_config
from edge_atm.errors import ConfigError

# The file that the error's hint names, from the checkout's root.
EXAMPLE = "docs/edge-atm.toml"
GOOD = """
[unit]
unit_id = "atm-001"
state_dir = "/var/lib/edge-atm"
key_protection = "host"

[camera]
kind = "v4l2"
device = "/dev/video0"

[dispenser]
port = "/dev/serial0"
currency = "EUR"
cassette_values_cents = [1000, 2000, 5000, 0]

[limits]
amount_cents_max = 50000
face_only_limit_cents = 10000
card_pin_limit_cents = 0
prior_genuine = 0.99
posterior_min = 0.95
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "edge-atm.toml"
    path.write_text(text)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, GOOD))
    assert config.limits.face_only_limit_cents == 10_000
    assert config.dispenser.port == Path("/dev/serial0")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("unit_id", "unit_idd", "unit.unit_idd: unknown key"),
        ("amount_cents_max = 50000\n", "", "limits.amount_cents_max: missing key"),
        ("posterior_min = 0.95", "posterior_min = 0.5", "limits.posterior_min"),
        ("[limits]", "[limits]\nfailed_looks_per_hour_max = 0", "limits.failed_looks_per_hour"),
        ("[limits]", "[limits]\nwrong_pins_per_hour_max = 1001", "limits.wrong_pins_per_hour"),
        ("posterior_min = 0.95", "posterior_min = nan", "limits.posterior_min"),
        ("amount_cents_max = 50000", "amount_cents_max = 500.5", "limits.amount_cents_max"),
        ("amount_cents_max = 50000", 'amount_cents_max = "50000"', "limits.amount_cents_max"),
        ("face_only_limit_cents = 10000", "face_only_limit_cents = 60000", "limits"),
        ('device = "/dev/video0"', "", "device is needed for v4l2"),
        ("[1000, 2000, 5000, 0]", "[0, 0, 0, 0]", "at least one cassette"),
        ("[1000, 2000, 5000, 0]", "[1000]", "dispenser.cassette_values_cents"),
        ('"host"', '"none"', "unit.key_protection"),
        ("[limits]", "[limits", "is not TOML"),
        ('"/var/lib/edge-atm"', '"state"', "unit.state_dir: state must be an absolute path"),
        ('"/dev/video0"', '"video0"', "camera.device: video0 must be an absolute path"),
        ('"/dev/serial0"', '"./tty"', "dispenser.port: tty must be an absolute path"),
        ("prior_genuine = 0.99", "prior_genuine = 1.0", "limits.prior_genuine"),
        ("prior_genuine = 0.99", "prior_genuine = nan", "limits.prior_genuine"),
        ("posterior_min = 0.95", "posterior_min = 1.0", "limits.posterior_min"),
        ("posterior_min = 0.95\n", "", "limits.posterior_min: missing key"),
        ("face_only_limit_cents = 10000\n", "", "limits.face_only_limit_cents: missing key"),
        ("prior_genuine = 0.99\n", "", "limits.prior_genuine: missing key"),
        ("card_pin_limit_cents = 0\n", "", "limits.card_pin_limit_cents: missing key"),
        ("card_pin_limit_cents = 0", "card_pin_limit_cents = 60000", "limits: card_pin_limit_"),
        (
            "[dispenser]",
            '[camera.pin]\ndriver = "a"\n[dispenser]',
            "camera.pin.serial: missing key",
        ),
        (
            "[dispenser]",
            '[camera.pin]\nserial = ""\n[dispenser]',
            "camera.pin.serial: String should",
        ),
        ("[limits]", '[bank]\npublic_keys = ["age1"]\n[limits]', "is age1 and 58 more signs"),
        ("[limits]", "[bank]\nescrow = true\n[limits]", "bank: escrow and evidence need"),
        ("[limits]", "[bank]\nevidence = true\n[limits]", "bank: escrow and evidence need"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigError, match=r"edge-atm\.toml") as caught:
        read_config(write(tmp_path, GOOD.replace(before, after)))
    assert said in str(caught.value)
    assert EXAMPLE in caught.value.hint


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("unit_id", "unit_idd").replace("prior_genuine = 0.99", "prior_genuin = 1")
    with pytest.raises(ConfigError) as caught:
        read_config(write(tmp_path, broken))
    title, *faults = str(caught.value).splitlines()
    assert title.endswith("edge-atm.toml has 4 fault(s)")
    # One fault a line, so that a technician can tick them off.
    assert sorted(faults) == [
        "  limits.prior_genuin: unknown key (did you mean prior_genuine?)",
        "  limits.prior_genuine: missing key",
        "  unit.unit_id: missing key",
        "  unit.unit_idd: unknown key (did you mean unit_id?)",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[limit]", "  limit: unknown key (did you mean limits?)"),
        ("[zzz]", "  zzz: unknown key"),
        ("[limits.deep]", "  limits.deep: unknown key"),
    ],
)
def test_a_near_miss_is_guessed_and_no_other(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(write(tmp_path, f"{GOOD}{line}\n"))
    assert str(caught.value).splitlines()[1:] == [said]


def test_the_file_that_the_hint_names_is_complete(tmp_path: Path) -> None:
    assert EXAMPLE in ConfigError.hint
    example = Path(__file__).resolve().parents[2] / EXAMPLE
    assert read_config(example).camera.pin is None
    # What stands there as a comment is a pin.
    before, pinned = example.read_text().split("# [camera.pin]")
    pinned, after = pinned.split("[dispenser]")
    pinned = pinned.replace("\n# ", "\n")
    text = f"{before}[camera.pin]{pinned}[dispenser]{after}"
    pin = read_config(write(tmp_path, text)).camera.pin
    assert pin is not None
    assert (pin.model, pin.serial) == ("imx708", "none")


def test_a_file_in_another_encoding_is_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_config(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "none.toml")

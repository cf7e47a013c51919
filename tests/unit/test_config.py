"""One strict file; every fault at once."""

from pathlib import Path

import pytest

from edge_atm.config import read_config
from edge_atm.errors import ConfigError

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
        ("posterior_min = 0.95", "posterior_min = nan", "limits.posterior_min"),
        ("amount_cents_max = 50000", "amount_cents_max = 500.5", "limits.amount_cents_max"),
        ("amount_cents_max = 50000", 'amount_cents_max = "50000"', "limits.amount_cents_max"),
        ("face_only_limit_cents = 10000", "face_only_limit_cents = 60000", "limits"),
        ('device = "/dev/video0"', "", "device is needed for v4l2"),
        ("[1000, 2000, 5000, 0]", "[0, 0, 0, 0]", "at least one cassette"),
        ("[1000, 2000, 5000, 0]", "[1000]", "dispenser.cassette_values_cents"),
        ('"host"', '"none"', "unit.key_protection"),
        ("[limits]", "[limits", "is not TOML"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigError, match=r"edge-atm\.toml") as caught:
        read_config(write(tmp_path, GOOD.replace(before, after)))
    assert said in str(caught.value)
    assert "README" in caught.value.hint


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("unit_id", "unit_idd").replace("prior_genuine = 0.99", "prior = 1")
    with pytest.raises(ConfigError) as caught:
        read_config(write(tmp_path, broken))
    for said in ("unit.unit_idd", "unit.unit_id", "limits.prior:", "limits.prior_genuine"):
        assert said in str(caught.value)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "none.toml")

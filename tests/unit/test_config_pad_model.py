"""[pad_model]: the example in the docs is one, and whatever is not as said stops the unit."""

import hashlib
import re
from pathlib import Path

import pytest

from edge_atm.cli.cues import cues_of
from edge_atm.config import read_config
from edge_atm.errors import ConfigError, ModelMismatch
from edge_atm.vision.deny import SHIPPED
from tests.unit.test_vision_pad_model import net

EXAMPLE = (Path(__file__).resolve().parents[2] / "docs" / "edge-atm.toml").read_text()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example with its [pad_model] in force, of a net that is there."""
    content = net([0.0, 1.0])
    model = tmp_path / "pad.onnx"
    model.write_bytes(content)
    section = EXAMPLE[EXAMPLE.index("# [pad_model]") :].replace("# ", "", 1)
    section = section[: section.index("# A net of yours")]
    text = EXAMPLE + re.sub(r"^# (?=\w+ =)", "", section, flags=re.MULTILINE)
    text = text.replace("/etc/edge-atm/pad.onnx", str(model))
    path = tmp_path / "edge-atm.toml"
    path.write_text(text.replace('"..."', f'"{hashlib.sha256(content).hexdigest()}"'))
    return path


def test_the_example_adds_the_operators_net_to_what_ships(path: Path) -> None:
    *shipped, own = cues_of(read_config(path))
    assert tuple(shipped) == SHIPPED
    assert (own.word, own.limit) == ("pad_model", 0.5)


def test_without_the_section_only_what_ships_is_asked(path: Path) -> None:
    path.write_text(EXAMPLE)
    assert cues_of(read_config(path)) == SHIPPED


def test_a_net_that_was_changed_stops_the_unit(path: Path) -> None:
    config = read_config(path)
    (path.parent / "pad.onnx").write_bytes(net([0.0, 2.0]))
    with pytest.raises(ModelMismatch, match=r"pad\.onnx: wanted"):
        cues_of(config)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("deny_below = 0.5", "deny_below = 0", "pad_model.deny_below"),
        ("deny_below = 0.5", "deny_below = 1", "pad_model.deny_below"),
        ("deny_below = 0.5", "deny_below = nan", "pad_model.deny_below"),
        ("deny_below = 0.5", "", "pad_model.deny_below: missing key"),
        ("deny_below = 0.5", "deny_bellow = 0.5", "did you mean deny_below"),
        ("softmax = true", "softmax = 1", "pad_model.softmax"),
        ("live_index = 1", "live_index = -1", "pad_model.live_index"),
        ("crop_scale = 2.7", "crop_scale = 0.5", "pad_model.crop_scale"),
        ('sha256 = "', 'sha256 = "x', "pad_model.sha256"),
    ],
)
def test_a_wrong_section_is_told(path: Path, before: str, after: str, said: str) -> None:
    head, section = path.read_text().rsplit("[pad_model]", 1)
    assert before in section
    path.write_text(head + "[pad_model]" + section.replace(before, after))
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert said in str(caught.value)

"""[touch]: off by default, and where it is on the limit that decides money has to be said."""

import hashlib
import re
from pathlib import Path

import pytest

from edge_atm.cli.touching import touch_habits
from edge_atm.config import Config, read_config
from edge_atm.errors import ConfigError, ModelMismatch
from edge_atm.journal import Journal
from edge_atm.models import Models
from edge_atm.store import Store
from edge_atm.vault.habits import KeptHabits
from tests.unit.test_touch_age_model import net
from tests.unit.vaulted import RING
from tests.unit.written import journal_of

EXAMPLE = (Path(__file__).resolve().parents[2] / "docs" / "edge-atm.toml").read_text()
USED = EXAMPLE.replace("use = false ", "use = true ")


def read(folder: Path, text: str) -> Config:
    path = folder / "edge-atm.toml"
    path.write_text(text)
    return read_config(path)


@pytest.fixture
def parts(store: Store) -> tuple[Models, KeptHabits, Journal]:
    return Models(), KeptHabits(store, RING), journal_of(store)


@pytest.mark.parametrize("text", [EXAMPLE, re.sub(r"\[touch\]\n.*\n.*\n", "", EXAMPLE)])
def test_it_is_off_unless_it_is_said(
    tmp_path: Path, parts: tuple[Models, KeptHabits, Journal], text: str
) -> None:
    config = read(tmp_path, text)
    assert not config.touch.use
    assert touch_habits(config.touch, *parts) is None


def test_where_it_is_on_the_limit_is_the_banks(
    tmp_path: Path, parts: tuple[Models, KeptHabits, Journal]
) -> None:
    found = touch_habits(read(tmp_path, USED.replace("= 0 ", "= 5000 ")).touch, *parts)
    assert found is not None
    assert (found.strange_limit_cents, found.age) == (5000, None)


def test_an_age_net_that_was_changed_stops_the_unit(
    tmp_path: Path, parts: tuple[Models, KeptHabits, Journal]
) -> None:
    content, model = net(), tmp_path / "age.onnx"
    model.write_bytes(content)
    section = EXAMPLE[EXAMPLE.index("# [touch.age_model]") :].replace("# ", "")
    section = section.replace("/etc/edge-atm/age.onnx", str(model))
    text = USED + section.replace("...", hashlib.sha256(content).hexdigest())
    touch = read(tmp_path, text).touch
    found = touch_habits(touch, *parts)
    assert found is not None
    assert found.age is not None
    model.write_bytes(net(2))
    with pytest.raises(ModelMismatch, match=r"age\.onnx: wanted"):
        touch_habits(touch, *parts)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("strange_limit_cents = 0 ", "", "strange_limit_cents is needed where use is true"),
        ("strange_limit_cents = 0 ", "strange_limit_cents = -1 ", "touch.strange_limit_cents"),
        ("strange_limit_cents = 0 ", "strange_limit_cents = nan ", "touch.strange_limit_cents"),
        ("strange_limit_cents = 0 ", "strange_limit_cents = 50001 ", "above amount_cents_max"),
        ("strange_limit_cents = 0 ", "strange_limits = 0 ", "did you mean strange_limit_cents"),
        ("use = true ", "use = 1 ", "touch.use"),
    ],
)
def test_a_wrong_section_is_told(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in USED
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, USED.replace(before, after))
    assert said in str(caught.value)

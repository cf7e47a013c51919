"""New keys and new templates: as commands, on the files of a unit."""

import json
import os
import stat
from pathlib import Path

import pytest

from edge_atm.cli import keys as verbs
from edge_atm.cli.main import cli as command_line
from edge_atm.cli.opening import open_unit
from edge_atm.errors import KeyFault, StoreFault
from edge_atm.vault import masters
from edge_atm.vault.anchor import Anchor
from edge_atm.vault.keys import DEVELOPMENT_FILE
from edge_atm.vision.detector import Detector
from tests.cli.conftest import CARD, Cli
from tests.cli.couple import boxes, check, lingering, with_couple

pytestmark = pytest.mark.slow


@pytest.fixture
def enrolled(cli: Cli) -> Cli:
    return with_couple(cli)


def test_one_face_is_sealed_anew(enrolled: Cli) -> None:
    old = boxes(enrolled)
    result = enrolled("reissue", "--json", "--yes", typed=f"{CARD}\n")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["template_version"] == 2
    check(enrolled, (2, 1))
    assert enrolled.events()[-1] == "reissued"
    assert lingering(enrolled, old) == 1


def test_all_faces_are_sealed_anew(enrolled: Cli) -> None:
    old = boxes(enrolled)
    assert enrolled.here("reissue", "--all", "--yes") == "2 faces sealed anew.\n"
    check(enrolled, (2, 2))
    assert enrolled.events()[-1] == "reissued"
    assert lingering(enrolled, old) == 0


def test_keys_are_rotated_and_the_old_ones_open_nothing(enrolled: Cli) -> None:
    folder, old = enrolled.database.parent, boxes(enrolled)
    key = (folder / DEVELOPMENT_FILE).read_bytes()
    for version in (2, 3):
        told = json.loads(enrolled.here("rotate-keys", "--json", "--yes"))
        assert told == {"count": 2, "new_master": True, "advice": None}
        check(enrolled, (version, version))
    assert enrolled.events()[-1] == "rotated"
    assert lingering(enrolled, old) == 0
    assert not (folder / masters.NEXT_FILE).exists()
    assert stat.S_IMODE((folder / DEVELOPMENT_FILE).stat().st_mode) == 0o600
    (folder / DEVELOPMENT_FILE).write_bytes(key)
    with pytest.raises(KeyFault, match="another master key"), open_unit(enrolled.config, True):
        pass


class PowerCut(BaseException):
    """No handler of the product can swallow it."""


@pytest.mark.parametrize("step", ["rekey.rotate", "masters.settle_at_desk", "rekey.seal_ring"])
def test_a_rotation_cut_short_leaves_a_unit_that_opens(
    enrolled: Cli, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    left = enrolled.database.parent / masters.NEXT_FILE

    def cut(*_: object) -> None:
        if left.exists():
            raise PowerCut

    with monkeypatch.context() as patched:
        module, name = step.split(".")
        patched.setattr(getattr(verbs, module), name, cut)
        with pytest.raises(PowerCut):
            enrolled.here("rotate-keys", "--yes")
    version = 2 if step == "masters.settle_at_desk" else 1
    assert left.exists()
    check(enrolled, (version, version))
    enrolled.here("rotate-keys", "--yes")
    check(enrolled, (version + 1, version + 1))


@pytest.fixture
def service(enrolled: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hand the desk's key over as the service manager would; return the credentials' folder."""
    folder = enrolled.folder / "credentials"
    folder.mkdir()
    (folder / "master_key").write_bytes((enrolled.database.parent / DEVELOPMENT_FILE).read_bytes())
    (folder / "master_key").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def run(cli: Cli, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    command_line.main(["--config", str(cli.config), *words], standalone_mode=False)
    return capsys.readouterr().out


def test_the_next_master_key_follows_the_first(
    enrolled: Cli, service: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(run(enrolled, capsys, "rotate-keys", "--json", "--yes"))
    assert told == {"count": 2, "new_master": False, "advice": None}
    (service / masters.NEXT).write_bytes(os.urandom(32))
    (service / masters.NEXT).chmod(0o400)
    with open_unit(enrolled.config, development=False) as unit:
        assert masters.advice(os.environ, unit.ring) == masters.WAITING
    said = run(enrolled, capsys, "rotate-keys", "--yes")
    assert said.endswith("destroy the old one.\n")
    told = json.loads(run(enrolled, capsys, "rotate-keys", "--json", "--yes"))
    assert (told["new_master"], told["advice"]) == (False, masters.IN_USE)
    (service / masters.NEXT).replace(service / "master_key")
    with open_unit(enrolled.config, development=False) as unit:
        assert unit.customers.verify_all(unit.faces) == []
        assert unit.models.unprepared() is None
        assert masters.advice(os.environ, unit.ring) is None


@pytest.mark.parametrize("words", [("reissue", "--all"), ("rotate-keys",)])
def test_what_touches_everybody_waits_for_the_service_to_stop(
    enrolled: Cli, words: tuple[str, ...]
) -> None:
    with open_unit(enrolled.config, development=True, alone=True):
        result = enrolled(*words, "--yes")
    assert result.returncode == 3
    assert "Stop the service" in result.stderr
    check(enrolled, (1, 1))


@pytest.mark.parametrize(
    "words", [("reissue",), ("reissue", "--all"), ("rotate-keys",), ("revoke",)]
)
def test_each_asks_first(enrolled: Cli, words: tuple[str, ...]) -> None:
    card = "" if words[-1] in ("--all", "rotate-keys") else f"{CARD}\n"
    result = enrolled(*words, typed=f"{card}n\n")
    assert result.returncode == 130
    check(enrolled, (1, 1))
    assert set(enrolled.events()) & {"reissued", "rotated", "revoked"} == set()


def test_a_fault_after_the_commit_leaves_a_unit_that_opens(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.provisioned()

    def worn(*_: object, **__: object) -> None:
        raise StoreFault("the anchor cannot be written", "Free space.")

    with monkeypatch.context() as patched:
        patched.setattr(Anchor, "follow", worn)
        with pytest.raises(StoreFault) as refused:
            cli.here("rotate-keys", "--yes")
    assert refused.value.hint == "Look before you do it again: it was done. Free space."
    with open_unit(cli.config, development=True) as unit:
        Detector(unit.models)
        assert unit.ring.master.exposed() == (cli.database.parent / DEVELOPMENT_FILE).read_bytes()
    assert cli.events()[-1] == "rotated"

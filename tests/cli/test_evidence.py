"""`edge-atm evidence`: a real session's clip, opened by the bank with age and a player."""

import io
import json
import shutil
import subprocess
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyrage
import pytest

from edge_atm.cli.evidence import health
from edge_atm.cli.main import REFUSED, Options
from edge_atm.cli.main import cli as command_line
from edge_atm.errors import ConfigError
from edge_atm.records import Pixels
from edge_atm.vault.age import BEGINNING
from edge_atm.vault.evidence import FOLDER
from tests.cli.conftest import Cli
from tests.cli.filmed import Visited, visit

pytestmark = pytest.mark.slow
NO_AGE = "age and age-keygen are not installed: apt-get install age"


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Visited:
    return visit(tmp_path_factory.mktemp("unit"), tmp_path_factory.mktemp("temporary"))


def pictures(path: Path) -> tuple[list[Pixels], float]:
    """Return what a player shows, RGB, and how many a second."""
    clip, shown = cv2.VideoCapture(str(path)), []
    assert clip.isOpened()
    while (read := clip.read())[0]:
        shown.append(np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), dtype=np.uint8))
    return shown, clip.get(cv2.CAP_PROP_FPS)


def age(identity: Path, sealed: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["age", "-d", "-i", str(identity), "-o", str(out), str(sealed)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_refused_look_is_kept_too_before_it_is_judged(visited: Visited) -> None:
    assert visited.receipt.reason == "no_match"
    assert visited.events[-3:] == ["evidence", "judged", "session"]
    assert visited.clip.read_bytes().startswith(BEGINNING)


@pytest.mark.skipif(not (shutil.which("age") and shutil.which("age-keygen")), reason=NO_AGE)
def test_age_opens_it_for_the_bank_alone_and_the_clip_plays(
    visited: Visited, tmp_path: Path
) -> None:
    mine, wrong, clip = (tmp_path / name for name in ("mine.txt", "wrong.txt", "clip.avi"))
    mine.write_text(visited.identity + "\n")
    subprocess.run(["age-keygen", "-o", str(wrong)], capture_output=True, check=True, timeout=60)
    assert age(wrong, visited.clip, clip).returncode != 0
    assert not clip.exists()
    result = age(mine, visited.clip, clip)
    assert result.returncode == 0, result.stderr
    shown, fps = pictures(clip)
    assert len(shown) == 15
    assert fps == pytest.approx(5.0, abs=0.1)
    newest = visited.given[-45:]
    for picture in shown:
        assert picture.shape == (480, 640, 3)
        nearest = min(cv2.absdiff(picture, given).mean() for given in newest)
        assert nearest < 3.0
    assert np.abs(shown[0].astype(int) - shown[-1]).mean() > 4.0
    flipped = tmp_path / "flipped.age"
    sealed = bytearray(visited.clip.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    flipped.write_bytes(sealed)
    assert age(mine, flipped, tmp_path / "half.avi").returncode != 0


@pytest.fixture
def copied(visited: Visited, tmp_path: Path) -> Cli:
    """The unit of the visit, on a computer of its own."""
    shutil.copytree(visited.folder / "state", tmp_path / "state")
    text = (visited.folder / "edge-atm.toml").read_text()
    cli = Cli(tmp_path, "/dev/null")
    cli.config.write_text(text.replace(str(visited.folder), str(tmp_path)))
    return cli


def answer(cli: Cli, *words: str) -> Any:
    return json.loads(cli.here(*words, "--json"))


def refused(cli: Cli, *words: str) -> str:
    """Run a command in this process; return what it says when its exit status is 1."""
    options = ["--config", str(cli.config), "--development"]
    with redirect_stdout(io.StringIO()) as out:
        assert command_line.main([*options, *words], standalone_mode=False) == REFUSED
    return out.getvalue()


def test_the_verbs_know_the_clip(visited: Visited, copied: Cli) -> None:
    (clip,) = answer(copied, "evidence", "list")["clips"]
    assert (clip["file"], clip["frames"]) == (visited.clip.name, 15)
    assert clip["session"] == visited.receipt.session_id
    shown = copied.here("evidence", "list")
    assert clip["file"] in shown
    assert f"{clip['size_bytes']:,}" in shown
    assert answer(copied, "evidence", "verify") == {"clips": 1, "faults": []}
    assert copied.here("evidence", "verify") == "1 clip(s), whole.\n"
    pruned = answer(copied, "evidence", "prune")
    assert pruned == {"removed": [], "halves": 0, "clips": 1, "size_bytes": clip["size_bytes"]}


def test_verify_names_a_flipped_byte_a_stranger_and_what_is_missing(copied: Cli) -> None:
    (path,) = (copied.folder / "state" / FOLDER).iterdir()
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(sealed)
    result = copied("evidence", "verify", "--json")
    assert result.returncode == REFUSED, result.stderr
    fault = {"file": path.name, "fault": "was changed: its SHA-256 is not the journal's"}
    assert json.loads(result.stdout) == {"clips": 1, "faults": [fault]}
    # A bar is for eyes: nothing of it reaches a pipe.
    assert "verifying" not in result.stderr + result.stdout
    path.rename(path.with_name("planted"))
    said = refused(copied, "evidence", "verify")
    assert "planted is not in the journal" in said
    assert f"{path.name} is missing" in said
    assert "2 fault(s). Copy the folder" in said


def test_prune_removes_half_files_and_what_is_over_the_limits(copied: Cli) -> None:
    folder = copied.folder / "state" / FOLDER
    (clip,) = folder.iterdir()
    (folder / f"{clip.name}.part").write_bytes(BEGINNING)
    old = folder / f"20010101T000000Z-{'a' * 16}.avi.age"
    old.write_bytes(BEGINNING)
    refused(copied, "evidence", "verify")
    shown = copied.here("evidence", "prune")
    assert f"{old.name} (evidence_days_max)" in shown
    assert "1 clip(s) and 1 half file(s) removed; 1 left" in shown
    assert [path.name for path in folder.iterdir()] == [clip.name]
    assert copied.events()[-1] == "evidence_pruned"


def test_limits_hold_from_the_next_start_also_where_nothing_is_recorded(copied: Cli) -> None:
    folder = copied.folder / "state" / FOLDER
    (clip,) = folder.iterdir()
    (folder / "20010101T000000Z-a1.avi.age").write_bytes(BEGINNING)
    (folder / "20310101T000000Z-a1.avi.age.part").write_bytes(BEGINNING)
    with Options(copied.config, True).unit() as unit:
        assert unit.recorder() is None
    assert list(folder.iterdir()) == [clip]


def test_a_mistyped_key_keeps_the_unit_closed(cli: Cli) -> None:
    cli.provisioned()
    key = f"age1{'q' * 58}"
    cli.config.write_text(
        f'{cli.config.read_text()}[bank]\npublic_keys = ["{key}"]\nevidence = true\n'
    )
    result = cli("run")
    assert result.returncode == 2, result.stderr
    assert "age1qqqqqqqq... is not an age public key" in result.stderr
    assert "Correct `public_keys`" in result.stderr


def doctors_word(cli: Cli) -> str:
    with Options(cli.config, True).unit() as unit:
        return health(unit)


def test_doctor_tries_the_banks_keys_where_nothing_is_recorded(cli: Cli) -> None:
    cli.provisioned()
    cli.config.write_text(f'{cli.config.read_text()}[bank]\npublic_keys = ["age1{"q" * 58}"]\n')
    with pytest.raises(ConfigError, match="not an age public key"):
        doctors_word(cli)


def test_doctor_shows_the_room_and_the_newest_failure(visited: Visited, copied: Cli) -> None:
    assert doctors_word(copied).startswith("not recorded; 1 clip(s), ")
    public = str(pyrage.x25519.Identity.from_str(visited.identity).to_public())
    text = copied.config.read_text() + f'\n[bank]\npublic_keys = ["{public}"]\nevidence = true\n'
    copied.config.write_text(text)
    assert doctors_word(copied).endswith(" MB, 500 MB at most, sealed to 1 key(s)")
    with Options(copied.config, True).unit() as unit:
        unit.evidence().failed(OSError("no room"), "s1", "c0ffee")
    findings = json.loads(refused(copied, "doctor", "--json"))
    (found,) = (finding for finding in findings if finding["part"] == "evidence")
    assert not found["ok"]
    assert "OSError: no room" in found["text"]
    assert "edge-atm journal show" in found["action"]
    copied.change(public, public[:-1] + ("q" if public[-1] != "q" else "p"))
    with pytest.raises(ConfigError, match="is not an age public key"):
        doctors_word(copied)

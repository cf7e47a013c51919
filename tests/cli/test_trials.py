"""Trials as commands: what cannot be measured is a sentence, exit status 1 or 2, and no file."""

import json
import stat
from pathlib import Path

import click
import cv2
import numpy as np
import pytest

from edge_atm.assurance.people import is_fit
from tests.cli.conftest import Cli
from tests.vision.test_pictures import face

pytestmark = pytest.mark.slow

BLANK = np.full((250, 250, 3), 128, np.uint8)
NAMES = [f"Person_{number}" for number in range(60)]
REPORT = [name for name in NAMES if not is_fit(name)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edge-atm" / "trials"


@pytest.mark.parametrize(
    ("words", "pairs", "said"),
    [
        (("mean", "--out"), "", "nobody|anybody"),
        (("calibrate", "--json"), "", "0 people with 8 photographs"),
        (("identify", "--json"), "", "holds no PERSON"),
        (("templates", "--json"), "", "holds no PERSON"),
        (("faces", "--pairs", "pairs.txt", "--json"), "garbage\n", "cannot be measured"),
        (("faces", "--pairs", "pairs.txt", "--json"), "", "cannot be measured"),
        (("faces", "--pairs", "pairs.txt", "--json"), "1 2\nA 1 2\n", "the header says"),
        (("faces", "--pairs", "pairs.txt", "--json"), "1 1\nA 1 2\nA 1 B 1\n", "two or more"),
        (("faces", "--pairs", "pairs.txt", "--json"), "2 0\n", "two or more"),
        (
            ("faces", "--pairs", "pairs.txt", "--json"),
            "2 1\nA 1 2\nA 1 B 1\nC 1 2\nC 1 D 1\n",
            "no picture",
        ),
    ],
    ids=[
        "mean",
        "calibrate",
        "identify",
        "templates",
        "garbage",
        "empty",
        "short",
        "one fold",
        "none",
        "missing",
    ],
)
def test_data_that_cannot_be_measured_write_nothing(
    cli: Cli, words: tuple[str, ...], pairs: str, said: str
) -> None:
    images, out = cli.folder / "images", cli.folder / "out.npy"
    images.mkdir()
    list_path = cli.folder / "pairs.txt"
    list_path.write_text(pairs)
    asked = [str(list_path) if word == "pairs.txt" else word for word in words]
    with pytest.raises(click.ClickException, match=said) as caught:
        cli.here("trials", asked[0], "--images", str(images), *asked[1:], str(out))
    assert caught.value.exit_code == 1
    assert not out.exists()


@pytest.mark.parametrize("folds", ["x", "1-", "2-1", "0x1", "1-99999", "-1", "", "1,"])
def test_folds_that_are_none_are_wrong_usage(cli: Cli, folds: str) -> None:
    (cli.folder / "pairs.txt").write_text("2 1\nA 1 2\nA 1 B 1\nC 1 2\nC 1 D 1\n")
    pairs, images = str(cli.folder / "pairs.txt"), str(cli.folder)
    with pytest.raises(click.UsageError, match="names no folds") as caught:
        cli.here("trials", "faces", "--images", images, "--pairs", pairs, f"--folds={folds}")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("where", ["nowhere/out", "."])
@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_an_output_that_cannot_be_written_is_refused_before_measuring(
    cli: Cli, option: str, where: str
) -> None:
    out = str(cli.folder / where)
    with pytest.raises(click.UsageError, match=r"no folder that can be written to|is a directory"):
        cli.here("trials", "identify", "--images", str(cli.folder), option, out)


def blanks(folder: Path, names: list[str], each: int = 1) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(1, each + 1):
            assert cv2.imwrite(str(folder / name / f"{name}_{number:04d}.jpg"), BLANK)
    return folder


def test_pictures_without_a_face_write_nothing(cli: Cli) -> None:
    images = blanks(cli.folder / "images", NAMES[:4])
    out = cli.folder / "mean.npy"
    result = cli("trials", "mean", "--images", str(images), "--out", str(out))
    assert (result.returncode, result.stdout) == (1, "")
    assert "cannot be measured" in result.stderr
    assert not out.exists()


def test_one_person_or_the_wrong_half_is_a_sentence(cli: Cli) -> None:
    fit = next(name for name in NAMES if is_fit(name))
    images = blanks(cli.folder / "images", [fit])
    with pytest.raises(click.ClickException, match=r"none of the 1 people .* report half"):
        cli.here("trials", "identify", "--images", str(images))
    with pytest.raises(click.ClickException, match="0 people with 6 photographs"):
        cli.here("trials", "identify", "--images", str(images), "--people", "all")


def people(folder: Path, names: list[str], each: int) -> Path:
    """Write noisy, differently lit pictures of one face under several names."""
    random = np.random.default_rng(3)
    picture = face()[:, :, ::-1]
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(1, each + 1):
            noisy = picture * random.uniform(0.7, 1.2) + random.normal(0, 6, picture.shape)
            pixels = np.clip(noisy, 0, 255).astype(np.uint8)
            assert cv2.imwrite(str(folder / name / f"{name}_{number:04d}.jpg"), pixels)
    return folder


def test_identify_measures_counts_what_it_lost_and_remembers(cli: Cli, own_cache: Path) -> None:
    images = people(cli.folder / "images", REPORT[:2], each=8)
    first, second = (images / name for name in REPORT[:2])
    (first / "text.jpg").write_text("not a picture")
    (first / "empty.png").touch()
    (second / "cut.jpg").write_bytes((second / f"{second.name}_0001.jpg").read_bytes()[:3000])
    assert cv2.imwrite(str(second / "blank.PNG"), BLANK)
    strangers = people(cli.folder / "strangers", [*REPORT[2:4], REPORT[0]], each=1)
    out, plot = cli.folder / "out.json", cli.folder / "det.svg"
    words = ["trials", "identify", "--images", str(images), "--impostors", str(strangers)]
    said = cli.here(*words, "--json", str(out), "--plot", str(plot))
    assert "not measurable: n < 3/FMR" in said
    found = json.loads(out.read_text())
    acquisition = found["acquisition"]
    # The stranger who bears an enrolled name is nobody's impostor.
    assert (acquisition["people"], acquisition["pictures"], acquisition["failed"]) == (4, 22, 4)
    assert acquisition["reasons"] == {
        "empty": 1, "no_face": 1, "not_a_picture": 1, "truncated": 1
    }  # fmt: skip
    single, fused = found["probes"]
    assert (single["people"], single["impostor_people"], single["n_genuine"]) == (2, 2, 6)
    assert (single["n_impostor"], fused["n_impostor"]) == (2 * (8 + 2), 2)
    assert plot.read_text().startswith("<svg")
    entries = [path for path in own_cache.rglob("*") if path.is_file()]
    contents = {p.read_bytes() for folder in (images, strangers) for p in folder.rglob("*.*")}
    assert len(entries) == len(contents - {b""})
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700
    # From the cache, and printed.
    assert json.loads(cli.here(*words, "--json", "-")) == found
    _no_name_is_told(out.read_text() + said)


def _no_name_is_told(text: str) -> None:
    assert not [name for name in NAMES if name in text]


def test_a_damaged_cache_is_not_believed_and_none_is_kept_when_asked(
    cli: Cli, own_cache: Path
) -> None:
    images = people(cli.folder / "images", REPORT[:2], each=6)
    words = ["trials", "identify", "--images", str(images), "--probe", "1", "--json", "-"]
    fresh = cli.here(*words, "--no-cache")
    assert not own_cache.exists()
    assert cli.here(*words) == fresh
    for entry in (path for path in own_cache.rglob("*") if path.is_file()):
        entry.write_bytes(entry.read_bytes()[:-1])
    assert cli.here(*words) == fresh


def test_a_cache_that_cannot_be_written_is_a_sentence(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = blanks(cli.folder / "images", REPORT[:2])
    (cli.folder / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli.folder / "file"))
    with pytest.raises(click.ClickException, match="use --no-cache"):
        cli.here("trials", "identify", "--images", str(images))

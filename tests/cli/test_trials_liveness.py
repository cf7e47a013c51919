"""`edge-atm trials liveness` on stills and clips: the same figures as the unit would decide by."""

import hashlib
import json
from pathlib import Path

import click
import cv2
import numpy as np
import pytest

from edge_atm.records import Pixels
from tests.cli.conftest import Cli
from tests.unit.test_vision_pad_model import net
from tests.vision.test_pictures import face

pytestmark = pytest.mark.slow
HEAD = "path,source,label,attack_type,subject\n"
PAD = """
[pad_model]
path = "{path}"
sha256 = "{sha256}"
crop_scale = 2.7
live_index = 1
softmax = true
deny_below = 0.5
"""


def somebody() -> Pixels:
    """Return a face large enough for the unit's gate, BGR."""
    return np.asarray(cv2.resize(face()[:, :, ::-1], None, fx=2, fy=2), dtype=np.uint8)


def on_a_screen(picture: Pixels) -> Pixels:
    """Return it as a tablet shows it that is held before a shirt: within a dark bezel."""
    held, high = picture.copy(), len(picture)
    for left, right, brightness in ((0, 60, 90), (60, 75, 20), (362, 377, 20), (377, 400, 90)):
        cv2.rectangle(held, (left, 0), (right - 1, high), (brightness,) * 3, -1)
    return held


def clip(path: Path, pictures: list[Pixels]) -> None:
    high, wide = pictures[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, 15, (wide, high))
    for picture in pictures:
        writer.write(picture)
    writer.release()


@pytest.fixture
def shown(cli: Cli) -> Path:
    """A list: stills with and without a face, a screen, one in four frames of a clip, no clip."""
    live, screen = somebody(), on_a_screen(somebody())
    for name, picture in (("live.png", live), ("blank.png", np.full_like(live, 128))):
        assert cv2.imwrite(str(cli.folder / name), picture)
    clip(cli.folder / "screen.avi", [screen] * 12)
    clip(cli.folder / "mostly_live.avi", [screen] * 3 + [live] * 9)
    (cli.folder / "broken.avi").write_text("no clip")
    labels = cli.folder / "labels.csv"
    labels.write_text(
        HEAD
        + "live.png,studio,real,,a\nblank.png,studio,real,,b\nmostly_live.avi,studio,real,,a\n"
        + "screen.avi,studio,attack,screen,a\nbroken.avi,studio,attack,screen,a\n"
    )
    return labels


def test_live_pass_and_a_screen_is_denied(cli: Cli, shown: Path) -> None:
    out = cli.folder / "out.json"
    words = ("trials", "liveness", "--root", str(cli.folder), "--labels", str(shown))
    said = cli.here(*words, "--json", str(out))
    found = json.loads(out.read_text())
    (source,) = found["sources"]
    live, (attack,) = source["bona_fide"], source["attacks"]
    assert (live["presentations"], live["subjects"], live["clips"]) == (3, 2, 1)
    assert (live["any_face"]["n"], live["any_face"]["denied"]) == (2, 0)
    assert live["acquisition"]["reasons"] == {"no_face": 1}
    assert attack["pai_species"] == "screen"
    assert attack["acquisition"]["reasons"] == {"not_a_clip": 1}
    assert {"cue": "device_edge", "denied": 1} in attack["any_face"]["denied_by"]
    assert "n < 20" in said
    assert json.loads(cli.here(*words, "--json", "-")) == found


def test_the_operators_net_is_asked_when_wanted(cli: Cli, shown: Path) -> None:
    words = ("trials", "liveness", "--root", str(cli.folder), "--labels", str(shown), "--pad-model")
    with pytest.raises(Exception, match=r"has no \[pad_model\]"):
        cli.here(*words)
    model = cli.folder / "pad.onnx"
    # Its outputs say "no live face", whatever it sees.
    model.write_bytes(net([900.0, 0.0]))
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    text = cli.config.read_text()
    cli.config.write_text(text + PAD.format(path=model, sha256=digest))
    found = json.loads(cli.here(*words, "--json", "-"))
    assert found["cues"][-1] == {"cue": "pad_model", "limit": 0.5}
    assert found["sources"][0]["bona_fide"]["any_face"]["denied_by"][-1]["denied"] == 2
    said = f"{model}, sha256 {digest[:12]}, denies below 0.5"
    assert doctor_on_it(cli) == {"part": "pad model", "ok": True, "text": said, "action": ""}
    cli.config.write_text(text + PAD.format(path=model, sha256="0" * 64))
    result = cli(*words)
    assert result.returncode == 3
    assert "wanted 000000000000" in result.stderr
    assert not doctor_on_it(cli)["ok"]


def doctor_on_it(cli: Cli) -> dict[str, object]:
    found = json.loads(cli("doctor", "--json").stdout)
    return next(finding for finding in found if finding["part"] == "pad model")


def test_a_bad_list_is_a_sentence_and_writes_nothing(cli: Cli) -> None:
    labels, out = cli.folder / "labels.csv", cli.folder / "out.json"
    labels.write_text(HEAD + "nowhere.jpg,studio,real,,a\n")
    words = ("trials", "liveness", "--root", str(cli.folder), "--labels", str(labels))
    with pytest.raises(
        click.ClickException, match=r"line 2: there is no file nowhere\.jpg"
    ) as caught:
        cli.here(*words, "--json", str(out))
    assert caught.value.exit_code == 1
    assert not out.exists()

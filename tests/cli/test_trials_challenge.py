"""The challenge trial as a command, on clips of the rig's people."""

import json
from pathlib import Path

import click
import cv2
import pytest

from edge_atm.assurance import challenge_figures, twins
from tests.cli.conftest import Cli
from tests.rig.camera import Clip
from tests.rig.clips import FPS

pytestmark = pytest.mark.slow
SPECIES = ("flat", "creased_upright")


def filmed(path: Path, name: str, *segments: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 480))
    for segment in segments:
        for pixels in Clip.load(name).segment(segment):
            writer.write(pixels[:, :, ::-1])
    writer.release()


def test_a_head_is_accepted_and_its_photo_twins_are_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tuple(held for held in twins.PRINTS if held.species in SPECIES)
    monkeypatch.setattr(twins, "PRINTS", few)
    monkeypatch.setattr(challenge_figures, "PRINTS", few)
    clips, out = cli.folder / "clips", cli.folder / "out.json"
    filmed(clips / "real" / "turning.avi", "c", "front", "left", "front", "right", "front")
    filmed(clips / "attack-print" / "card.avi", "flat_a2", "front", "left", "right")
    (clips / "text.mp4").write_text("no clip")
    said = cli.here("trials", "challenge", "--clips", str(clips), "--json", str(out))
    found = json.loads(out.read_text())
    card, turning, text = found["clips"]
    assert (card["presentation"], card["reason"]) == ("replay", "turn_too_small")
    assert (turning["presentation"], turning["reason"]) == ("bona_fide", None)
    assert turning["accepted_by"] == {"depth": True, "midline": True}
    assert turning["margin"]["midline"] > 0.01
    assert text["reason"] == "not_a_clip"
    assert [(row["species"], row["n"]) for row in found["species"]] == [(s, 1) for s in SPECIES]
    # Of people's own faces only: what is filmed of a print is no new person.
    assert {twin["clip"] for twin in found["twins"]} == {turning["clip"]}
    for twin in found["twins"]:
        assert all(twin["refused_by"][cue] for cue in twin["applies"])
    assert "1 bona fide, 0 replays" in said
    assert "cannot be read: text.mp4" in said


def test_a_folder_without_clips_writes_nothing(cli: Cli) -> None:
    out = cli.folder / "out.json"
    with pytest.raises(click.ClickException, match="holds no clip") as caught:
        cli.here("trials", "challenge", "--clips", str(cli.folder), "--json", str(out))
    assert caught.value.exit_code == 1
    assert not out.exists()

"""Photo twins are what they say they are, and each clip is judged or told why it is not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_atm.assurance import twins
from edge_atm.assurance.challenge import Seen, Side, Watched, watched
from edge_atm.assurance.challenge_clips import SIDE_PX_MAX, clips_in, frames_of, is_attack
from edge_atm.assurance.challenge_figures import (
    clip_figures,
    gates,
    judged,
    species_figures,
    twin_figures,
)
from edge_atm.assurance.pictures import Unusable
from edge_atm.assurance.twins import PRINTS, SWING, Twin, portrait
from edge_atm.models import Models
from edge_atm.policy import decision
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.detector import Detector
from tests.vision.stage import landmarks

HELD = {held.species: held for held in PRINTS}
SIZE = twins.PHOTO_PX


def lined(landmarks: Floats) -> Pixels:
    """A photo with a white line from the eyes to the mouth and one square to it at the nose."""
    photo = np.zeros((SIZE, SIZE, 3), np.uint8)
    x, y = (round(float(v)) for v in landmarks.mean(axis=0))
    photo[:, x - 1 : x + 2] = photo[y - 1 : y + 2] = 255
    return photo


PLACED = (landmarks(0) - landmarks(0).mean(axis=0) + SIZE / 2).astype(np.float32)
TWIN = Twin(lined(PLACED), PLACED)


def upright(pixels: Pixels) -> tuple[float, float]:
    """How the upright line lies: its slope, and how far it is from straight, px."""
    rows = np.arange(40, SIZE // 2 - 40)
    light = pixels[rows, :, 0].astype(np.float64)
    across = light @ np.arange(SIZE) / light.sum(axis=1)
    line = np.polyfit(rows, across, 1)
    return float(line[0]), float(np.abs(across - np.polyval(line, rows)).max())


def test_from_the_front_a_print_is_the_photo() -> None:
    for species in ("flat", "creased_upright"):
        assert np.abs(TWIN.seen(HELD[species], 0).astype(int) - lined(PLACED)).mean() < 3


@pytest.mark.parametrize("species", ["flat", "bent_upright_12", "bent_upright_6"])
@pytest.mark.parametrize("yaw", [-35.0, 20.0])
def test_a_turned_print_keeps_its_upright_line_straight(species: str, yaw: float) -> None:
    assert upright(TWIN.seen(HELD[species], yaw))[1] < 1


def test_a_level_bend_curves_it() -> None:
    assert upright(TWIN.seen(HELD["bent_level_6"], 30.0))[1] > 3


def test_a_print_is_turned_as_a_head_is() -> None:
    photo = np.full((SIZE, SIZE, 3), 50, np.uint8)
    photo[:, : SIZE // 2] = 250
    left = Twin(photo, PLACED).seen(HELD["bent_upright_6"], 25.0)[SIZE // 2, :, 0]
    # What was in the middle goes to the picture's right, as a nose does that turns to its left.
    assert np.count_nonzero(left == 250) > np.count_nonzero(left == 50)


def test_a_shift_is_made_while_it_is_turned() -> None:
    still, moved = (TWIN.seen(HELD["flat_shifted"], 0.0, part) for part in (0.0, 1.0))
    assert np.argmax(moved[40, :, 0]) - np.argmax(still[40, :, 0]) > 30
    assert (SWING[0], max(SWING), min(SWING)) == (0, 1, -1)


def test_every_clip_gives_photos_of_one_size() -> None:
    large = np.zeros((1000, 1400, 3), np.uint8)
    photo, points = portrait(large, landmarks(0) * 3)
    assert photo.shape == (SIZE, SIZE, 3)
    assert np.hypot(*(points[1] - points[0])) == pytest.approx(twins.EYES_PX, abs=0.1)
    assert np.abs(points.mean(axis=0) - SIZE / 2).max() <= 1


def seen(degrees: float, midlines: tuple[float, float] = (0.2, 0.2), size: float = 1.0) -> Seen:
    turns = [0.0] * 8 + [degrees] * 8 + [-degrees] * 8
    trace = [landmarks(turn) * np.float32(size) for turn in turns]
    return Seen(trace, Side(0.3, midlines[0]), Side(0.3, midlines[1]))


def test_a_clip_is_accepted_by_each_cue_or_not() -> None:
    found = clip_figures("a", attack=False, seen=seen(35))
    assert found["accepted_by"] == {"depth": True, "midline": True}
    assert found["margin"]["midline"] == pytest.approx(0.2 - decision.MIDLINE_MIN)  # type: ignore[index]
    for broken in ((0.2, float("nan")), (0.0, 0.2), (0.2, -0.2)):
        assert not clip_figures("a", False, seen(35, broken))["accepted_by"]["midline"]  # type: ignore[index]


def test_what_cannot_be_judged_says_why() -> None:
    one_side = seen(55)
    one_side.trace = one_side.trace[:16]
    crowd, lost = seen(35), Seen(lost="not_a_clip")
    crowd.breaks["two_faces"] = 9
    told = {
        "turn_too_small": seen(10),
        "too_small": seen(35, size=0.5),
        "one_side_only": one_side,
        "two_faces": crowd,
        "not_a_clip": lost,
        "no_face": Seen(),
    }
    for reason, clip in told.items():
        found = clip_figures("a", True, clip)
        assert (found["reason"], found["presentation"]) == (reason, "replay")
        assert "accepted_by" not in found


def test_a_twin_is_refused_by_what_does_not_hold() -> None:
    shown = seen(35, (0.01, float("nan")))
    found = twin_figures("a", HELD["creased_upright"], shown)
    assert found["applies"] == ["midline"]
    assert found["refused_by"] == {"depth": False, "midline": True}
    assert twin_figures("a", HELD["bent_level_6"], shown)["applies"] == ["depth"]
    # The side that is more like a head counts.
    assert twin_figures("a", HELD["flat"], seen(35, (0.0, 0.3)))["refused_by"] == {
        "depth": False, "midline": False
    }  # fmt: skip
    row = next(r for r in species_figures([found]) if r["species"] == "creased_upright")
    assert (row["n"], row["refused_by"]) == (1, {"depth": 0, "midline": 1})


def test_the_gates_are_those_of_the_unit() -> None:
    limits, turned = gates(), seen(35)
    assert judged(turned, limits["midline"]) == (True, True)  # type: ignore[arg-type]
    assert judged(seen(10), float("nan")) == (False, False)
    assert turned.nose_depth >= limits["nose_depth"]  # type: ignore[operator]


def test_a_turn_that_was_interrupted_is_not_known() -> None:
    pixels, watch = np.zeros((480, 640, 3), np.uint8), Watched()
    for degrees in (0, 0, 10, 20):
        watch.see(pixels, Face(np.zeros(4, np.float32), landmarks(degrees), 1.0))
    watch.interrupt()
    watch.close()
    assert (watch.seen.left.reached, watch.seen.right.reached) == (0, 0)


def test_clips_are_found_and_read_at_a_sensible_rate(tmp_path: Path) -> None:
    path = tmp_path / "attack-replay" / "a.avi"
    path.parent.mkdir()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 60, (1280, 64))
    for _ in range(8):
        writer.write(np.full((64, 1280, 3), 90, np.uint8))
    writer.release()
    (tmp_path / "text.mp4").write_text("no clip")
    assert clips_in(tmp_path) == [path, tmp_path / "text.mp4"]
    assert is_attack(path.relative_to(tmp_path))
    assert not is_attack(Path("attack.avi"))
    frames = list(frames_of(path))
    assert [frame.at_seconds for frame in frames] == pytest.approx([n / 60 for n in (1, 3, 5, 7)])
    assert frames[0].pixels.shape[1] == SIDE_PX_MAX
    with pytest.raises(Unusable, match="not_a_clip"):
        list(frames_of(tmp_path / "text.mp4"))
    lost = watched(frames_of(tmp_path / "text.mp4"), Detector(Models()))
    assert (lost.lost, lost.trace) == ("not_a_clip", [])
    with pytest.raises(ValueError, match="holds no clip"):
        clips_in(path.parent.parent / "none")


def test_each_print_has_its_name_once() -> None:
    assert len(HELD) == len(PRINTS)

"""`edge-atm trials challenge`: real head turns, and photos of the same faces turned like them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_atm.cli.progress import tracked
from edge_atm.cli.trials_shared import FOLDER, answer, json_option, usable_data

if TYPE_CHECKING:
    from edge_atm.assurance.challenge import Seen
    from edge_atm.vision.detector import Detector


@click.command("challenge")
@click.option(
    "--clips", "folders", required=True, multiple=True, type=FOLDER,
    help="Clips of one person turning the head, also below it; may be given more than once.",
)  # fmt: skip
@json_option
def trials_challenge(folders: tuple[Path, ...], json_path: Path | None) -> None:
    """Measure the geometry of head turns in clips, and of photo twins made of the same clips.

    A clip below a folder named attack... is a replay of a head: geometry accepts it, other cues
    have to refuse it. Each bona fide clip's straightest frame is rendered as a print: flat, bent,
    creased, shifted, tilted, turned as far as a head.
    """
    from edge_atm.assurance.challenge_clips import clips_in
    from edge_atm.assurance.challenge_figures import clip_figures, gates, species_figures
    from edge_atm.cli.trials_challenge_table import challenge_table
    from edge_atm.models import Models
    from edge_atm.vision.detector import Detector

    with usable_data():
        paths = [(folder, path) for folder in folders for path in clips_in(folder)]
    detector = Detector(Models())
    seen = _seen(paths, detector)
    clips = [clip_figures(name, attack, found) for name, attack, found in seen]
    twins = _twins([(name, found) for name, attack, found in seen if not attack], detector)
    result: dict[str, object] = {
        "trial": "challenge",
        "gates": gates(),
        "clips": clips,
        "species": species_figures(twins),
        "twins": twins,
    }
    answer(result, json_path, challenge_table(result))


def _seen(paths: list[tuple[Path, Path]], detector: "Detector") -> "list[tuple[str, bool, Seen]]":
    from edge_atm.assurance.challenge import watched
    from edge_atm.assurance.challenge_clips import frames_of, is_attack

    found = []
    for folder, path in tracked(paths, "watching", len(paths)):
        name = path.relative_to(folder)
        found.append((str(name), is_attack(name), watched(frames_of(path), detector)))
    return found


def _twins(seen: "list[tuple[str, Seen]]", detector: "Detector") -> list[dict[str, object]]:
    from edge_atm.assurance.challenge import shown_print
    from edge_atm.assurance.challenge_figures import twin_figures
    from edge_atm.assurance.twins import PRINTS

    prints = [
        (name, photo, held) for name, found in seen if (photo := found.photo) for held in PRINTS
    ]
    return [
        twin_figures(name, held, shown_print(*photo, held, detector))
        for name, photo, held in tracked(prints, "turning prints", len(prints))
    ]

"""The identification trial: what a unit with these people enrolled would have done."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.people import by_person, is_in_half
from edge_atm.assurance.rates import rule_of_three
from edge_atm.assurance.resampling import RESAMPLES, SEED, interval_95, resampled_counts
from edge_atm.assurance.search import searches
from edge_atm.assurance.sessions import draw, found, score
from edge_atm.assurance.verification import Verification
from edge_atm.records import Floats

INTERVAL = (
    f"percentile bootstrap over people, {RESAMPLES} resamples, seed {SEED}; "
    "thresholds are found anew in each"
)


def sides(images: Path, impostors: Sequence[Path], half: str) -> tuple[list[Path], list[Path]]:
    """Return the pictures of those who may be enrolled, and of everybody else.

    Of `half` of the people only. Whoever is in `images` is no stranger: data sets share people.
    Raises ValueError when nobody is left to enrol.
    """
    own = by_person([images])
    if not own:
        raise ValueError(f"{images} holds no PERSON/*.jpg or *.png, one folder a person")
    others = {p: photos for p, photos in by_person(impostors).items() if p not in own}
    inside, outside = (
        [path for p, photos in people.items() if is_in_half(p, half) for path in photos.values()]
        for people in (own, others)
    )
    if not inside:
        raise ValueError(f"none of the {len(own)} people of {images} is in the {half} half")
    return inside, outside


def identification(
    enrolled: Sequence[Picture],
    strangers: Sequence[Picture],
    mean: Floats,
    template: int,
    probe: int,
) -> dict[str, object]:
    """Return all figures of templates of `template` photographs and probes of `probe` others.

    Raises ValueError when too few people have enough photographs.
    """
    people = found(enrolled)
    drawn = draw(people, found(strangers), template, probe)
    scored = score(drawn, mean)
    verification = Verification(scored)
    return {
        "template": template,
        "probe": probe,
        "people": drawn.enrolled,
        "impostor_people": drawn.strangers,
        "draws": len(scored.mated),
        "impostor_draws": len(scored.others),
        **verification.figures(),
        "det": verification.det(),
        "search": searches(scored),
    }


def acquisition_failures(pictures: Sequence[Picture]) -> dict[str, object]:
    """Return FTA: pictures that gave no face, by reason; the interval is by people."""
    names = sorted({picture.person for picture in pictures})
    number = {name: index for index, name in enumerate(names)}
    person = np.array([number[picture.person] for picture in pictures])
    failed = np.array([picture.sample.vectors is None for picture in pictures])
    rate = float(failed.mean())
    counts = resampled_counts(len(names))
    failures = np.bincount(person, failed, len(names))
    resampled = (counts @ failures) / (counts @ np.bincount(person))
    reasons = Counter(picture.sample.lost for picture in pictures if picture.sample.lost)
    return {
        "fta": rate,
        "interval_95": interval_95(rate, resampled),
        "pictures": len(pictures),
        "people": len(names),
        "failed": int(failed.sum()),
        "reasons": dict(sorted(reasons.items())),
        "repeated": int((~failed).sum()) - sum(len(v) for v in found(pictures).values()),
        **rule_of_three(int(failed.sum()), len(names)),
    }


def quality_gate(pictures: Sequence[Picture]) -> dict[str, object]:
    """Return how many pictures with a face the unit's gate for matching would have refused."""
    faces = [picture.sample for picture in pictures if picture.sample.vectors is not None]
    return {
        "pictures": len(faces),
        "refused": sum(face.failing is not None for face in faces),
        "first_failing": _counted(face.failing for face in faces),
        "refused_but_for_eye_distance": sum(face.failing_else is not None for face in faces),
        "first_failing_but_for_eye_distance": _counted(face.failing_else for face in faces),
    }


def _counted(components: Iterable[str | None]) -> Mapping[str, int]:
    return dict(Counter(component for component in components if component).most_common())

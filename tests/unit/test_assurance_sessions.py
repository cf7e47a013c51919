"""Who is enrolled, who is a stranger, and that probes are what the product's matcher scores."""

from collections.abc import Iterator

import numpy as np
import pytest

from edge_atm.assurance import sessions
from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.cache import Sample
from edge_atm.assurance.identify import acquisition_failures
from edge_atm.assurance.search import searches
from edge_atm.assurance.sessions import SPACE, draw, found, score
from edge_atm.policy.match import cosine, fuse
from edge_atm.records import Embedding, Floats

MEAN = np.full(512, 0.01, dtype=np.float32)
Photos = dict[str, list[Picture]]


def photo(person: str, number: int, vector: Floats | None, weight: float = 1.0) -> Picture:
    name = f"{person}_{number:04d}.jpg"
    if vector is None:
        return Picture(person, name, Sample.lost_to("no_face"))
    return Picture(person, name, Sample(np.stack([vector, vector]), weight))


def photos(person: str, count: int, noise: float = 0.5) -> Iterator[Picture]:
    random = np.random.default_rng([*person.encode()])
    centre = random.normal(size=512)
    for number in range(count):
        vector = centre + noise * random.normal(size=512)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        yield photo(person, number, unit, weight=0.2 + 0.1 * number)


def crowd(prefix: str, people: int, count: int, noise: float = 0.5) -> Photos:
    return {f"{prefix}{i}": list(photos(f"{prefix}{i}", count, noise)) for i in range(people)}


def test_single_probes_are_all_that_is_left_and_all_of_everybody_else() -> None:
    few = crowd("few", 2, 5)
    drawn = draw({**crowd("a", 3, 7), **few}, crowd("s", 4, 2), template=5, probe=1)
    assert (drawn.enrolled, drawn.strangers) == (3, 6)
    assert drawn.mated.shape == (sessions.DRAWS, 3 * 2, 512)
    assert drawn.others.shape == (1, 3 * 7 + 2 * 5 + 4 * 2, 512)
    scored = score(drawn, MEAN)
    own = ~np.isfinite(scored.others[0])
    assert own.sum(axis=1).tolist() == [7, 7, 7]
    assert scored.genuine.min() > 0.5 > scored.others[np.isfinite(scored.others)].max()


def test_fused_probes_are_of_those_who_have_so_many_photographs() -> None:
    strangers = {**crowd("s", 4, 3), **crowd("t", 5, 2)}
    drawn = draw(crowd("a", 3, 8), strangers, template=5, probe=3)
    assert (drawn.enrolled, drawn.strangers) == (3, 4)
    assert drawn.mated.shape == (sessions.DRAWS, 3, 512)
    assert drawn.others.shape == (sessions.DRAWS, 3 + 4, 512)


def test_a_photograph_that_is_there_twice_counts_once() -> None:
    # Else it would be in the template and the probe: a genuine comparison that cannot fail.
    people = crowd("a", 2, 6)
    copies = [Picture("a0", f"copy_{p.name}", p.sample) for p in people["a0"]]
    everybody = [p for photos in people.values() for p in photos]
    assert found([*everybody, *copies]) == people
    assert acquisition_failures([*everybody, *copies])["repeated"] == 6
    assert acquisition_failures(everybody)["repeated"] == 0


@pytest.mark.parametrize("probe", [1, 3])
def test_scores_are_those_of_the_products_matcher(probe: int) -> None:
    drawn = draw(crowd("a", 2, 8), crowd("s", 2, 3), template=5, probe=probe)
    scored = score(drawn, MEAN)

    def expected(template: Floats, vector: Floats) -> float:
        return cosine(Embedding(template, SPACE), Embedding(vector, SPACE), MEAN)

    for place in (0, 7):
        for person in (0, 1):
            template = drawn.templates[place, person]
            other = drawn.others[place % len(drawn.others), -1]
            assert scored.others[place, person, -1] == pytest.approx(
                expected(template, other), abs=1e-5
            )
            own = np.flatnonzero(drawn.mated_person == person)[0]
            assert scored.genuine[place, own] == pytest.approx(
                expected(template, drawn.mated[place, own]), abs=1e-5
            )


def test_templates_and_probes_are_weighed_by_quality_and_share_no_photograph() -> None:
    # All of one person's photographs stand at right angles: each shows in what it is part of.
    basis = np.eye(512, dtype=np.float32)
    people = {
        name: [photo(name, n, basis[8 * i + n], 0.1 * (n + 1)) for n in range(8)]
        for i, name in enumerate("ab")
    }
    drawn = draw(people, {}, template=5, probe=3)
    for template, probe in zip(drawn.templates[:, 0], drawn.mated[:, 0], strict=True):
        parts = np.flatnonzero(template[:8]), np.flatnonzero(probe[:8])
        assert (len(parts[0]), len(parts[1])) == (5, 3)
        assert set(parts[0]) | set(parts[1]) == set(range(8))
        used = [people["a"][n].embedding(SPACE) for n in parts[0]]
        assert template == pytest.approx(fuse(used).vector, abs=1e-6)
    assert len(np.unique(drawn.templates[:, 0] > 0, axis=0)) > 10


@pytest.mark.parametrize("people", [{}, crowd("a", 1, 9), crowd("a", 5, 7)])
def test_fewer_than_two_people_are_refused(people: Photos) -> None:
    with pytest.raises(ValueError, match="two are needed"):
        draw(people, crowd("s", 9, 3), template=5, probe=3)


def test_large_folders_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw(crowd("a", 3, 7), crowd("s", 4, 2), template=5, probe=1)
    whole = score(drawn, MEAN).others
    monkeypatch.setattr(sessions, "COMPARISONS_MAX", 200)
    assert score(drawn, MEAN).others.shape == (2, 3, 29)
    monkeypatch.setattr(sessions, "COMPARISONS_MAX", 60)
    few = score(drawn, MEAN).others
    assert few.shape == (1, 3, 20)
    chosen = [int(np.nanargmin(abs(whole[0, 0] - one))) for one in few[0, 0, 7:]]
    assert few[0][:, 7:] == pytest.approx(whole[0][:, chosen], abs=1e-6, nan_ok=True)


def test_large_galleries_are_drawn_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    people = crowd("a", 3, 7)
    for bound, value, draws in (("VECTORS_MAX", 18, 3), ("MATED_MAX", 40, 2), ("MATED_MAX", 1, 1)):
        with monkeypatch.context() as patched:
            patched.setattr(sessions, bound, value)
            assert len(draw(people, {}, template=5, probe=1).templates) == draws
    monkeypatch.setattr(sessions, "VECTORS_MAX", 100)
    assert len(draw(people, crowd("s", 47, 2), template=5, probe=2).others) == 2


def test_a_search_finds_the_nearest_of_the_gallery() -> None:
    scored = score(draw(crowd("a", 12, 8), crowd("s", 150, 2), template=5, probe=1), MEAN)
    small, whole = searches(scored)
    assert (small["gallery"], whole["gallery"]) == (10, 12)
    assert (whole["n_mated"], whole["n_non_mated"]) == (36, 300)
    assert whole["at_fpir"] == {
        "fpir": 0.01, "fnir": 0.0, "fnir_interval_95": [0.0, 0.0], "upper_95": 0.25,
        "threshold": pytest.approx(np.quantile(highest(scored), 0.99), abs=0.01),
    }  # fmt: skip


def highest(scored: sessions.Scored) -> Floats:
    strangers = scored.sessions.others_person >= scored.sessions.enrolled
    return np.asarray(scored.others[:, :, strangers].max(axis=1))


def test_whoever_resembles_another_more_is_not_found() -> None:
    # "b" is enrolled with "a"'s face: both are first in half of the searches at best.
    twins = crowd("a", 12, 8)
    twins["b"] = [Picture("b", p.name, p.sample) for p in twins["a0"]]
    scored = score(draw(twins, crowd("s", 150, 2), template=5, probe=1), MEAN)
    found_again = searches(scored)[-1]["at_fpir"]
    assert isinstance(found_again, dict)
    assert 1 / 13 - 0.02 <= found_again["fnir"] <= 2 / 13 + 0.02


def test_without_strangers_a_search_says_so() -> None:
    scored = score(draw(crowd("a", 3, 8), {}, template=5, probe=3), MEAN)
    assert searches(scored)[-1]["note"] == "not measurable: no strangers"

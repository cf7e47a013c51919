"""All kinds of figures of the touch trial, of made-up people."""

from collections.abc import Iterator

import numpy as np

from edge_atm.assurance.touch_age import age_rows
from edge_atm.assurance.touch_data import KakaoBank, Recorded
from edge_atm.assurance.touch_design import designs, first_five
from edge_atm.assurance.touch_models import by_manhattan, by_plda
from edge_atm.assurance.touch_sets import Sets
from edge_atm.assurance.touch_trial import Task, same_for_all, with_best
from edge_atm.assurance.touch_unit import calibration_figures, released_tasks, unit_figures
from edge_atm.models import Models
from edge_atm.touch import plda
from edge_atm.touch.features import Level, recorded, sequence
from tests.rig.rhythms import person

EACH = 11
USERS = np.repeat([f"u{n}" for n in range(20)], EACH)
FOLD = np.repeat(np.arange(20) % 5, EACH)
OLD = np.repeat(np.arange(20) // 5 % 2, EACH)


def touch_figures() -> Iterator[dict[str, object]]:
    """Yield figures of each kind, as the command writes them."""
    random, every = np.random.default_rng(1), np.ones(len(USERS), dtype=np.bool_)
    entries = [person(n).entry("123456", random).taps for n in range(20) for _ in range(EACH)]
    taps, words = recorded(entries), np.full(len(USERS), "")
    data = Recorded(USERS, np.arange(len(USERS)), words, words, taps)
    place = taps[:, :, 2:4]
    kakao = KakaoBank(USERS, taps[:, :, 0], place, words, 0 * OLD, 2 + 3 * OLD)
    yield {"sets": Sets(kakao, data, {"sapipin": data, "holdandtap": data}).facts()}
    split = designs(USERS, FOLD, words, first_five, every, every)
    evidence = plda.evidence(sequence(taps, Level.HOLD))
    models = {"plda": by_plda(evidence, USERS), "manhattan": by_manhattan(evidence, USERS)}
    tasks = [
        Task("strokepin", name, "hold", same_for_all(scorer), split, {"same_pin": ()})
        for name, scorer in models.items()
    ]
    yield from with_best([row for task in tasks for row in task.run()])
    released = list(released_tasks(Models(), tasks, taps))
    yield {"calibration": list(calibration_figures(Models(), released))}
    yield from age_rows("m", random.normal(0, 1, len(USERS)) + OLD, kakao, FOLD)
    yield unit_figures(Models())

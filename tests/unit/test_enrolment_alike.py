"""A face that is enrolled under another card: a person decides, and it is written down."""

import math

import numpy as np
import pytest

from edge_atm.errors import EnrolmentRefused
from edge_atm.machine import Desk
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.policy.match import fuse
from edge_atm.records import Embedding
from tests.unit.counter import KNOWN
from tests.unit.test_enrolment import GOOD, Office
from tests.unit.test_policy import embedding


@pytest.mark.parametrize("confirms", [False, True])
@pytest.mark.parametrize("cosine", [1.0, SCORE_MIN + 0.01, math.nan])
def test_a_face_enrolled_under_another_card_is_asked_about(cosine: float, confirms: bool) -> None:
    others = {"far": embedding(0.0, 1.0), "twin": seen_at(cosine), KNOWN.customer_id: seen_at(1.0)}
    office = Office(enrolled=others, confirms=confirms)
    if confirms:
        assert office.enrol() == 1
    else:
        with pytest.raises(EnrolmentRefused, match="under another card"):
            office.enrol()
        assert office.sealed == []
    assert office.alike == [(KNOWN.customer_id, ("twin",), confirms)]


def test_strangers_and_the_customers_own_face_are_not_asked_about() -> None:
    others = {"far": seen_at(SCORE_MIN - 0.01), KNOWN.customer_id: seen_at(1.0)}
    office = Office(enrolled=others)
    assert office.enrol() == 1
    assert office.alike == []


def test_nobody_to_ask_is_no() -> None:
    desk = Desk(*[None] * 6)  # type: ignore[arg-type]
    assert not desk.confirm(["twin"])


def seen_at(cosine: float) -> Embedding:
    """Return somebody whose face has this cosine to the one that GOOD makes."""
    template = fuse(GOOD).vector
    aside = np.roll(template, 1)
    aside = aside - (aside @ template) * template
    aside /= np.linalg.norm(aside)
    vector = cosine * template + np.sqrt(np.float32(1 - cosine**2)) * aside
    return Embedding(np.asarray(vector, np.float32), GOOD[0].embedding_id)

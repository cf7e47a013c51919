"""What becomes of an enrolled face: it follows its owner a little, and it can be revoked."""

from dataclasses import replace

import numpy as np
import pytest

from edge_atm.atm import serve
from edge_atm.cash import balances
from edge_atm.machine import Machine
from edge_atm.policy.adaptation import DRIFT_MIN
from edge_atm.records import Embedding, Receipt, Verdict
from tests.rig.bench import CARD_A, PIN_A, PIN_B, TURNS, nonce_for
from tests.rig.camera import Clip, RecordedCamera, ScriptedCamera
from tests.rig.customer import Customer, made_up_card
from tests.sessions.conftest import Site

pytestmark = pytest.mark.slow

CARD_C = made_up_card(3)


@pytest.fixture
def machine(site: Site) -> Machine:
    """The unit's own machine, with templates that adapt; each test says who comes to it."""
    nobody = Customer(None)
    made = site.at.unit.machine(site.at.unit.cashier(site.at.dispenser), nobody, nobody)
    nonce = nonce_for(*TURNS)
    return replace(made, adaptation=site.at.unit.registry(), new_nonce=lambda: nonce)


def test_only_face_life_and_pin_adapt_a_face(site: Site, machine: Machine) -> None:
    unit = site.at.unit

    def adapted() -> int:
        return sum(entry.event == "adapted" for entry in unit.journal.entries())

    def visit(clip: str, cents: int) -> Receipt:
        camera = RecordedCamera(Clip.load(clip))
        one = Customer(camera, CARD_A, cents, [PIN_A])
        return serve(replace(machine, camera=camera, now=camera.now, screen=one, pad=one))

    # The stranger's PIN would be right, but nobody asks him; the holder is not asked below.
    assert (visit("b", 15_000).reason, adapted()) == ("no_match", 0)
    assert (visit("a2", 3000).reason, adapted()) == ("matched_live", 0)
    assert (visit("a2", 15_000).reason, adapted()) == ("matched_live_pin", 1)
    with unit.faces.pair(unit.customers.claim(CARD_A).customer_id) as (enrolled, now):
        assert DRIFT_MIN <= float(enrolled @ now) < 1.0


def test_a_revoked_face_leaves_card_number_and_pin(site: Site, machine: Machine) -> None:
    unit = site.at.unit
    with unit.store.transaction() as connection:
        customer_id = unit.customers.add(connection, CARD_C, PIN_B)
        balances.load(connection, customer_id, 10_000)
    axis = np.eye(1, 512, dtype=np.float32)[0]
    unit.registry().enrol(customer_id, "Customer C", Embedding(axis, unit.models.embedding_id))
    with unit.store.transaction() as connection:
        unit.faces.revoke(connection, customer_id, leaked=True)

    def visit(cents: int, limit_cents: int, pin: str = PIN_B) -> Receipt:
        # The camera has no frame to give, and is not asked for one.
        camera, one = ScriptedCamera([], stop_after=0), Customer(None, CARD_C, cents, [pin])
        limits = unit.config.limits.model_copy(update={"card_pin_limit_cents": limit_cents})
        return serve(replace(machine, camera=camera, limits=limits, screen=one, pad=one))

    before = site.moved()
    assert visit(3000, 0).reason == visit(4000, 3000).reason == "face_revoked"
    assert visit(3000, 3000, PIN_A).reason == "wrong_pin"
    assert site.moved() == before
    paid = visit(3000, 3000)
    assert (paid.verdict, paid.reason, paid.paid_cents) == (Verdict.PAY, "card_pin", 3000)
    assert site.moved() == before + 2

"""Failed looks and wrong PINs close what they must, for as long as they must, and nothing else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_atm.atm import serve
from edge_atm.cash import balances
from edge_atm.machine import Machine
from edge_atm.policy.lockout import LOOKS, PINS
from edge_atm.records import Frame, Receipt, Verdict, Way
from edge_atm.vault import pins
from edge_atm.vault.customers import Customers
from tests.rig.bench import CARD_A, CARD_B, PIN_A, PIN_B, bench
from tests.rig.camera import ScriptedCamera
from tests.rig.customer import Customer, made_up_card
from tests.rig.dispenser import SimulatedDispenser
from tests.unit.vaulted import DAY, unit_vector

pytestmark = pytest.mark.slow
LIMIT, CROWD = 5000, [made_up_card(seed) for seed in range(100, 130)]
START = datetime(2031, 1, 1, 8, tzinfo=UTC)


@dataclass
class Corner:
    """A unit whose camera shows nobody, so that every look fails, and its clock."""

    machine: Machine
    customers: Customers
    path: Path
    time: datetime = START

    def visit(
        self, card: str, *typed: str, way: Way = Way.FACE, cents: int = 1000
    ) -> tuple[Receipt, Customer]:
        """Let one customer come; return his receipt and what he was told."""
        one = Customer(None, card, cents, list(typed), chosen=way)
        return serve(replace(self.machine, screen=one, pad=one)), one

    def look(self, card: str) -> str:
        """Let somebody fail a look; return the reason he reads."""
        return self.visit(card)[0].reason

    def run(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@contextmanager
def cheap_pins() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pins, "SCRYPT_N", 2)
        yield


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    folder = tmp_path_factory.mktemp("unit")
    with (
        cheap_pins(),
        SimulatedDispenser(folder / "lcdm.json", notes=(100, 100, 100, 0)) as sim,
        bench(folder, sim.port) as at,
    ):
        unit = at.unit
        with unit.store.transaction() as connection:
            for seed, card in enumerate((CARD_A, CARD_B, *CROWD)):
                known = unit.customers.add(connection, card, None if seed < 2 else PIN_B)
                unit.faces.enrol(connection, known, unit_vector(seed), DAY)
                if seed >= 2:
                    balances.load(connection, known, 100_000)
        nobody, camera = Customer(None), ScriptedCamera([], stop_after=0)
        machine = unit.machine(unit.cashier(at.dispenser), nobody, nobody)
        limits = unit.config.limits.model_copy(update={"card_pin_limit_cents": LIMIT})
        customers = Customers(unit.store, unit.ring, lambda: made.time)
        machine = replace(machine, camera=camera, people=customers, limits=limits)
        made = Corner(machine, customers, unit.store.path)
        yield made


@pytest.fixture
def corner(standing: Corner) -> Corner:
    # A day later nothing of the last test's looks counts for the unit.
    standing.run(86_400)
    with standing.customers._store.transaction() as connection:
        connection.execute("UPDATE customers SET face_failures = 0, pin_failures = 0")
    return standing


def test_a_strangers_failed_looks_leave_card_number_and_pin(corner: Corner) -> None:
    assert [corner.look(CARD_A) for _ in range(5)] == ["not_live"] * 5
    receipt, holder = corner.visit(CARD_A, PIN_A)
    assert (receipt.verdict, receipt.reason) == (Verdict.PAY, "card_pin")
    assert holder.told[:2] == ["card_pin_instead", "wait"]
    # Nobody is closed for ever: after the delay he is looked at again, and asked first.
    corner.run(29)
    assert corner.visit(CARD_A)[0].reason == "wrong_pin"
    corner.run(1)
    assert corner.look(CARD_A) == "not_live"
    assert corner.look(CARD_B) == "not_live"


def test_a_look_is_on_the_disk_before_the_camera_is_opened(
    corner: Corner, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def frames(self: ScriptedCamera) -> Iterator[Frame]:
        with closing(sqlite3.connect(corner.path)) as other:
            for count in (
                "SELECT sum(face_failures) FROM customers",
                f"SELECT count(*) FROM failures WHERE at LIKE '{corner.time:%Y-%m-%d}%'",
            ):
                seen.append(other.execute(count).fetchone()[0])
        # What pulling the plug is to the program.
        raise SystemExit

    monkeypatch.setattr(ScriptedCamera, "frames", frames)
    with pytest.raises(SystemExit):
        corner.look(CARD_A)
    assert seen == [1, 1]


def test_after_fifty_looks_the_face_is_closed_for_good_and_the_pin_is_not(corner: Corner) -> None:
    for _ in range(LOOKS.stop):
        assert corner.look(CARD_A) == "not_live"
        corner.run(3600)
    corner.run(10**8)
    assert corner.visit(CARD_A, PIN_A)[1].told[0] == "card_pin_instead"
    assert corner.visit(CARD_A, cents=6000)[0].reason == "face_locked"
    with corner.customers._store.transaction() as connection:
        corner.customers.add(connection, CARD_A, None)
    assert corner.look(CARD_A) == "not_live"


def test_who_guesses_a_pin_as_fast_as_he_may_is_stopped_after_two_days(corner: Corner) -> None:
    began = corner.time
    while (known := corner.customers.claim(CARD_B)).pin_failures < PINS.stop:
        corner.run(PINS.wait_seconds(known.pin_failures, known.pin_since_seconds))
        assert corner.visit(CARD_B, *["0000"] * 3, way=Way.PIN)[0].reason == "wrong_pin"
    assert known.pin_failures == 50
    assert 41 <= (corner.time - began) / timedelta(hours=1) <= 43
    corner.run(10**8)
    assert corner.visit(CARD_B, PIN_B, way=Way.PIN)[0].reason == "pin_locked"
    # His face is still looked at, and nobody else's PIN is closed.
    assert corner.look(CARD_B) == "not_live"
    assert corner.visit(CARD_A, PIN_A, way=Way.PIN)[0].reason == "card_pin"


def test_the_holder_waits_for_an_hour_at_most(corner: Corner) -> None:
    for _ in range(48):
        corner.run(3600)
        assert corner.visit(CARD_B, "0000", way=Way.PIN)[0].reason == "wrong_pin"
    assert corner.visit(CARD_B, PIN_B, way=Way.PIN)[0].reason == "pin_waiting"
    corner.run(3600)
    assert corner.visit(CARD_B, PIN_B, way=Way.PIN)[0].reason == "card_pin"
    assert corner.customers.claim(CARD_B).pin_failures == 0


@pytest.mark.parametrize(
    ("way", "failed", "closed"),
    [(Way.FACE, "not_live", "looks_closed"), (Way.PIN, "wrong_pin", "pins_closed")],
)
def test_a_unit_at_which_thirty_cards_failed_closes_for_an_hour(
    corner: Corner, way: Way, failed: str, closed: str
) -> None:
    for card in CROWD:
        assert corner.visit(card, "0000", way=way)[0].reason == failed
        corner.run(10)
    # Who comes meanwhile does not make it longer.
    for _ in range(3):
        cents = 6000 if way is Way.FACE else 1000
        assert corner.visit(CARD_A, PIN_A, way=way, cents=cents)[0].reason == closed
        corner.run(900)
    # The other way is open all the time.
    if way is Way.FACE:
        assert corner.visit(CARD_A, PIN_A)[0].reason == "card_pin"
    else:
        assert corner.look(CARD_A) == "not_live"
    corner.run(3600 - 2700 - 300 + 10)
    assert corner.visit(CARD_B, "0000", way=way)[0].reason == failed

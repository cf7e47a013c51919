"""A whole unit on a bench: the product's own parts, a recorded camera, a dispenser on a pty."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge_atm.atm import serve
from edge_atm.cash import balances, storage
from edge_atm.cli.opening import open_unit
from edge_atm.cli.unit import Unit
from edge_atm.device.dispenser import LcdmDispenser, Timing
from edge_atm.device.serial_wire import SerialWire
from edge_atm.enrolment import enrol
from edge_atm.policy.challenge import NONCE_BYTES, draw_challenge
from edge_atm.records import Receipt, Turn
from tests.rig.camera import Clip, RecordedCamera, ScriptedCamera
from tests.rig.customer import Customer, made_up_card

CONFIG = """
[unit]
unit_id = "bench"
state_dir = "{state_dir}"
key_protection = "host"

[camera]
kind = "v4l2"
device = "/dev/null"

[dispenser]
port = "{port}"
currency = "EUR"
cassette_values_cents = [1000, 2000, 5000, 0]

[limits]
amount_cents_max = 50000
face_only_limit_cents = 10000
card_pin_limit_cents = 0
prior_genuine = 0.9
posterior_min = 0.95
"""
# Long enough for the simulated dispenser, short enough for a test.
TIMING = Timing(ack=0.3, response=1.5, last=3.0, status=1.0)
CARD_A, CARD_B = made_up_card(1), made_up_card(2)
PIN_A, PIN_B = "4711", "2580"
NOTES = (100, 100, 100, 0)
BALANCE_CENTS = 200_000
# What tests ask for that do not mind.
TURNS = (Turn.LEFT, Turn.RIGHT)


def nonce_for(*turns: Turn) -> bytes:
    """Return the first nonce whose challenge asks for exactly these turns."""
    nonces = (number.to_bytes(NONCE_BYTES, "big") for number in itertools.count())
    return next(nonce for nonce in nonces if draw_challenge(nonce).turns == turns)


@dataclass(frozen=True)
class Bench:
    """The unit and its open dispenser."""

    unit: Unit
    dispenser: LcdmDispenser

    def enrol(self, card: str, clip: str, name: str) -> int:
        """Enrol the holder of `card` from a clip; return the template's version."""
        camera = RecordedCamera(Clip.load(clip))
        customer = Customer(camera)
        desk = replace(self.unit.desk(customer), camera=camera, now=camera.now)
        return enrol(desk, self.unit.customers.claim(card), name)

    def serve(
        self,
        customer: Customer,
        camera: RecordedCamera | ScriptedCamera,
        turns: tuple[Turn, ...] | None = TURNS,
    ) -> Receipt:
        """Serve one scripted customer in front of any of the rig's cameras.

        He is asked for `turns`; None: for what the unit draws.
        """
        machine = self.unit.machine(self.unit.cashier(self.dispenser), customer, customer)
        if turns is not None:
            nonce = nonce_for(*turns)
            machine = replace(machine, new_nonce=lambda: nonce)
        return serve(replace(machine, camera=camera, now=camera.now))

    def visit(
        self,
        clip: str,
        card: str,
        cents: int,
        pins: tuple[str, ...] = (),
        turns: tuple[Turn, ...] | None = TURNS,
    ) -> Customer:
        """Let the person of `clip` claim `card`; return the customer with what he was told."""
        camera = RecordedCamera(Clip.load(clip))
        customer = Customer(camera, card, cents, list(pins))
        self.serve(customer, camera, turns)
        return customer


@contextmanager
def bench(folder: Path, port: str) -> Iterator[Bench]:
    """Set up a unit in `folder` with two accounts and full cassettes on the dispenser at `port`."""
    config_path = folder / "edge-atm.toml"
    config_path.write_text(CONFIG.format(state_dir=folder / "state", port=port))
    with open_unit(config_path, development=True, create=True) as unit:
        with unit.store.transaction() as connection:
            for card, pin in ((CARD_A, PIN_A), (CARD_B, PIN_B)):
                customer_id = unit.customers.add(connection, card, pin)
                balances.load(connection, customer_id, BALANCE_CENTS)
            values = unit.config.dispenser.cassette_values_cents
            storage.replenish(connection, values, NOTES)
        with LcdmDispenser(SerialWire(Path(port)), timing=TIMING) as dispenser:
            yield Bench(unit, dispenser)

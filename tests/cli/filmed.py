"""One look in front of a unit that keeps evidence, and what the camera gave."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyrage
import pytest

from edge_atm.atm import serve
from edge_atm.config import Bank
from edge_atm.records import Frame, Pixels, Receipt
from edge_atm.vault.evidence import FOLDER
from tests.rig.bench import CARD_A, TURNS, bench, nonce_for
from tests.rig.camera import Clip, RecordedCamera
from tests.rig.customer import Customer
from tests.rig.dispenser import SimulatedDispenser
from tests.unit.vaulted import unit_vector

DAY = "2031-01-01T08:00:00Z"


class Filmed(RecordedCamera):
    """Remembers every picture it gave, as the unit saw it."""

    def __init__(self) -> None:
        super().__init__(Clip.load("a1"))
        self.given: list[Pixels] = []

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            self.given.append(frame.pixels.copy())
            yield frame


@dataclass(frozen=True)
class Visited:
    """A unit's folder after one look, with what the camera gave and what the customer got."""

    folder: Path
    given: list[Pixels]
    receipt: Receipt
    events: list[str]
    identity: str

    @property
    def clip(self) -> Path:
        (path,) = (self.folder / "state" / FOLDER).iterdir()
        return path


def visit(folder: Path, temporary: Path) -> Visited:
    """Let somebody who is not the card's holder look into the camera; look for plain pictures."""
    identity = pyrage.x25519.Identity.from_str(_secret_key())
    camera = Filmed()
    customer = Customer(camera, CARD_A, 5000)
    with (
        pytest.MonkeyPatch.context() as patch,
        SimulatedDispenser(folder / "lcdm.json", notes=(100, 100, 100, 0)) as sim,
        bench(folder, sim.port) as at,
    ):
        patch.setenv("TMPDIR", str(temporary))
        with at.unit.store.transaction() as connection:
            known = at.unit.customers.claim(CARD_A).customer_id
            at.unit.faces.enrol(connection, known, unit_vector(1), DAY)
        bank = Bank(public_keys=(str(identity.to_public()),), evidence=True)
        unit = replace(at.unit, config=at.unit.config.model_copy(update={"bank": bank}))
        machine = unit.machine(unit.cashier(at.dispenser), customer, customer)
        machine = replace(
            machine, camera=camera, now=camera.now, new_nonce=lambda: nonce_for(*TURNS)
        )
        receipt = serve(machine)
        # With the log still open: what SQLite has not written back yet is searched too.
        assert (folder / "state" / "edge-atm.sqlite-wal").stat().st_size
        for path in (p for base in (folder, temporary) for p in base.rglob("*") if p.is_file()):
            content = path.read_bytes()
            assert b"\xff\xd8\xff" not in content, path
            assert b"JFIF" not in content, path
        events = [entry.event for entry in unit.journal.entries()]
    return Visited(folder, camera.given, receipt, events, str(identity))


def _secret_key() -> str:
    if not shutil.which("age-keygen"):
        return str(pyrage.x25519.Identity.generate())
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True, timeout=60)
    return made.stdout.splitlines()[-1]

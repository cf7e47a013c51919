"""One enrolled unit a module, because enrolling takes seconds; each test gets the books back."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.rig.bench import CARD_A, CARD_B, Bench, bench
from tests.rig.dispenser import SimulatedDispenser


@dataclass(frozen=True)
class Site:
    """A bench with its dispenser's truth."""

    at: Bench
    sim: SimulatedDispenser

    def moved(self) -> int:
        """Return how many notes have left, by the dispenser's own truth."""
        return sum(self.sim.presented)

    def assert_balanced(self) -> None:
        """The unit's books and the dispenser's truth are the same."""
        units = self.at.unit.ledger.storage_units()
        assert self.sim.conserved()
        assert [unit.presented for unit in units] == list(self.sim.presented)
        assert self.at.unit.journal.verify() > 0

    def forgive(self) -> None:
        """Forget failed looks, so that tests do not lock each other out."""
        with self.at.unit.store.transaction() as connection:
            connection.execute("UPDATE customers SET face_failures = 0, pin_failures = 0")
            connection.execute("DELETE FROM failures")


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("unit")
    with SimulatedDispenser(folder / "lcdm.json", notes=(100, 100, 100, 0)) as sim:  # noqa: SIM117
        with bench(folder, sim.port) as at:
            at.enrol(CARD_A, "a1", "Customer A")
            at.enrol(CARD_B, "b", "Customer B")
            yield Site(at, sim)


@pytest.fixture
def site(enrolled: Site) -> Iterator[Site]:
    enrolled.forgive()
    yield enrolled
    enrolled.assert_balanced()

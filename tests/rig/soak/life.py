"""One life of a unit: some hundred payouts on one database, whatever happens meanwhile."""

import gc
import logging
from pathlib import Path

from edge_atm.money import Wish
from tests.rig.disk.disk import folder_in_memory
from tests.rig.soak.site import Site
from tests.rig.soak.tally import Finding, Tally
from tests.rig.soak.technician import CUSTOMERS
from tests.rig.soak.unit import Unit
from tests.rig.soak.world import World

PAYOUTS_PER_LIFE = 150
SYNCED_EVERY, LOOKED_AFTER_EVERY = 20, 5
# The books are audited whole after whatever happened, and this often when nothing did.
AUDITED_EVERY = 10
TEST_CHANCE, STOP_CHANCE, PURGE_CHANCE, SMALL_NOTES_CHANCE = 0.01, 0.005, 0.3, 0.1
# Mostly amounts that people draw: the more notes, the longer the device works.
AMOUNTS_CENTS = (1000, 2000, 3000, 5000, 5000, 7000, 10_000, 10_000, 15_000, 20_000, 38_000)


class Life:
    """A unit and the customers who come to it."""

    def __init__(self, seed: int, folder: Path, tally: Tally) -> None:
        self._world = World(seed, folder, tally)
        self._site = Site(self._world)
        self._happened = 0
        self.number = 0

    def trace(self) -> tuple[str, ...]:
        """Return what happened last."""
        return tuple(" ".join(map(str, event)) for event in self._world.trace)

    def end(self) -> None:
        """Leave nothing behind."""
        self._site.unit.close()
        self._world.end()

    def live(self, payouts: int) -> None:
        """Serve so many customers. Raises Violation."""
        self._site.open()
        for self.number in range(1, payouts + 1):
            self._site.mishaps.draw()
            self._site.attempt(self._serve)
            self._audit()
            self._look_after()
        self._site.stop()
        self._site.keep_running()
        self._site.audit.step(self._site.unit.store)
        self._site.audit.whole(self._site.unit.store, self._site.unit.journal.verify())
        self._count(self._site.unit)

    def _audit(self) -> None:
        site, happened = self._site, self._world.tally.happened()
        if happened != self._happened or self.number % AUDITED_EVERY == 0:
            site.audit.step(site.unit.store)
        else:
            site.audit.glance(site.unit.store)
        self._happened = happened

    def _serve(self, unit: Unit) -> None:
        draw = self._world.draw
        if draw.random() < TEST_CHANCE:
            self._site.technician.test(unit)
            return
        customer_id, cents = draw.choice(CUSTOMERS), draw.choice(AMOUNTS_CENTS)
        if unit.cashier.obstacle(customer_id, cents) is None:
            small_notes = draw.random() < SMALL_NOTES_CHANCE
            unit.cashier.pay(customer_id, f"s{self.number}", Wish(cents, small_notes))

    def _look_after(self) -> None:
        site, technician = self._site, self._site.technician
        if self._world.memory.blocked_sensors and self._world.draw.random() < PURGE_CHANCE:
            site.attempt(technician.purge)
        if self.number % LOOKED_AFTER_EVERY == 0 and technician.needed(site.unit):
            site.mishaps.calm()
            # What he loads and counts is where the books begin anew.
            site.audit.step(site.unit.store)
            site.attempt(technician.replenish)
            site.attempt(technician.load_accounts)
        if self._world.draw.random() < STOP_CHANCE:
            site.stop()
            site.keep_running()
        if self.number % SYNCED_EVERY == 0:
            self._world.forget_synced()

    def _count(self, unit: Unit) -> None:
        tally, rows = self._world.tally, unit.store.rows
        paid = rows("SELECT count(*) FROM payouts")[0][0]
        tally.payouts += paid
        tally.stores["recorded_disk"] += paid
        tally.commands += rows("SELECT count(*) FROM batches")[0][0]
        tally.suspects += rows("SELECT count(*) FROM journal WHERE event = 'suspect'")[0][0]
        states = "SELECT json_extract(detail, '$.state'), count(*) FROM journal"
        for state, number in rows(f"{states} WHERE event = 'booked' GROUP BY 1"):
            tally.states[state] += number
        lost = rows("SELECT move FROM service_moves WHERE outcome = 'unknown'")
        moved = [self._world.truth.moved.get(("purge", move[0]), ()) for move in lost]
        # Nobody but the cassettes can tell where they are, until the next count.
        tally.known_limits["purged_notes_forgotten"] += sum(any(map(any, m)) for m in moved)
        # One command more than the limit asks for: there to make no two alike.
        tally.equal_commands["split"] += self._site.split()


def run_life(seed: int, payouts: int = PAYOUTS_PER_LIFE) -> Tally:
    """Live one life in memory; a violation ends it and is told in the tally."""
    logging.getLogger("edge_atm").setLevel(logging.CRITICAL)
    tally = Tally(lives=1)
    with folder_in_memory() as folder:
        life = Life(seed, folder, tally)
        try:
            life.live(payouts)
        # A broken assertion of the product, of the rig or of SQLite is as much a finding as ours.
        except Exception as broken:  # noqa: BLE001
            what = f"{type(broken).__name__}: {broken}"
            tally.violations.append(Finding(seed, life.number, what, life.trace()))
        finally:
            life.end()
    return tally


def begin_work() -> None:
    """Collect garbage no more, in a process that does nothing but `work`."""
    gc.collect()
    gc.freeze()
    gc.disable()


def work(seed: int) -> Tally:
    """Live one life, and collect at its end what it has left in cycles: its files, too."""
    tally = run_life(seed)
    gc.collect()
    return tally

"""Stands at the host's end of the cable: nothing moves notes that the disk does not know of."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable

from edge_atm.cash.outcomes import quantities
from edge_atm.store import DATABASE, Store
from tests.rig.lcdm_words import Command
from tests.rig.soak.truth import Written
from tests.rig.soak.violation import check
from tests.rig.soak.world import World

OPEN_COMMAND = (
    "SELECT payout_id, state, batch, asked FROM payouts NATURAL JOIN batches"
    " NATURAL LEFT JOIN results WHERE state <> 'SETTLED' AND outcome IS NULL"
)
OPEN_MOVE = (
    "SELECT operation, move FROM service_moves WHERE outcome IS NULL"
    " AND move = (SELECT max(move) FROM service_moves)"
)
OPERATIONS: dict[int, str] = {Command.PURGE: "purge", Command.TEST_DISPENSE: "test_dispense"}
# Building what a power cut would leave takes longer than a payout does.
REBUILT_CHANCE = 0.003
DOUBTFUL_DRAWS = 8
FRAME_BYTES_MIN = 6
Rows = list[tuple[object, ...]]


class Witness:
    """Looks at each frame on its way out."""

    def __init__(self, world: World, store: Callable[[], Store]) -> None:
        self._world, self._store = world, store
        world.host.on_write = self._written

    def _written(self, data: bytes) -> None:
        if len(data) < FRAME_BYTES_MIN:
            return
        command = data[3]
        if command == Command.DISPENSE:
            self._dispense()
            return
        if (operation := OPERATIONS.get(command)) is None:
            self._world.truth.writes(Written(command))
            return
        rows = self._found(OPEN_MOVE)
        check(bool(rows), "notes are moved and the books do not say so", operation)
        move = int(str(rows[0][1]))
        self._check_safe(OPEN_MOVE, rows, [(operation, move)])
        self._world.truth.writes(Written(command, (operation, move)))

    def _dispense(self) -> None:
        rows = self._found(OPEN_COMMAND)
        check(len(rows) == 1, "a DISPENSE goes out for no open command, or for several", *rows)
        payout_id, state, batch, asked = map(str, rows[0])
        check(state == "SENT", "a DISPENSE goes out and the books do not say so", state)
        self._check_safe(OPEN_COMMAND, rows, rows)
        self._world.note("dispense", payout_id, batch, asked)
        key = (payout_id, int(batch))
        self._world.truth.writes(Written(Command.DISPENSE, key, quantities(json.loads(asked))))

    def _found(self, query: str) -> Rows:
        return [tuple(row) for row in self._store().rows(query)]

    def _check_safe(self, query: str, found: Rows, expected: Rows) -> None:
        check(found == expected, "the books do not know what goes out", found, expected)
        # What was written since the last sync may be gone. It need not be the intent: SQLite's own
        # checkpoint may have met a full disk behind it. What a power cut leaves decides.
        doubtful = not self._world.disk.synced
        if doubtful or self._world.draw.random() < REBUILT_CHANCE:
            for _ in range(DOUBTFUL_DRAWS if doubtful else 1):
                safe = self._rebuilt(query) == expected
                check(safe, "a frame goes out before its intent is safe")

    def _rebuilt(self, query: str) -> Rows:
        folder = self._world.folder / "rebuilt"
        folder.mkdir()
        self._world.disk.crash(folder, None, random.Random(self._world.draw.random()))
        connection = sqlite3.connect(folder / DATABASE)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.DatabaseError:
            # A torn file knows of no intent.
            return []
        finally:
            connection.close()
            shutil.rmtree(folder)

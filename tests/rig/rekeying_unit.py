"""The unit whose commands are killed: its many customers, and what must hold of them always."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge_atm.cli.opening import open_unit
from edge_atm.cli.unit import Unit
from edge_atm.errors import EdgeError, TemplateRevoked
from edge_atm.records import Floats
from tests.rig.bench import CONFIG
from tests.rig.customer import made_up_card

PIN = "4711"
# What one new seal may cost of a face's cosine.
COST = 1e-4
# What habits are told by here: no net is needed to seal them anew.
MODEL, ENTRIES = "taps", 5
AT = "2031-01-01T08:00:00Z"


def provision(folder: Path, customers: int) -> tuple[Path, "Crowd"]:
    """Make a unit's folder with enrolled customers; return its configuration, and them."""
    config = folder / "edge-atm.toml"
    config.write_text(CONFIG.format(state_dir=folder / "state", port="/dev/null"))
    with open_unit(config, development=True, create=True) as unit:
        with unit.store.transaction() as connection:
            for number in range(customers):
                pin = None if number else PIN
                who = unit.customers.add(connection, made_up_card(number), pin)
                unit.customers.name(connection, who, f"Customer {number}")
                unit.faces.enrol(connection, who, _face(number), AT)
                unit.habits.agree(connection, who, None)
                unit.habits.learn(connection, who, MODEL, [_face(number)[:8]] * ENTRIES, ENTRIES)
        # Their record is under the master key, which rotations replace.
        assert len(list(unit.models.prepare())) == 4
        cards = [made_up_card(number) for number in range(customers)]
        faces = {unit.customers.claim(card).customer_id: _face(n) for n, card in enumerate(cards)}
    return config, Crowd(cards, faces)


def _face(number: int) -> Floats:
    vector = np.random.default_rng(number).standard_normal(512).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@dataclass
class Crowd:
    """What was found of the customers last time."""

    cards: list[str]
    faces: dict[str, Floats]
    generation: int = 1
    changed: bool = False
    revoked: dict[str, str] = field(default_factory=dict)

    def faults(self, unit: Unit, words: Sequence[str], card: str) -> list[str]:
        """Return what does not hold after `words` were begun, for `card` where they take one."""
        self.changed = False
        try:
            unit.journal.verify()
            unit.models.unprepared()
            found = [*self._revocation(unit, words, card), *self._everybody(unit)]
        except EdgeError as error:
            return [f"{type(error).__name__}: {error}"]
        return found

    def _revocation(self, unit: Unit, words: Sequence[str], card: str) -> Iterator[str]:
        customer = unit.customers.claim(card)
        who, before = customer.customer_id, self.revoked.get(card)
        events = [e.detail for e in unit.journal.entries() if e.event == "revoked"]
        last = ["leaked" if e["leaked"] else "revoked" for e in events if e["customer"] == who]
        # The face and the journal's entry are one commit.
        if customer.revoked != (last[-1] if last else None):
            yield f"{who} is {customer.revoked}, was {before}, the journal says {last}"
        if customer.revoked != before:
            self.changed = True
            self.revoked[card] = str(customer.revoked)
            if words[0] != "revoke":
                yield f"{words[0]} revoked {who}"

    def _everybody(self, unit: Unit) -> Iterator[str]:
        versions = {row[0] for row in unit.store.rows("SELECT DISTINCT version FROM templates")}
        entries = [entry.event for entry in unit.journal.entries()]
        generation = 1 + entries.count("rotated") + entries.count("reissued")
        habits = {row[0] for row in unit.store.rows("SELECT DISTINCT version FROM habits")}
        if not versions == habits == {generation}:
            yield f"templates of versions {versions}, habits of {habits}, said {generation}"
        if generation not in (self.generation, self.generation + 1):
            yield f"one command made generation {generation} of {self.generation}"
        self.changed |= generation != self.generation
        self.generation = generation
        for number, card in enumerate(self.cards):
            yield from self._customer(unit, number, card)
        if not unit.customers.check_pin(next(iter(self.faces)), PIN):
            yield "the PIN is not what it was"

    def _customer(self, unit: Unit, number: int, card: str) -> Iterator[str]:
        who = list(self.faces)[number]
        if unit.customers.holder_name(who) != f"Customer {number}":
            yield f"{who} has another name"
        try:
            with unit.faces.opened(who) as embedding:
                face = embedding.vector.copy()
        except TemplateRevoked:
            if card not in self.revoked:
                yield f"{who} was never revoked, and answers so"
            with unit.habits.opened(who, MODEL) as habit:
                if len(habit):
                    yield f"{who} was revoked, and has a habit"
            return
        if card in self.revoked:
            yield f"{who} was revoked, and opens"
        now, ever = float(face @ self.faces[who]), float(face @ _face(number))
        if not (now >= 1 - COST and ever >= 1 - COST * self.generation):
            yield f"{who} has another face: {now:.6f} of the last, {ever:.6f} of the first"
        self.faces[who] = face
        with unit.habits.opened(who, MODEL) as habit:
            if not np.array_equal(habit, [_face(number)[:8]] * ENTRIES):
                yield f"{who} has another habit"

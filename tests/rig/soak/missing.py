"""What the journal says of the notes that nobody can place: the books' `unknown`, told again."""

import json
from typing import Any

from edge_atm.cash import faults, outcomes
from edge_atm.money import NO_NOTES, Outcome, Quantities
from edge_atm.store import Store
from tests.rig.lcdm_memory import CASSETTES

# A result without an error misplaces nothing; all others, and what people and purges find, do or
# undo it.
EVENTS = (
    "SELECT sequence, event, detail FROM journal WHERE sequence > ? AND (event IN"
    " ('suspect', 'counted', 'service_counted')"
    " OR event = 'booked' AND json_extract(detail, '$.error') <> 0) ORDER BY sequence"
)
ASKED = "SELECT batch, asked FROM batches WHERE payout_id = ? AND batch = coalesce(?, batch)"


class Missing:
    """Notes by cassette, since the journal had so many entries.

    Which notes an outcome leaves in doubt is the product's own pure rule. What is held here is
    that it was applied once to each outcome, in order, whatever failed in between.
    """

    def __init__(self, entries: int = 0) -> None:
        self._notes, self._read_to = [0] * 4, entries

    def read(self, store: Store) -> list[int]:
        """Return them now."""
        for sequence, event, text in store.rows(EVENTS, self._read_to):
            self._read_to = sequence
            change = self._change(store, event, json.loads(text))
            # A purge may have found notes that nobody missed.
            self._notes = [max(0, self._notes[i] + change[i]) for i in CASSETTES]
        return self._notes

    def _change(self, store: Store, event: str, told: dict[str, Any]) -> list[int]:
        if event == "suspect":
            return list(told["asked"])
        if event == "counted":
            return [-notes for notes in self._asked(store, told["payout"], None)]
        if event == "booked":
            asked, outcome = self._asked(store, told["payout"], told["batch"]), _outcome(told)
            return list(NO_NOTES if faults.refused(outcome) else faults.short_by(asked, outcome))
        return _service(told)

    def _asked(self, store: Store, payout_id: str, batch: int | None) -> Quantities:
        # Only a payout's last command can have waited for a count.
        return outcomes.quantities(json.loads(store.rows(ASKED, payout_id, batch)[-1]["asked"]))


def _service(told: dict[str, Any]) -> list[int]:
    if "operation" not in told:
        return list(told["asked"])
    outcome = _outcome(told)
    if told["asked"] == list(NO_NOTES):
        counted = zip(outcome.presented, outcome.rejected, strict=True)
        return [-presented - rejected for presented, rejected in counted]
    return list(faults.missing_from_tray(outcomes.quantities(told["asked"]), outcome))


def _outcome(told: dict[str, Any]) -> Outcome:
    return outcomes.from_text(json.dumps(told))

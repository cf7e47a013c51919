"""Asks for the PIN, and a second time where it was typed unlike its holder."""

import math
from dataclasses import dataclass, field, replace

from edge_atm.arriving import Visit, lately
from edge_atm.policy.decision import pin_closed
from edge_atm.policy.habit import Heard, Rhythm, evidence, limited, rhythm
from edge_atm.records import Customer, Decision, Way
from edge_atm.taps import Entry

PIN_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Typed:
    """Whether a right PIN was typed as often as it was asked, and what its habit said of it.

    `rhythm`: None where no habit was asked. `llr_log10`: of all right entries together, None where
    nothing counts yet. `entries`: the right ones, which hold the PIN.
    """

    right: bool
    rhythm: Rhythm | None = None
    llr_log10: float | None = None
    age_differs: bool = False
    entries: tuple[Entry, ...] = field(default=(), repr=False)

    @property
    def rhythm_word(self) -> str | None:
        """The habit's word, as the journal has it."""
        return None if self.rhythm is None else self.rhythm.value

    @property
    def llr_text(self) -> str | None:
        """The evidence, rounded as the journal has it."""
        return None if self.llr_log10 is None else f"{self.llr_log10:.2f}"


def ask_pin(visit: Visit) -> Typed:
    """Ask for the PIN, and once more where it is typed unlike. Raises EdgeError."""
    entry = _right_entry(visit, visit.customer)
    if entry is None:
        return Typed(False)
    habits = visit.atm.habits
    if habits is None:
        return Typed(True)
    entries, heard = (entry,), (habits.heard(visit.customer.customer_id, entry),)
    if rhythm(heard) is not Rhythm.UNLIKE:
        return _typed(entries, heard)
    visit.atm.screen.tell("pin_again")
    # The right PIN has ended the row of wrong ones; a wrong one now begins it anew.
    forgiven = replace(visit.customer, pin_failures=0, pin_since_seconds=math.inf)
    again = _right_entry(visit, forgiven)
    if again is None:
        return Typed(False, Rhythm.UNLIKE, evidence(heard), heard[0].age_differs)
    return _typed((*entries, again), (*heard, habits.heard(visit.customer.customer_id, again)))


def within_limit(visit: Visit, typed: Typed, decision: Decision) -> Decision:
    """Return the decision after what the habit said; the screen is told what else would be paid."""
    habits, amount_cents = visit.atm.habits, visit.wish.amount_cents
    if habits is None:
        return decision
    limit_cents = habits.strange_limit_cents
    found = limited(decision, typed.rhythm, amount_cents, limit_cents)
    if found is not decision:
        if visit.way is Way.FACE:
            # For that no PIN is asked.
            limit_cents = max(limit_cents, visit.atm.limits.face_only_limit_cents)
        if limit_cents > 0:
            visit.atm.screen.tell("lower_limit", limit_cents=limit_cents)
    return found


def _typed(entries: tuple[Entry, ...], heard: tuple[Heard, ...]) -> Typed:
    differs = any(each.age_differs for each in heard)
    return Typed(True, rhythm(heard), evidence(heard), differs, entries)


def _right_entry(visit: Visit, customer: Customer) -> Entry | None:
    atm = visit.atm
    for _ in range(PIN_ATTEMPTS):
        # Also the second one: the delay may begin within a session.
        if pin_closed(customer, lately(atm)) is not None or (entry := atm.pad.pin()) is None:
            return None
        if atm.people.check_pin(customer.customer_id, entry.digits):
            return entry
        atm.screen.tell("wrong_pin")
        failures = customer.pin_failures + 1
        customer = replace(customer, pin_failures=failures, pin_since_seconds=0.0)
    return None

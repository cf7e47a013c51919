"""The rules of how a PIN is tapped, each taken out of the product: the suite has to notice."""

from tests.sessions.mutants import Mutant

POLICY, ASKING, ATM = "edge_atm/policy/habit.py", "edge_atm/asking.py", "edge_atm/atm.py"
KEPT = "edge_atm/vault/habits.py"
RULES, SESSIONS = "tests/unit/test_habit.py", "tests/unit/test_atm_habit.py"
SEALED = "tests/unit/test_vault_habits.py"

HABIT_MUTANTS = (
    Mutant(
        "nothing counts before five entries",
        POLICY,
        "return WEIGHT if entries >= ENTRIES_MIN else 0.0",
        "return WEIGHT",
        RULES,
    ),
    Mutant(
        "taps that are missing are unlike",
        POLICY,
        "    if not said >= LLR_LOG10_MIN:\n",
        "    if said < LLR_LOG10_MIN:\n",
        SESSIONS,
    ),
    Mutant(
        "one entry says no more than ten to one",
        POLICY,
        "    return max(-LLR_LOG10_MAX, min(LLR_LOG10_MAX, llr_log10))\n",
        "    return llr_log10\n",
        RULES,
    ),
    Mutant(
        "a habit lifts no refusal",
        POLICY,
        "    if decision.verdict is not Verdict.PAY or found",
        "    if found",
        RULES,
    ),
    Mutant(
        "an unlike entry has a limit",
        POLICY,
        "    if not amount_cents <= strange_limit_cents:\n",
        "    if not amount_cents <= math.inf:\n",
        SESSIONS,
    ),
    Mutant(
        "the PIN is asked a second time",
        ASKING,
        "    if rhythm(heard) is not Rhythm.UNLIKE:\n",
        "    if rhythm(heard):\n",
        SESSIONS,
    ),
    Mutant(
        "the second entry has to be the PIN",
        ASKING,
        "    if again is None:\n        return Typed(False, ",
        "    if again is None:\n        return Typed(True, ",
        SESSIONS,
    ),
    Mutant(
        "an unlike entry teaches neither hand nor face",
        POLICY,
        "    return found is not Rhythm.UNLIKE\n",
        "    return True\n",
        SESSIONS,
    ),
    Mutant(
        "only what paid is learnt",
        ATM,
        "    if not (receipt.paid_cents > 0 and _is_own_hand(typed)):\n",
        "    if not _is_own_hand(typed):\n",
        SESSIONS,
    ),
    Mutant(
        "nothing is learnt of who has not agreed",
        KEPT,
        '        if not row["touch_agreed"] or row',
        "        if row",
        SEALED,
    ),
    Mutant(
        "an older habit is revoked",
        KEPT,
        '    if row["version"] < row["last_habit"]:\n',
        '    if row["version"] < 0:\n',
        SEALED,
    ),
    Mutant(
        "a habit that leaked is not learnt again",
        KEPT,
        ' or row["leaked_habit"] == model:\n',
        ":\n",
        SEALED,
    ),
    Mutant(
        "another PIN begins another habit",
        "edge_atm/vault/customers.py",
        "        if box is not None:\n            # Another PIN",
        "        if False:\n            # Another PIN",
        SEALED,
    ),
    Mutant(
        "a habit is overwritten once it has served",
        KEPT,
        "        try:\n            yield kept\n        finally:\n            kept.fill(0)\n",
        "        yield kept\n",
        SEALED,
    ),
)

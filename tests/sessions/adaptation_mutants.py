"""The rules of templates that adapt or were revoked, each taken out of the product."""

from tests.sessions.mutants import Mutant

ADAPTATION = "edge_atm/policy/adaptation.py"
BOUNDS = "tests/unit/test_adaptation.py"
SESSIONS = "tests/unit/test_atm_adaptation.py"
TIER = "tests/unit/test_atm_tier.py"

ADAPTATION_MUTANTS = (
    Mutant(
        "slow poisoning: the drift is bounded",
        ADAPTATION,
        "if drift >= DRIFT_MIN else None",
        "if drift >= -1 else None",
        BOUNDS + "::test_slow_poisoning_is_stopped",
    ),
    Mutant(
        "a look that adapts matches the enrolled face too",
        ADAPTATION,
        "np.stack([enrolled, now])",
        "np.stack([now, now])",
        BOUNDS + "::test_the_look_has_to_match_the_face_at_enrolment_too",
    ),
    Mutant(
        "a face does not adapt without the PIN",
        ADAPTATION,
        ' and decision.reason == "matched_live_pin"',
        "",
        SESSIONS,
    ),
    Mutant(
        "a face rests between two moves",
        "edge_atm/cli/registry.py",
        "if not is_rested(self._hours_since_adapted(customer_id)):",
        "if not is_rested(None):",
        "tests/unit/test_registry.py",
    ),
    Mutant(
        "samples are erased",
        "edge_atm/atm.py",
        "        watch.erase()\n",
        "        pass\n",
        SESSIONS,
    ),
    Mutant(
        "card number and PIN have a limit",
        "edge_atm/policy/decision.py",
        'card_pin_limit_cents:\n        return Decision(Verdict.REFUSE, "above_card_pin_limit")',
        'amount_cents_max:\n        return Decision(Verdict.REFUSE, "above_card_pin_limit")',
        TIER,
    ),
    Mutant(
        "a revoked face is not looked at",
        "edge_atm/policy/decision.py",
        "    if customer.revoked is not None:\n",
        '    if customer.revoked == "":\n',
        TIER,
    ),
)

"""The rules that tell a living head, each taken out of the product: the suite has to notice."""

from tests.sessions.mutants import Mutant

ASKED, TURNING = "edge_atm/vision/challenge.py", "edge_atm/vision/turning.py"

CHALLENGE_MUTANTS = (
    Mutant(
        "a turn begins after it was asked for",
        ASKED,
        'return "begun_early" if left else None',
        "return None",
        "tests/unit/test_vision_challenge.py",
    ),
    Mutant(
        "a reaction takes its time",
        ASKED,
        "self._left = away and since < REACTION_SECONDS_MIN",
        "self._left = away and since < 0",
        "tests/unit/test_vision_turns.py",
    ),
    Mutant(
        "a turn begins soon",
        ASKED,
        "if not now.begun and not since <= BEGIN_SECONDS_MAX:",
        "if not now.begun and since > 1e9:",
        "tests/unit/test_vision_turning.py",
    ),
    Mutant(
        "the head that turns is the one that is matched",
        TURNING,
        "            if changed is not None:\n                return changed\n",
        "",
        "tests/unit/test_vision_attacks.py",
    ),
    Mutant(
        "the head that is lit is the one that is matched",
        "edge_atm/vision/watch.py",
        "        if not self.done and samples.due(frame, LIT_SECONDS):\n",
        "        if False:\n",
        "tests/unit/test_vision_attacks.py",
    ),
    Mutant(
        "both sides leave the midline",
        TURNING,
        "np.min(self._deviations)",
        "np.max(self._deviations)",
        "tests/unit/test_vision_turning.py",
    ),
    Mutant(
        "eyes and mouth turn alike",
        "edge_atm/vision/turn.py",
        "depth if _turn_alike(shapes[left], shapes[right]) else NAN",
        "depth",
        "tests/unit/test_vision_turn.py",
    ),
    Mutant(
        "what lies over a face is not its answer",
        "edge_atm/vision/light_response.py",
        "VEIL_WEIGHT * answers[SKIN]",
        "-1.0",
        "tests/unit/test_vision_light.py",
    ),
    Mutant(
        "the depth is counted in ways from the eyes to the mouth",
        "edge_atm/vision/turn.py",
        "residual * float(np.median(_width(straight))) / max(",
        "residual / max(",
        "tests/unit/test_vision_turn.py",
    ),
    Mutant(
        "features that are gone are not known",
        "edge_atm/vision/veil.py",
        "now >= self._left[-1]",
        "now == now",
        "tests/unit/test_vision_veil.py",
    ),
    Mutant(
        "noise that goes on is no other field",
        "edge_atm/vision/light_fit.py",
        "min(max(again, 0.0), 1.0)",
        "0.0",
        "tests/unit/test_vision_light_rows.py",
    ),
    Mutant(
        "who stays beside a face is a second one",
        "edge_atm/vision/track.py",
        "        if joined and self._joined:\n",
        "        if False:\n",
        "tests/unit/test_vision_track.py",
    ),
    Mutant(
        "nothing is taken from a frame with two",
        "edge_atm/vision/track.py",
        "if same and not self._joined:",
        "if same:",
        "tests/unit/test_vision_lost.py",
    ),
    Mutant(
        "most matched frames denied, all refused",
        "edge_atm/vision/watch.py",
        '"denied" if self._portraits.denied else None',
        "None",
        "tests/unit/test_vision_watch.py",
    ),
    *(
        Mutant(
            f"{cue}: must hold by itself",
            "edge_atm/policy/decision.py",
            f"and liveness.{cue} >= {cue.upper()}_MIN",
            "",
            "tests/unit/test_atm.py::test_without_a_living_head_the_face_stays_sealed",
        )
        for cue in ("nose_depth", "midline", "light_gain", "light_fit")
    ),
)

"""What is held before the unit's camera, or fed to it: the PAI species of the simulation."""

from dataclasses import dataclass
from typing import Literal

from tests.rig.attack_shapes import Sheet
from tests.rig.presentations import Species as Lit


@dataclass(frozen=True, slots=True)
class Attack:
    """One species (ISO/IEC 30107-1) in the simulation.

    `sheet`: how a print is bent; None is a head, or a picture of a moving one. `light`: what its
    surface does with the fields. `follows`: the challenge that is on the screen, as whoever holds
    it reads it; one of its own, as recorded; or none. `helper`: when a living helper's head
    stands in for the print, "turns", or the print for the helper, "end".
    """

    sheet: Sheet | None
    light: Lit
    follows: Literal["screen", "own", "nothing"] = "screen"
    helper: Literal["", "turns", "end"] = ""


# Priors: so that residuals are at least those that the real detector showed of rendered prints. At
# 20 to 32 degrees flat ones .02 to .08, bent about an upright axis .09 to .41, a level one .02 to
# .12, a slanted one (6 cm, 30 degrees) .09 to .42; level ones at 40 degrees .01 to .25, and one
# that was turned by 50 to 55 degrees .57.
FLAT = Sheet(prior=(0.05, 0.25))
UPRIGHT_12, UPRIGHT_6 = (Sheet((0.1, 0.9), radius_mm=r) for r in (120.0, 60.0))
LEVEL_12, LEVEL_6 = Sheet((-0.2, 0.3), (90, 90), 120.0), Sheet((-0.3, 0.2), (90, 90), 60.0)
SLANTED_12, SLANTED_6 = (Sheet((-0.1, 0.4), (20, 70), r) for r in (120.0, 60.0))
CREASED = Sheet((0.0, 0.4), radius_mm=None)

LIVE = Attack(None, Lit.LIVE)
# Whoever bends a print has cut it out, so that its light is right: geometry has to refuse it.
ATTACKS = {
    "print, flat": Attack(FLAT, Lit.PRINT),
    "print, flat, cut out": Attack(FLAT, Lit.CUT_OUT),
    "print, bent upright 12 cm": Attack(UPRIGHT_12, Lit.CUT_OUT),
    "print, bent upright 6 cm": Attack(UPRIGHT_6, Lit.CUT_OUT),
    "print, bent level 12 cm": Attack(LEVEL_12, Lit.CUT_OUT),
    "print, bent level 6 cm": Attack(LEVEL_6, Lit.CUT_OUT),
    "print, bent aslant 12 cm": Attack(SLANTED_12, Lit.CUT_OUT),
    "print, bent aslant 6 cm": Attack(SLANTED_6, Lit.CUT_OUT),
    "print, creased down the nose": Attack(CREASED, Lit.CUT_OUT),
    "print, a live helper turns": Attack(FLAT, Lit.CUT_OUT, helper="turns"),
    "live helper, print to match": Attack(FLAT, Lit.LIVE, helper="end"),
    "screen, other turns": Attack(None, Lit.REPLAY, "own"),
    "screen, right turns": Attack(None, Lit.REPLAY),
    "screen, right turns, mirrored": Attack(None, Lit.REPLAY_MIRROR),
    "injected, frozen": Attack(None, Lit.INJECTED, "nothing"),
    "injected, right turns": Attack(None, Lit.INJECTED),
    "injected, other challenge": Attack(None, Lit.INJECTED_FIELDS, "own"),
    "injected, right turns, other fields": Attack(None, Lit.INJECTED_FIELDS),
}

"""Power fails at every step of a commit and its mark: the newest state opens, no older one does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.store import DATABASE
from tests.rig.disk.disk import folder_in_memory
from tests.unit.guarded import Guarded, Tpm
from tests.unit.power import Power, PowerCut

# The commit; the mark's write and sync; once more for the counter, and its step.
COMMIT_STEPS = 2 + 3 + 3 + 2
# Where a mark is written and not synced, it may be there, not there, or in part.
CUTS = [(step, "kept") for step in range(COMMIT_STEPS)]
CUTS += [(step, fate) for step in (3, 6) for fate in ("lost", "torn")]
START_STEPS = 2 + 2 + 3 + 3 + 2
RECOVERY_STEPS = 3 + 2 + 3 + 2


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> Power:
    return Power(monkeypatch)


def counted(folder: Path, power: Power) -> Guarded:
    unit = Guarded(folder, Tpm(power))
    unit.write("ada")
    return unit


def test_the_steps_are_all_of_them(folder: Path, power: Power) -> None:
    power.fails_after(1000)
    unit = Guarded(folder, Tpm(power))
    assert power.passed == START_STEPS
    power.fails_after(1000)
    unit.write("ada")
    assert power.passed == COMMIT_STEPS
    unit.store.close()


@pytest.mark.parametrize(("step", "fate"), CUTS)
def test_wherever_power_fails_the_newest_commit_opens_and_no_older(
    folder: Path, power: Power, step: int, fate: str
) -> None:
    unit = counted(folder, power)
    older = unit.disk()
    unit.reopen()
    power.fails_after(COMMIT_STEPS + step, fate)
    unit.write("grace")
    with pytest.raises(PowerCut):
        unit.write("joan")
    unit.reopen()
    newest = ["ada", "grace", *(["joan"] if step else [])]
    assert unit.customers() == newest
    unit.write("mary")
    unit.reopen()
    assert unit.customers() == [*newest, "mary"]
    unit.store.close()
    unit.put_back(older, DATABASE)
    unit.refuses("an older database was put back")
    unit.put_back(older)
    unit.refuses("an older disk was put back: its counter is")


@pytest.mark.parametrize(("step", "fate"), CUTS[1::3])
def test_recovery_may_fail_at_every_step_too(
    folder: Path, power: Power, step: int, fate: str
) -> None:
    unit = counted(folder, power)
    power.fails_after(step, fate)
    with pytest.raises(PowerCut):
        unit.write("grace")
    for later in range(RECOVERY_STEPS + 1):
        power.fails_after(later, fate)
        try:
            unit.reopen()
        except PowerCut:
            continue
        break
    power.rest()
    unit.write("joan")
    unit.reopen()
    assert unit.customers() == ["ada", *(["grace"] if step else []), "joan"]
    unit.store.close()


@pytest.mark.parametrize("step", range(START_STEPS))
def test_a_new_unit_whose_power_fails_is_begun_again(folder: Path, power: Power, step: int) -> None:
    tpm = Tpm(power)
    power.fails_after(step, "lost")
    with pytest.raises(PowerCut):
        Guarded(folder, tpm)
    unit = Guarded(folder, tpm)
    unit.write("ada")
    unit.reopen()
    assert unit.customers() == ["ada"]
    unit.store.close()

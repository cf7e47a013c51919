"""The paying process killed with SIGKILL, on real files and a real port: nothing is paid twice."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rig.killing import Site, kill_series
from tests.rig.lcdm_memory import Memory, write_whole
from tests.rig.lcdm_words import Command

pytestmark = pytest.mark.slow


def test_twenty_kills_leave_the_books_and_the_device_of_one_mind(tmp_path: Path) -> None:
    tally = kill_series(tmp_path, kills=20, seed=7)
    assert tally.violations == ()
    assert tally.kills == 20
    assert tally.kills_while_paying > 0
    assert tally.payouts > 0


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a unit that has paid; it and its device are off."""
    with ExitStack() as left:
        at = Site(tmp_path_factory.mktemp("paid"), 7, left)
        while not at.tally.payouts:
            at.kill()
        at.finish()
    assert at.tally.violations == ()
    return at


def sentences(at: Site, truth: Memory) -> str:
    """Return what an audit says beside this memory of the device; the true one comes back."""
    before, known = at.memory_path.read_text(), len(at.tally.violations)
    write_whole(at.memory_path, truth.text())
    at.audit()
    write_whole(at.memory_path, before)
    return "; ".join(at.tally.violations[known:])


def test_an_untouched_unit_passes_the_audit(paid: Site) -> None:
    assert sentences(paid, Memory.load(paid.memory_path)) == ""


def test_a_note_too_many_is_noticed(paid: Site) -> None:
    truth = Memory.load(paid.memory_path)
    truth.present_note(1)
    assert truth.conserved()
    assert "cassette 2 has paid" in sentences(paid, truth)


def test_a_vanished_note_is_noticed(paid: Site) -> None:
    truth = Memory.load(paid.memory_path)
    truth.cassettes[0] -= 1
    assert "in no place" in sentences(paid, truth)


def test_a_second_telling_is_noticed_though_no_note_moved(paid: Site) -> None:
    truth = Memory.load(paid.memory_path)
    truth.commands.append(Command.DISPENSE)
    assert "told DISPENSE" in sentences(paid, truth)

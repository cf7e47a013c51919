"""The anchor's file and its counter: what is believed, what is mended, what is refused."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_atm.errors import StoreFault
from edge_atm.vault import anchor as anchors
from edge_atm.vault.anchor import FILE, MARK_BYTES, PAGE_BYTES, Anchor
from tests.unit.guarded import KEY, Tpm

FIRST, SECOND, THIRD, OTHER = (bytes([n]) * 32 for n in range(1, 5))


@pytest.fixture
def tpm() -> Tpm:
    return Tpm()


@pytest.fixture
def anchor(tmp_path: Path) -> Anchor:
    """Two commits marked."""
    return marked(Anchor(tmp_path / FILE, KEY))


def marked(anchor: Anchor) -> Anchor:
    with anchor.held(create=True):
        anchor.start(7, FIRST)
        anchor.follow(8, SECOND)
    return anchor


def refuses(anchor: Anchor, words: str, act: Callable[[], object] | None = None) -> None:
    with pytest.raises(StoreFault, match=words) as refused, anchor.held():
        (act or anchor.check_counter)()
    assert refused.value.hint


def test_the_marked_state_is_met_and_what_follows_it_is_marked(anchor: Anchor) -> None:
    with anchor.held():
        assert anchor.meet(8, SECOND, FIRST).commits == 8
        assert anchor.meet(9, THIRD, SECOND).digest == THIRD
        assert anchor.meet(9, THIRD, OTHER).commits == 9


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ((7, FIRST, OTHER), "an older database was put back: commit 7 instead of 8"),
        ((8, OTHER, FIRST), "commit 8 does not follow"),
        ((9, THIRD, OTHER), "commit 9 does not follow"),
        ((10, THIRD, SECOND), "an older anchor was put back: commit 8 instead of 10"),
    ],
)
def test_any_other_state_is_refused_and_named(
    anchor: Anchor, state: tuple[int, bytes, bytes], said: str
) -> None:
    refuses(anchor, said, lambda: anchor.meet(*state))


def test_any_changed_byte_of_a_mark_is_another_units_and_one_mark_is_enough(
    anchor: Anchor, tmp_path: Path
) -> None:
    file = tmp_path / FILE
    whole = file.read_bytes()
    assert len(whole) == 2 * PAGE_BYTES
    for at in range(0, MARK_BYTES, 7):
        # Some of each field: magic, turn, commits, counter, digest, tag.
        changed = bytearray(whole)
        changed[PAGE_BYTES + at] ^= 0x10
        file.write_bytes(changed)
        # The newest is gone; its state follows the one before, as after a torn write.
        with anchor.held():
            assert anchor.check_counter().commits == 7
        changed[at] ^= 0x10
        file.write_bytes(changed)
        refuses(anchor, "the anchor is damaged, or that of another unit")
    file.write_bytes(whole)
    with anchor.held():
        assert anchor.meet(8, SECOND, FIRST).commits == 8


@pytest.mark.parametrize("content", [b"", b"\0" * 2 * PAGE_BYTES, b"edge-anchor/1\n"])
def test_what_is_no_anchor_is_refused(anchor: Anchor, tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    refuses(anchor, "damaged, or that of another unit")


def test_another_units_anchor_is_refused(anchor: Anchor, tmp_path: Path) -> None:
    refuses(Anchor(tmp_path / FILE, OTHER), "damaged, or that of another unit")


def test_a_missing_anchor_and_a_link_to_one_are_refused(anchor: Anchor, tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.rename(tmp_path / "moved")
    refuses(anchor, "the anchor is missing")
    file.symlink_to(tmp_path / "moved")
    refuses(anchor, "cannot be")


def test_it_is_private_and_a_new_units_forgets_the_old_ones_marks(
    anchor: Anchor, tmp_path: Path
) -> None:
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    with anchor.held(create=True):
        anchor.start(0, OTHER)
    refuses(anchor, "an older anchor was put back: commit 0 instead of 8",
            lambda: anchor.meet(8, SECOND, FIRST))  # fmt: skip


def test_a_program_that_keeps_it_locked_is_not_waited_for_for_ever(
    anchor: Anchor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "BUSY_SECONDS", 0.01)
    with (tmp_path / FILE).open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refuses(anchor, "locked by another program")
    with anchor.held():
        pass


def test_the_counter_is_one_behind_at_most(tmp_path: Path, tpm: Tpm) -> None:
    anchor = marked(Anchor(tmp_path / FILE, KEY, tpm))
    with anchor.held():
        assert anchor.check_counter().counter == tpm.value == 5
        anchor.follow(9, THIRD, count=True)
        assert anchor.check_counter().counter == tpm.value == 6
    # Power failed between mark and counter.
    tpm.value = 5
    with anchor.held():
        assert anchor.check_counter().counter == 6
    assert tpm.value == 6
    for value in (4, 7, 600):
        tpm.value = value
        refuses(anchor, f"its counter is 6, the TPM's {value}")


def test_a_step_that_the_counter_did_not_take_is_made_up_before_the_next(
    tmp_path: Path, tpm: Tpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> int:
        raise StoreFault("the TPM is busy")

    anchor = marked(Anchor(tmp_path / FILE, KEY, tpm))
    with monkeypatch.context() as patched:
        patched.setattr(tpm, "advance", busy)
        for _ in range(3):
            refuses(anchor, "the TPM is busy", anchor.count)
    with anchor.held():
        assert anchor.count().counter == tpm.value == 7


def test_a_counter_that_jumps_is_refused(
    tmp_path: Path, tpm: Tpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor = marked(Anchor(tmp_path / FILE, KEY, tpm))
    monkeypatch.setattr(tpm, "advance", lambda: 9)
    refuses(anchor, "the TPM's counter is 9, not 6", anchor.count)


def test_a_counter_cannot_be_taken_away_or_come_later(tmp_path: Path, tpm: Tpm) -> None:
    marked(Anchor(tmp_path / FILE, KEY, tpm))
    refuses(Anchor(tmp_path / FILE, KEY), "made with a counter, none is set up")
    marked(Anchor(tmp_path / FILE, KEY))
    refuses(Anchor(tmp_path / FILE, KEY, tpm), "made with no counter, one is set up")

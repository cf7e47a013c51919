"""Power fails at each step of a clip: a whole file or none, and the next start tidies up."""

import os
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pyrage
import pytest

from edge_atm.journal import Journal
from edge_atm.store import Store
from edge_atm.vault import evidence
from edge_atm.vault.evidence import PART
from edge_atm.vault.evidence_audit import listed
from tests.unit.kept import BANK, PLAIN, Kept


@pytest.fixture
def kept(store: Store) -> Kept:
    store.rows("PRAGMA synchronous = OFF")
    return Kept(store)


class Cut(BaseException):
    """No handler of the product can swallow it."""


class Power:
    """Counts what reaches the disk, and fails before the step `until` and ever after."""

    def __init__(self, until: int) -> None:
        self.until, self.steps = until, list[str]()

    def __call__(self, step: str) -> None:
        if len(self.steps) >= self.until:
            raise Cut(step)
        self.steps.append(step)


class Wired(NamedTuple):
    """What a power cut is put around."""

    kept: Kept
    patch: pytest.MonkeyPatch

    def at(self, until: int) -> list[str]:
        """Keep one clip while power fails at a step; return the steps that were done."""
        power = Power(until)
        with self.patch.context() as patch:
            for owner, name in (
                (os, "open"), (os, "fsync"), (Path, "rename"), (Path, "unlink"), (Path, "mkdir"),
                (evidence._Sealed, "write"), (Journal, "record"),
            ):  # fmt: skip
                patch.setattr(owner, name, _after(power, name, getattr(owner, name)))
            try:
                self.kept.keep()
            except Cut:
                assert len(power.steps) == until
        return power.steps


def _after(power: Power, name: str, real: object) -> object:
    def call(*given: object, **named: object) -> object:
        power(name)
        return real(*given, **named)  # type: ignore[operator]

    return call


STEPS = [
    *("mkdir", "open", "fsync"),
    *("open", "write", "write", "write", "fsync", "rename", "open", "fsync"),
    "record",
]


def test_a_file_is_synced_before_it_has_its_name_and_before_its_entry(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Wired(kept, monkeypatch).at(99) == STEPS


@pytest.mark.parametrize("until", range(len(STEPS)))
def test_a_power_cut_leaves_a_whole_file_or_none(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, until: int
) -> None:
    assert Wired(kept, monkeypatch).at(until) == STEPS[:until]
    whole = until > STEPS.index("rename")
    for name in listed(kept.at.folder):
        assert whole
        assert pyrage.decrypt((kept.at.folder / name).read_bytes(), [BANK]) == PLAIN
        assert kept.faults() == [f"{name} is not in the journal"]
    # The next start, and the next clip.
    kept.at.tidy()
    assert len(kept.names()) == whole
    kept.keep("b2")
    assert len(kept.known().clips) == 1
    assert not any(name.endswith(PART) for name in kept.names())


def test_a_removal_cut_short_is_named_and_done_again(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep()
    (name,) = kept.names()
    kept.now += timedelta(days=99)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda path: Power(0)("unlink"))
        with pytest.raises(Cut):
            kept.at.tidy()
    assert kept.faults() == [f"{name} was to be removed and is still there"]
    kept.at.tidy()
    assert (kept.names(), kept.faults(), len(kept.removed())) == ([], [], 2)

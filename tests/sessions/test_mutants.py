"""Taking any one of the rules out of the product makes the suite fail."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import pytest

from tests.sessions.adaptation_mutants import ADAPTATION_MUTANTS
from tests.sessions.challenge_mutants import CHALLENGE_MUTANTS
from tests.sessions.guard_mutants import GUARD_MUTANTS
from tests.sessions.habit_mutants import HABIT_MUTANTS
from tests.sessions.lockout_mutants import LOCKOUT_MUTANTS
from tests.sessions.mutants import MUTANTS, Mutant

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
PARTS = ("edge_atm", "tests", "pyproject.toml", "docs", "models_onnx")
# Bytecode is copied: compiling the product anew takes longer than most suites.
NOT_COPIED = shutil.ignore_patterns("*.onnx")
SECONDS_MAX = 120
# pytest's own exit status for "some tests failed": a suite that cannot start proves nothing.
SOME_FAILED = 1
EVERY_ONE = (
    *MUTANTS, *ADAPTATION_MUTANTS, *CHALLENGE_MUTANTS, *GUARD_MUTANTS, *HABIT_MUTANTS,
    *LOCKOUT_MUTANTS,
)  # fmt: skip
Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[Mutant | None, Future[Ended]]]:
    """What the suites say of each mutant that was asked for, and of none; one on each core."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    asked = [call.params["mutant"] for call in calls if call and "mutant" in call.params]
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    trees = map(tmp_path_factory.mktemp, repeat("tree"))
    try:
        # The longest first, so that no core waits for it in the end.
        whole = pool.submit(run_whole, next(trees))
        yield {None: whole, **{it: pool.submit(run_maimed, next(trees), it) for it in asked}}
    finally:
        pool.shutdown(cancel_futures=True)


def copied_to(folder: Path) -> Path:
    """Copy what the suites need, without what they write."""
    for part in PARTS:
        source = CHECKOUT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=NOT_COPIED)
        else:
            shutil.copy(source, folder / part)
    return folder


def python(tree: Path, *words: str) -> Ended:
    # The copy stands before the installed package on the path: the folder pytest is started in.
    return subprocess.run(
        [sys.executable, *words],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def run(tree: Path, suites: Sequence[str]) -> Ended:
    return python(tree, "-m", "pytest", "-x", "-p", "no:cacheprovider", *suites)


def run_whole(folder: Path) -> Ended:
    return run(copied_to(folder), sorted({mutant.suite for mutant in EVERY_ONE}))


def run_maimed(folder: Path, mutant: Mutant) -> Ended:
    tree = copied_to(folder)
    path = tree / mutant.path
    text = path.read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1, "the rule has moved: find it and say so here"
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
    return run(tree, [mutant.suite])


def test_the_copy_is_what_is_tested(tmp_path: Path) -> None:
    found = python(copied_to(tmp_path), "-c", "import edge_atm; print(edge_atm.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(tmp_path)


@pytest.mark.parametrize("mutant", EVERY_ONE, ids=lambda mutant: mutant.rule)
def test_without_the_rule_the_suite_fails(
    outcomes: dict[Mutant | None, Future[Ended]], mutant: Mutant
) -> None:
    maimed = outcomes[mutant].result()
    assert maimed.returncode == SOME_FAILED, maimed.stdout[-2000:]


def test_with_all_rules_it_passes(outcomes: dict[Mutant | None, Future[Ended]]) -> None:
    whole = outcomes[None].result()
    assert whole.returncode == 0, whole.stdout[-2000:]

"""Taking any one of the rules out of the product makes the suite fail."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sessions.adaptation_mutants import ADAPTATION_MUTANTS
from tests.sessions.guard_mutants import GUARD_MUTANTS
from tests.sessions.mutants import MUTANTS, Mutant

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
PARTS = ("edge_atm", "tests", "pyproject.toml", "docs", "models_onnx")
SECONDS_MAX = 120
# pytest's own exit status for "some tests failed": a suite that cannot start proves nothing.
SOME_FAILED = 1
EVERY_ONE = (*MUTANTS, *ADAPTATION_MUTANTS, *GUARD_MUTANTS)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the suites need, without what they write."""
    for part in PARTS:
        source = CHECKOUT / part
        if source.is_dir():
            shutil.copytree(
                source, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.onnx")
            )
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path


def run(tree: Path, suites: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *suites]
    # The copy stands before the installed package on the path: the folder pytest is started in.
    return subprocess.run(
        command,
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_the_copy_is_what_is_tested_and_it_passes_whole(tree: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import edge_atm; print(edge_atm.__file__)"],
        cwd=tree,
        env={"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()).is_relative_to(tree)
    whole = run(tree, sorted({mutant.suite for mutant in EVERY_ONE}))
    assert whole.returncode == 0, whole.stdout[-2000:]


@pytest.mark.parametrize("mutant", EVERY_ONE, ids=lambda mutant: mutant.rule)
def test_without_the_rule_the_suite_fails(tree: Path, mutant: Mutant) -> None:
    path = tree / mutant.path
    text = path.read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1, "the rule has moved: find it and say so here"
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
    maimed = run(tree, [mutant.suite])
    assert maimed.returncode == SOME_FAILED, maimed.stdout[-2000:]

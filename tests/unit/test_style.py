"""The style guide as a test: lengths, annotations, broad excepts, names."""

import ast
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted((ROOT / "edge_atm").rglob("*.py")) + sorted((ROOT / "export").rglob("*.py"))
ALL = PRODUCT + sorted((ROOT / "tests").rglob("*.py"))
FILE_LINES_MAX = 200
FUNCTION_LINES_MAX = 40
BANNED_NAMES = {"utils", "helpers", "manager", "base", "common", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


@pytest.mark.parametrize("path", ALL, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_readable_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES_MAX
    assert path.stem not in BANNED_NAMES
    too_long = [f.name for f in functions(path) if length(f) > FUNCTION_LINES_MAX]
    assert too_long == []


def test_functions_are_short_on_average() -> None:
    lengths = [length(f) for f in chain.from_iterable(map(functions, PRODUCT))]
    assert sum(lengths) / len(lengths) <= 12


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "module docstring"
    broad = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert broad == [] or path.name == "__main__.py", "a broad except hides a fault"


def test_errors_are_few_and_each_has_a_hint() -> None:
    tree = ast.parse((ROOT / "edge_atm" / "errors.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    # The root and a dozen.
    assert 0 < len(classes) <= 13
    for node in classes:
        names = [
            t.id
            for a in node.body
            if isinstance(a, ast.Assign)
            for t in a.targets
            if isinstance(t, ast.Name)
        ]
        assert "hint" in names, node.name


def test_installed_package_holds_nothing_fake() -> None:
    suspicious = ("sim", "fake", "mock", "replay", "recorded", "scripted")
    found = [p for p in (ROOT / "edge_atm").rglob("*") if any(w in p.name for w in suspicious)]
    assert found == []

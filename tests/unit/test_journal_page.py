"""docs/journal.md against the code: each event with its fields, a check that anybody can run."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from edge_atm.vault.signing import public_key
from tests.unit.written import KEYS, append, exported, filled

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
DOCUMENTED = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", PAGE, re.MULTILINE))
# `counts` in the page's table; the code spreads an outcome's fields.
SPREAD = {"outcomes.fields(outcome)": "counts", "counted": "counts"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "edge_atm").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name, of = node.func.attr, ast.unparse(node.func.value)
                if of.endswith("journal") and name in {"append", "record"}:
                    yield f"{path.name}:{node.lineno}", node


@cache
def written() -> dict[str, set[str]]:
    """Return the fields of every event that the code names."""
    found: dict[str, set[str]] = {}
    for where, call in calls():
        assert isinstance(call.func, ast.Attribute)
        event = call.args[1 if call.func.attr == "append" else 0]
        names = [n.value for n in ast.walk(event) if isinstance(n, ast.Constant)]
        assert names, f"{where}: say the event's name where it is written"
        fields = {k.arg or SPREAD.get(ast.unparse(k.value), "") for k in call.keywords} - {""}
        for name in names:
            assert isinstance(name, str)
            found.setdefault(name, set()).update(fields)
    return found


def test_the_page_lists_every_event_and_no_other() -> None:
    assert set(DOCUMENTED) == set(written())


@pytest.mark.parametrize("event", DOCUMENTED)
def test_the_page_lists_its_fields(event: str) -> None:
    assert written()[event] <= set(re.findall(r"\w+", DOCUMENTED[event]))


def test_an_event_is_written_through_the_journal_alone() -> None:
    inserting = [
        path.name
        for path in (ROOT / "edge_atm").rglob("*.py")
        if re.search(r"(INSERT|REPLACE|UPDATE)[ A-Z]* journal", path.read_text(encoding="utf-8"))
    ]
    assert inserting == ["journal.py"]


def test_the_pages_own_check_works(tmp_path: Path) -> None:
    found = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    script, file = tmp_path / "check.py", tmp_path / "export.jsonl"
    script.write_text(found[0], encoding="utf-8")
    store = filled(tmp_path / "unit.sqlite", 2)
    append(store, "exported", count=2)
    exported(store, file)

    def run(key: str) -> "subprocess.CompletedProcess[str]":
        words = [sys.executable, "-I", str(script), str(file), key]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert run(public_key(KEYS).hex()).stdout == "atm-001 3 entries, whole\n"
    assert "InvalidSignature" in run(bytes(range(32)).hex()).stderr
    file.write_bytes(file.read_bytes().replace(b'"number":1', b'"number":7'))
    assert "InvalidSignature" in run(public_key(KEYS).hex()).stderr

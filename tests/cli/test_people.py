"""The people a unit knows: shown in spite of damage, forgotten on request."""

import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from edge_atm.cli import people
from edge_atm.cli.main import cli as command_line
from edge_atm.cli.opening import open_unit
from edge_atm.machine import Desk
from edge_atm.records import Customer, Frame, Hint
from tests.cli.conftest import CARD, Cli
from tests.rig.customer import made_up_card
from tests.unit.vaulted import unit_vector

pytestmark = pytest.mark.slow
OTHER = made_up_card(8)
NAME, OTHER_NAME = "Ada Lovelace", "Grace Hopper"


@pytest.fixture
def enrolled(cli: Cli) -> Cli:
    (cli.folder / "accounts.csv").write_text(
        f"card_number,balance_cents,pin\n{CARD},50000,4711\n{OTHER},50000,\n"
    )
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit, unit.store.transaction() as connection:
        for seed, (card, name) in enumerate(((CARD, NAME), (OTHER, OTHER_NAME)), start=1):
            who, at = unit.customers.claim(card).customer_id, unit.journal.stamp()
            unit.customers.name(connection, who, name)
            unit.faces.enrol(connection, who, unit_vector(seed), at)
    return cli


def change(cli: Cli, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(cli.database)) as connection, connection:
        connection.execute(statement, values)


def listed(cli: Cli) -> dict[str, dict[str, object]]:
    found = json.loads(cli.here("customers", "--json"))
    return {customer["card_last4"]: customer for customer in found}


def test_the_list_says_what_is_closed_and_why(enrolled: Cli) -> None:
    change(
        enrolled,
        "UPDATE customers SET face_failures = 50, pin_failures = 3 WHERE card_last4 = ?",
        CARD[-4:],
    )
    found = listed(enrolled)
    fields = ("name", "has_pin", "pin_failures", "pin_wait_seconds", "pin_locked", "face_locked")
    assert [found[CARD[-4:]][f] for f in fields] == [NAME, True, 3, 60, False, True]
    assert [found[OTHER[-4:]][f] for f in fields] == [OTHER_NAME, False, 0, 0, False, False]
    shown = " ".join(enrolled("customers").stdout.split())
    assert "50 closed" in shown
    assert "3 waits 60 s" in shown
    assert "…" not in shown


@pytest.mark.parametrize(
    "damage",
    [
        "name_box = zeroblob(99)",
        "name_box = pin_box",
        "name_box = NULL",
    ],
)
def test_one_damaged_name_does_not_hide_the_others(enrolled: Cli, damage: str) -> None:
    change(enrolled, f"UPDATE customers SET {damage} WHERE card_last4 = ?", CARD[-4:])
    found = listed(enrolled)
    assert found[CARD[-4:]]["name"] == people.DAMAGED
    assert found[OTHER[-4:]]["name"] == OTHER_NAME


def box_of(cli: Cli, last4: str) -> bytes:
    with closing(sqlite3.connect(cli.database)) as connection:
        query = "SELECT box FROM templates NATURAL JOIN customers WHERE card_last4 = ?"
        return bytes(connection.execute(query, (last4,)).fetchone()[0])


@pytest.mark.parametrize(("words", "typed"), [(("--yes",), ""), ((), "y\n")])
def test_forgetting_removes_face_and_name_and_nothing_else(
    enrolled: Cli, words: tuple[str, ...], typed: str
) -> None:
    result = enrolled("forget", *words, typed=f"{CARD}\n{typed}")
    assert result.returncode == 0, result.stderr
    assert f"card ending {CARD[-4:]} are deleted" in result.stdout
    assert ("Delete face and name" in result.stderr) == (not words)
    found = listed(enrolled)
    gone, kept = found[CARD[-4:]], found[OTHER[-4:]]
    assert (gone["enrolled"], gone["name"], gone["enrolled_at"]) == (False, None, None)
    assert gone["has_pin"]
    assert (kept["enrolled"], kept["name"]) == (True, OTHER_NAME)
    assert enrolled.events()[-1] == "forgotten"


@pytest.mark.parametrize("card", [CARD, OTHER])
def test_a_forgotten_face_is_gone_from_the_disk(enrolled: Cli, card: str) -> None:
    box = box_of(enrolled, card[-4:])
    pieces = [box[start : start + 32] for start in range(0, len(box) - 32, 32)]

    def left() -> int:
        # Another process reads: closing the file here would drop SQLite's locks on it (POSIX).
        here = enrolled.database.parent
        files = [str(path) for path in here.iterdir() if path.is_file()]
        found = subprocess.run(["cat", *files], capture_output=True, check=True).stdout
        return sum(piece in found for piece in pieces)

    with open_unit(enrolled.config, development=True) as unit:
        # As beside a running unit: the log is not emptied by the last one to leave.
        unit.journal.record("opened")
        with unit.store.transaction() as connection:
            connection.execute("UPDATE templates SET version = version")
        assert left() == len(pieces)
        result = enrolled("forget", "--yes", "--json", typed=f"{card}\n")
        assert result.returncode == 0, result.stderr
        assert set(json.loads(result.stdout)) == {"customer"}
        assert left() == 0


@pytest.mark.parametrize(("typed", "status"), [("n\n", 130), ("", 130)])
def test_forgetting_asks_first(enrolled: Cli, typed: str, status: int) -> None:
    result = enrolled("forget", typed=f"{CARD}\n{typed}")
    assert result.returncode == status
    assert "deleted" not in result.stdout
    assert listed(enrolled)[CARD[-4:]]["name"] == NAME
    assert "forgotten" not in enrolled.events()


def test_only_a_known_card_is_forgotten(enrolled: Cli) -> None:
    result = enrolled("forget", "--yes", typed=made_up_card(99) + "\n")
    assert result.returncode == 1
    assert "not known here" in result.stderr
    assert len(listed(enrolled)) == 2


def test_a_script_reads_json_only(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(desk: Desk, customer: Customer, name: str) -> int:
        frame = Frame(np.zeros((1, 1, 3), np.uint8), 0.0, 0)
        desk.screen.guide(Hint.MOVE_SLOWLY, frame, None)
        assert (customer.card_last4, name) == (CARD[-4:], NAME)
        return 7

    # Only the face is left out: no process here has a camera.
    monkeypatch.setattr(people, "enrol_customer", shown)
    cli.provisioned()
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{NAME}\ny\n{CARD}\n"))
    words = ["--config", str(cli.config), "--development", "enrol", "--json"]
    command_line.main(words, standalone_mode=False)
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["template_version"] == 7
    assert set(document) == {"customer", "template_version"}
    for shown_to_the_customer in ("Name on the card", "agreed in writing", "Card number", "slowly"):
        assert shown_to_the_customer in said.err


@pytest.mark.parametrize(
    ("words", "typed", "confirmed"),
    [((), "y\n", True), ((), "n\n", False), (("--anyway",), "", True)],
)
def test_a_face_of_another_card_is_asked_about_and_written_down(
    enrolled: Cli,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    typed: str,
    confirmed: bool,
) -> None:
    def look(desk: Desk, customer: Customer, name: str) -> int:
        alike = [who for ids, _ in desk.registry.batches() for who in ids]
        alike.remove(customer.customer_id)
        desk.registry.note_alike(customer.customer_id, alike, desk.confirm(alike))
        return 7

    # Only the face is left out: no process here has a camera.
    monkeypatch.setattr(people, "enrol_customer", look)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CARD}\n{typed}"))
    given = ["--name", "X", "--consent", *words]
    options = ["--config", str(enrolled.config), "--development"]
    command_line.main([*options, "enrol", *given], standalone_mode=False)
    said = capsys.readouterr().err
    assert f"for the card ending {OTHER[-4:]}." in said
    assert ("Enrol all the same" in said) == (not words)
    with open_unit(enrolled.config, development=True) as unit:
        entry = unit.journal.entries()[-1]
        other = unit.customers.claim(OTHER).customer_id
    assert entry.event == "alike"
    assert (entry.detail["others"], entry.detail["confirmed"]) == ([other], confirmed)

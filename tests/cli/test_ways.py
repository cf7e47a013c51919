"""Card number and PIN instead of a look: for who cannot turn, must not see flashes, or waits."""

import json
import os
import pty
import re
from contextlib import suppress

import pytest

from edge_atm.cli.opening import open_unit
from tests.cli.conftest import CARD, Cli
from tests.unit.vaulted import unit_vector

pytestmark = pytest.mark.slow
PIN = "4711"


@pytest.fixture
def enrolled(cli: Cli) -> Cli:
    """A unit whose bank pays up to 50.00 on card number and PIN, and one customer."""
    cli.change("card_pin_limit_cents = 0", "card_pin_limit_cents = 5000")
    cli.provisioned()
    with open_unit(cli.config, development=True) as unit, unit.store.transaction() as connection:
        who, at = unit.customers.claim(CARD).customer_id, unit.journal.stamp()
        unit.customers.name(connection, who, "Ada")
        unit.faces.enrol(connection, who, unit_vector(1), at)
    return cli


def at_console(cli: Cli, *answers: tuple[str, str]) -> tuple[int, str]:
    """Let one customer answer each question on a terminal; return exit status and screen."""
    words, said, pending = cli.command("withdraw"), "", list(answers)
    child, terminal = pty.fork()
    if child == 0:
        os.execv(words[0], words)
    with suppress(OSError):
        # The terminal ends with the process.
        while piece := os.read(terminal, 1024):
            said += piece.decode()
            if pending and pending[0][0] in said:
                os.write(terminal, pending.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    assert not pending, said
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def test_at_the_console_one_letter_chooses_card_number_and_pin(enrolled: Cli) -> None:
    status, said = at_console(
        enrolled, ("Card number: ", CARD), ("Amount", "50"), ("up to 50.00): ", "p"),
        ("Terminal PIN: ", PIN),
    )  # fmt: skip
    assert status == 0, said
    assert "The screen will change its colours, and you will be asked to turn your head" in said
    assert f"Paid: 50.00 EUR - card number and PIN, card ending {CARD[-4:]}." in said
    # What was typed is on no screen, and no camera was asked: this unit has none.
    assert CARD not in said
    assert PIN not in said


def withdraw(cli: Cli, *answers: str) -> tuple[dict[str, object], str]:
    result = cli("withdraw", "--json", typed="".join(f"{answer}\n" for answer in answers))
    receipt: dict[str, object] = json.loads(result.stdout)
    assert result.returncode == (receipt["verdict"] != "pay")
    return receipt, result.stderr


def test_a_script_types_the_letter_too(enrolled: Cli) -> None:
    assert withdraw(enrolled, CARD, "20", "p", "0000", PIN)[0]["paid_cents"] == 2000
    assert withdraw(enrolled, CARD, "60", "p")[0]["reason"] == "above_card_pin_limit"
    assert withdraw(enrolled, CARD, "20")[0]["reason"] == "walked_away"
    with open_unit(enrolled.config, development=True) as unit:
        tiers = [e.detail["tier"] for e in unit.journal.entries() if e.event == "judged"]
    assert tiers == ["card_pin"]


def test_a_look_that_fails_is_counted_and_the_next_customer_is_served(enrolled: Cli) -> None:
    # This unit has no camera.
    result = enrolled("run", typed=f"{CARD}\n20\n\n{CARD}\n20\np\n{PIN}\n")
    assert result.returncode == 0
    assert "Out of service" in result.stderr
    assert "Paid: 20.00 EUR - card number and PIN" in result.stderr
    (listed,) = json.loads(enrolled.here("customers", "--json"))
    assert (listed["face_failures"], listed["pin_failures"]) == (1, 0)


def test_who_was_never_enrolled_or_has_to_wait_is_offered_the_pin(enrolled: Cli) -> None:
    with open_unit(enrolled.config, development=True) as unit:
        customer_id = unit.customers.claim(CARD).customer_id
        for _ in range(6):
            unit.customers.note_face(customer_id, ok=False)
    receipt, said = withdraw(enrolled, CARD, "20", PIN)
    assert (receipt["reason"], receipt["paid_cents"]) == ("card_pin", 2000)
    assert "Not by face: too many failed looks for this card" in said
    assert re.search(r"Try again in [1-6]?[0-9] s\.", said)
    enrolled("forget", "--yes", typed=f"{CARD}\n")
    receipt, said = withdraw(enrolled, CARD, "20", PIN)
    assert (receipt["reason"], receipt["paid_cents"]) == ("card_pin", 2000)
    assert "Not by face: no face is enrolled for this card" in said


def test_wrong_pins_wait_whatever_happens_to_the_power(enrolled: Cli) -> None:
    assert withdraw(enrolled, CARD, "20", "p", "1", "2", "3", PIN)[0]["reason"] == "wrong_pin"
    # Each of these is another process: nothing is held in memory.
    for _ in range(2):
        receipt, said = withdraw(enrolled, CARD, "20", "p", PIN)
        assert receipt["reason"] == "pin_waiting"
        assert "Try again in" in said
    (listed,) = json.loads(enrolled.here("customers", "--json"))
    assert (listed["pin_failures"], listed["pin_locked"]) == (3, False)
    assert 0 < listed["pin_wait_seconds"] <= 60


def test_the_units_own_limit_outlives_the_process_too(enrolled: Cli) -> None:
    enrolled.change("posterior_min", "wrong_pins_per_hour_max = 2\nposterior_min")
    assert withdraw(enrolled, CARD, "20", "p", "1", "2", PIN)[0]["reason"] == "wrong_pin"
    enrolled.here("provision", "--accounts", str(enrolled.folder / "accounts.csv"))
    receipt, said = withdraw(enrolled, CARD, "20", "p", PIN)
    assert receipt["reason"] == "pins_closed"
    assert "too many wrong PINs at this machine" in said

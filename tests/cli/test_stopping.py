"""How `run` and `withdraw` begin alone and end cleanly, whatever comes from the keyboard."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow


@contextmanager
def waiting(cli: Cli, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a command and let it come to the question for a card."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        cli.command(*words), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as unit:
        assert unit.stderr is not None
        try:
            read_until(unit.stderr, "Card number")
            yield unit
        finally:
            unit.kill()


def stopped(unit: "subprocess.Popen[str]", number: signal.Signals) -> tuple[str, str]:
    unit.send_signal(number)
    # Its input stays open meanwhile: the signal has to end the wait, not the end of input.
    unit.wait(30)
    return unit.communicate()


def read_until(stream: IO[str], wanted: str) -> None:
    said = ""
    while wanted not in said:
        letter = stream.read(1)
        assert letter, f"it ended without {wanted!r}: {said}"
        said += letter


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_for_a_card(cli: Cli, number: signal.Signals) -> None:
    cli.provisioned()
    with waiting(cli, "run") as unit:
        out, err = stopped(unit, number)
    assert (unit.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "ended by the customer" in err
    # The wait is a session that its customer ended; then the unit says that it closed.
    assert cli.events()[-3:] == ["opened", "session", "closed"]


def test_a_signal_ends_a_withdrawal_before_the_card(cli: Cli) -> None:
    cli.provisioned()
    with waiting(cli, "withdraw", "--json") as unit:
        out, err = stopped(unit, signal.SIGINT)
    assert unit.returncode == 1
    assert '"walked_away"' in out
    assert "Traceback" not in err


def test_a_signal_ends_the_wait_for_an_amount(cli: Cli) -> None:
    cli.provisioned()
    with waiting(cli, "run") as unit:
        assert unit.stdin is not None
        assert unit.stderr is not None
        unit.stdin.write(f"{CARD}\n")
        unit.stdin.flush()
        read_until(unit.stderr, "Amount")
        out, err = stopped(unit, signal.SIGINT)
    assert (unit.returncode, out) == (0, "")
    assert f"ended by the customer, card ending {CARD[-4:]}" in err
    assert cli.events()[-2:] == ["session", "closed"]


def test_one_unit_moves_cash_at_a_time(cli: Cli) -> None:
    cli.provisioned()
    accounts = str(cli.folder / "accounts.csv")
    with waiting(cli, "run") as unit:
        for words in (
            ("run",),
            ("withdraw",),
            ("settle", "--presented", "0,0,0,0", "--yes"),
            ("provision", "--accounts", accounts, "--notes", "1,1,1,0"),
        ):
            second = cli(*words, typed=f"{CARD}\n20\n")
            assert second.returncode == 3
            assert "another edge-atm has this unit to itself" in second.stderr
            assert "Stop the service" in second.stderr
        # Looking is allowed meanwhile.
        assert cli("customers", "--json").returncode == 0
        before = cli.events()
        unit.terminate()
        assert unit.wait(30) == 0
    assert before == ["loaded", "provisioned", "service", "service_counted", "opened"]
    # The lock ends with the process that held it.
    cli.here("provision", "--accounts", accounts)


@pytest.mark.parametrize(("command", "status"), [("run", 0), ("forget", 130)])
def test_without_standard_input_nobody_is_waited_for(cli: Cli, command: str, status: int) -> None:
    cli.provisioned()
    closed = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *cli.command(command)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert closed.returncode == status
    assert "Traceback" not in closed.stderr
    if command != "forget":
        assert "ended by the customer" in closed.stderr


@pytest.mark.parametrize(("command", "status"), [("run", 0), ("withdraw", 1)])
def test_a_byte_that_is_no_text_is_no_answer(cli: Cli, command: str, status: int) -> None:
    result = cli.provisioned()(command, typed=b"\xff\xfe\n")
    assert result.returncode == status
    assert "Refused - " in result.stderr


@pytest.mark.parametrize(
    ("words", "redirected"),
    [
        (("enrol",), "<&-"),
        (("enrol", "--name", "A"), "< undecodable"),
        (("replenish", "--notes", "50,50,50,0"), "<&-"),
    ],
)
def test_an_unanswered_question_stops_the_command(
    cli: Cli, words: tuple[str, ...], redirected: str
) -> None:
    (cli.provisioned().folder / "undecodable").write_bytes(b"\xff\n")
    result = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *cli.command(*words)],
        capture_output=True, text=True, timeout=60, check=False, cwd=cli.folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    assert result.returncode in (1, 2, 130)

"""The program: runs one command and turns every outcome into an exit status."""

import io
import logging
import os
import sys
from logging.handlers import SysLogHandler
from pathlib import Path

import click

from edge_atm.cli.main import FAULT, REFUSED, cli
from edge_atm.errors import CardRefused, ConfigError, EdgeError, EnrolmentRefused, TemplateRevoked
from edge_atm.store import OTHER_USER

USAGE = 2
MISTAKE = 70
STOPPED = 130


def main() -> None:
    """Run one command. Expected faults are one sentence and the next action, no traceback."""
    if not __debug__:
        raise SystemExit("refusing to run without assertions: start Python without -O")
    _never_without_input()
    logging.basicConfig(handlers=[_log()])
    try:
        status = cli.main(standalone_mode=False, prog_name="edge-atm")
    except (CardRefused, EnrolmentRefused, TemplateRevoked) as error:
        status = _say(error, REFUSED)
    except ConfigError as error:
        status = _say(error, USAGE)
    except EdgeError as error:
        status = _say(error, FAULT)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped.", err=True)
        status = STOPPED
    except OSError as error:
        hint = OTHER_USER if isinstance(error, PermissionError) else None
        status = _say(EdgeError(f"The system refused: {error}", hint), FAULT)
    except Exception as error:  # noqa: BLE001 - the only broad one: the unit closes, and says so
        click.echo(f"A mistake of this program: {type(error).__name__}: {error}", err=True)
        sys.excepthook(type(error), error, error.__traceback__)
        status = MISTAKE
    sys.exit(status or 0)


def _never_without_input() -> None:
    # A closed standard input reads as its end, and a byte that is no text as a sign nobody types.
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open to the end
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def _log() -> logging.Handler:
    # Without a handler Python prints warnings on the customer's screen, and with one that cannot
    # reach the system's log it prints why.
    logging.raiseExceptions = False
    try:
        return SysLogHandler("/dev/log")
    except OSError:
        return logging.NullHandler()


def _say(error: EdgeError, status: int) -> int:
    click.echo(f"{error}.\n  {error.hint}", err=True)
    return status


if __name__ == "__main__":
    main()

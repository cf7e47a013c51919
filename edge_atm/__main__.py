"""The program: runs one command and turns every outcome into an exit status."""

import sys

import click

from edge_atm.cli import (  # noqa: F401 - they register
    doctor,
    people,
    provision,
    records,
    serve,
    trials,
)
from edge_atm.cli.main import FAULT, cli
from edge_atm.errors import EdgeError

MISTAKE = 70


def main() -> None:
    """Run one command. Expected faults are one sentence and the next action, no traceback."""
    if not __debug__:
        raise SystemExit("refusing to run without assertions: start Python without -O")
    try:
        status = cli.main(standalone_mode=False)
    except EdgeError as error:
        click.echo(f"{error}.\n  {error.hint}", err=True)
        status = FAULT
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        status = 130
    except Exception as error:  # noqa: BLE001 - the only broad one: the unit closes, and says so
        click.echo(f"A mistake of this program: {type(error).__name__}: {error}", err=True)
        sys.excepthook(type(error), error, error.__traceback__)
        status = MISTAKE
    sys.exit(status or 0)


if __name__ == "__main__":
    main()

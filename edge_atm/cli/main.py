"""The command line: one group, its options, and how every command answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click

from edge_atm.cli.opening import open_empty, open_unit
from edge_atm.cli.unit import Unit
from edge_atm.config import Config
from edge_atm.vault.keys import Keys

CONFIG_PATH = Path("/etc/edge-atm/edge-atm.toml")
EPILOG = (
    "Exit status: 0 done or paid; 1 refused, or a check failed; 2 wrong usage or configuration; "
    "3 the unit is at fault (one sentence and the next action on standard error); 70 a mistake of "
    "this program; 130 stopped by Ctrl-C."
)
DEVELOPMENT = "DEVELOPMENT KEY: this unit is not protected."
REFUSED = 1
FAULT = 3

# Each command's module, imported when the command is asked for: `run` starts without the others.
COMMANDS = {
    "cash-count": "cash", "close-day": "cash", "replenish": "cash",
    "customers": "people", "enrol": "people", "forget": "people",
    "evidence": "evidence",
    "reissue": "keys", "revoke": "keys", "rotate-keys": "keys",
    "backup": "backup", "restore": "backup",
    "export-escrow": "bank", "import-escrow": "bank", "receive-key": "bank",
    "doctor": "doctor", "journal": "records", "models": "models", "provision": "provision",
    "link-test": "dispenser", "test-dispense": "dispenser", "settle": "settle",
    "run": "serve", "withdraw": "serve", "trials": "trials",
}  # fmt: skip

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


@dataclass(frozen=True)
class Options:
    """What stands before the command's name."""

    config_path: Path
    development: bool

    @contextmanager
    def unit(
        self, create: bool = False, alone: bool = False, unchecked: bool = False
    ) -> Iterator[Unit]:
        """Open the configured unit for one command."""
        with open_unit(self.config_path, self.development, create, alone, unchecked) as unit:
            if self.development:
                click.echo(DEVELOPMENT, err=True)
            yield unit

    @contextmanager
    def empty(self) -> Iterator[tuple[Config, Keys]]:
        """Open configuration and master key alone, of a unit that may have no database yet."""
        with open_empty(self.config_path, self.development) as opened:
            if self.development:
                click.echo(DEVELOPMENT, err=True)
            yield opened


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            import_module(f"edge_atm.cli.{COMMANDS[cmd_name]}")
        return super().get_command(ctx, cmd_name)


@click.group(
    cls=_Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
)
@click.version_option(package_name="edge-atm")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CONFIG_PATH,
    show_default=True,
    envvar="EDGE_ATM_CONFIG",
    help="The unit's TOML file.",
)
@click.option(
    "--development",
    is_flag=True,
    help="Use a key file beside the database instead of the service manager's credential.",
)
@click.pass_context
def cli(context: click.Context, config_path: Path, development: bool) -> None:
    """A cash machine that knows its customers by face."""
    context.obj = Options(config_path, development)


def print_json(value: object) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False))


def four_counts(text: str) -> list[int]:
    """Return four counts of notes, top to bottom. Raises BadParameter."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and len(p) <= 4 for p in parts):
        raise click.BadParameter(f"{text!r} is not four counts of 0 to 9999, such as 500,500,200,0")
    return [int(part) for part in parts]

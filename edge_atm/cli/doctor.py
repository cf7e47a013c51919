"""`edge-atm doctor`: every part looked at once, each with the next action."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

import click

from edge_atm.cash import exchange
from edge_atm.cli import doctor_camera, doctor_touch, doctor_vault, evidence
from edge_atm.cli.cues import cues_of
from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.models import open_all, open_released
from edge_atm.cli.unit import Unit, dispenser_of
from edge_atm.cli.wording import move_text, notes_text
from edge_atm.config import Config, read_config
from edge_atm.device.lcdm_reports import error_text
from edge_atm.errors import EdgeError, KeyFault, LinkFault, LinkSilent, PayoutSuspect
from edge_atm.models import REQUIRED
from edge_atm.money import Operation, State
from edge_atm.prepared import PREPARE

START = (
    "Start the service: it asks the dispenser what it did, and settles the payout. Where it never "
    "answers again, count and run `edge-atm settle`, before another dispenser is fitted."
)
FILL = "Fill up, then book what all cassettes hold with `edge-atm replenish`."
COUNT = "Count all cassettes and the reject tray with `edge-atm cash-count`."
UNCOUNTED = "Start the service, or run `edge-atm test-dispense`: both ask the dispenser first."


@dataclass(frozen=True)
class Finding:
    """One part's health."""

    part: str
    ok: bool
    text: str
    action: str = ""


@cli.command()
@as_json
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Look at models, configuration, camera, dispenser, key, database, journal and cassettes.

    Moves no notes and changes nothing.
    """
    options: Options = context.obj
    findings = []
    for finding in _findings(options):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        click.echo(_summary(findings))
    context.exit(0 if all(finding.ok for finding in findings) else REFUSED)


def _summary(findings: list[Finding]) -> str:
    failed = sum(not finding.ok for finding in findings)
    looked = {finding.part for finding in findings}
    missing = [part for part in PARTS if part not in looked]
    unseen = f"; not looked at: {', '.join(missing)}" if missing else ""
    return f"{failed} of {len(findings)} failed{unseen}."


def _findings(options: Options) -> Iterator[Finding]:
    yield _finding("models", _models)
    config: Config | None = None
    try:
        config = read_config(options.config_path)
        yield Finding("config", True, f"unit {config.unit.unit_id}")
        yield _finding("pad model", partial(_pad_model, config))
        yield _finding("touch", partial(doctor_touch.health, config))
        # Camera and dispenser need no database: they can be wired before there is one.
        yield _finding("camera", partial(doctor_camera.health, config, options.development))
        yield _finding("dispenser", partial(_dispenser, config))
        with options.unit(unchecked=True) as unit:
            for part, check in CHECKS.items():
                yield _finding(part, partial(check, unit))
    except EdgeError as error:
        part = "config" if config is None else "database"
        yield Finding("key" if isinstance(error, KeyFault) else part, False, str(error), error.hint)


def _finding(part: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, check())
    except EdgeError as error:
        return Finding(part, False, str(error), error.hint)


def _prepared(unit: Unit) -> str:
    why = open_all(unit)
    if why is not None:
        raise EdgeError(f"the released models run, which start more slowly: {why}", PREPARE)
    return f"{len(REQUIRED)} models made for this computer open"


def _database(unit: Unit) -> str:
    unit.store.check()
    return f"{unit.store.path.name} is whole"


def _payouts(unit: Unit) -> str:
    payout = unit.ledger.open_payout()
    if payout is not None:
        command = unit.ledger.open_batch(payout.payout_id)
        asked = f", asked for {notes_text(command[1])}" if command else ""
        action = PayoutSuspect.hint if payout.state is State.SUSPECT else START
        raise EdgeError(f"payout {payout.payout_id} is {payout.state}{asked}", action)
    moved = exchange.uncounted(unit.store)
    if moved is not None:
        raise EdgeError(f"{move_text(moved)} is not counted yet", UNCOUNTED)
    return "none open"


def _cassettes(unit: Unit) -> str:
    unit.check_settings()
    currency, low = unit.config.dispenser.currency, unit.config.dispenser.low_threshold_notes
    held = [u for u in unit.ledger.storage_units() if u.value_cents]
    doubts = [f"cassette {u.position} {why}" for u in held if (why := exchange.doubt(u))]
    if doubts:
        raise EdgeError("; ".join(doubts), COUNT)
    low_ones = [
        f"cassette {u.position} is {status}, {u.present} x {u.value_cents / 100:g} {currency}"
        for u in held
        if (status := u.replenishment_status(low)) != "ok"
    ]
    if low_ones:
        raise EdgeError("; ".join(low_ones), FILL)
    return "should hold " + ", ".join(
        f"{u.present} x {u.value_cents / 100:g} {currency}" for u in held
    )


CHECKS: dict[str, Callable[[Unit], str]] = {
    "key": doctor_vault.key,
    "database": _database,
    "prepared": _prepared,
    "journal": lambda unit: f"{unit.journal.verify()} entries, chain whole",
    "anchor": doctor_vault.anchor,
    "templates": doctor_vault.templates,
    "evidence": evidence.health,
    "payouts": _payouts,
    "cassettes": _cassettes,
}
PARTS = ("models", "config", "pad model", "touch", "camera", "dispenser", *CHECKS)


def _models() -> str:
    return f"{len(REQUIRED)} verified, embedding {open_released().embedding_id}"


def _pad_model(config: Config) -> str:
    # Opens the net, and asks for its digest and its shape.
    cues_of(config)
    wanted = config.pad_model
    if wanted is None:
        return "none"
    return f"{wanted.path}, sha256 {wanted.sha256[:12]}, denies below {wanted.deny_below:g}"


def _dispenser(config: Config) -> str:
    with dispenser_of(config) as dispenser:
        try:
            status, last = dispenser.status(), dispenser.last()
        except LinkSilent as silent:
            # Only questions were asked: it is a matter of power and cable.
            raise LinkFault(str(silent)) from silent
    word = last.operation.value.replace("_", " ")
    memory = "nothing yet" if last.operation is Operation.NONE else f"a {word}"
    if status.error:
        raise LinkFault(f"the dispenser reports {error_text(status.error)}")
    return f"ready, remembers {memory}; its link is not authenticated"


def _show(finding: Finding) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print("ok  " if finding.ok else "FAIL", style="green" if finding.ok else "red", end=" ")
    under = "\n" + " " * 16
    console.print(f"{finding.part:10s} {finding.text}".replace("\n", under), markup=False)
    if finding.action:
        console.print(f"{under[1:]}{finding.action.replace(chr(10), under)}", markup=False)

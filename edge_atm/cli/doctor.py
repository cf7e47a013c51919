"""`edge-atm doctor`: every part looked at once, each with the next action."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import click

from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.errors import EdgeError, SealBroken
from edge_atm.records import Operation

HOST_KEY = (
    "key protected by this computer only: whoever copies the whole disk copies the key with it"
)
TPM_KEY = "key sealed to this computer's TPM"
DEVELOPMENT = "development key beside the database: protects nothing"


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
    """Look at configuration, key, database, journal, templates, models, camera and dispenser.

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
    context.exit(0 if all(finding.ok for finding in findings) else REFUSED)


def _findings(options: Options) -> Iterator[Finding]:
    with ExitStack() as stack:
        try:
            unit = stack.enter_context(options.unit())
        except EdgeError as error:
            yield Finding("unit", False, str(error), error.hint)
            return
        yield Finding("unit", True, f"{unit.config.unit.unit_id}, configuration read")
        checks: list[tuple[str, Callable[[Unit], str]]] = [
            ("key", _key),
            ("database", _database),
            ("journal", lambda u: f"{u.journal.verify()} entries, chain whole"),
            ("templates", _templates),
            ("payouts", _payouts),
            ("models", _models),
            ("camera", _camera),
            ("dispenser", _dispenser),
        ]
        for part, check in checks:
            try:
                yield Finding(part, True, check(unit))
            except EdgeError as error:
                yield Finding(part, False, str(error), error.hint)


def _key(unit: Unit) -> str:
    if unit.keys.development:
        return DEVELOPMENT
    return TPM_KEY if unit.config.unit.key_protection == "tpm" else HOST_KEY


def _database(unit: Unit) -> str:
    unit.store.check()
    return f"{unit.store.path.name} is whole"


def _templates(unit: Unit) -> str:
    broken = unit.customers.verify_all()
    if broken:
        raise SealBroken(f"rows of {len(broken)} customer(s) do not open: {', '.join(broken)}")
    return f"{sum(c.enrolled for c, _, _ in unit.customers.listing())} enrolled, all open"


def _payouts(unit: Unit) -> str:
    waiting = unit.ledger.payouts("INTENT", "SUSPECT")
    if waiting:
        raise EdgeError(
            f"{len(waiting)} payout(s) are not settled",
            "Start the service: it asks the dispenser; if it stays closed, count the cassettes.",
        )
    notes = ", ".join(f"{u.present} x {u.value_cents / 100:g}" for u in unit.ledger.storage_units())
    return f"none open; cassettes should hold {notes}"


def _models(unit: Unit) -> str:
    for name in unit.models.shipped:
        unit.models.open(name)
    unit.models.mean_embedding()
    return f"{len(unit.models.shipped)} verified, embedding {unit.models.embedding_id}"


def _camera(unit: Unit) -> str:
    frames = unit.camera().frames()
    height, width, _ = next(frames).pixels.shape
    return f"gives {width} x {height} px"


def _dispenser(unit: Unit) -> str:
    with unit.dispenser() as dispenser:
        status, last = dispenser.status(), dispenser.last()
    memory = "nothing" if last.operation is Operation.NONE else last.operation.value
    return f"answers, status error {status.error:#04x}, remembers {memory}; link unauthenticated"


def _show(finding: Finding) -> None:
    mark = click.style("ok  ", fg="green") if finding.ok else click.style("FAIL", fg="red")
    click.echo(f"{mark} {finding.part:10s} {finding.text}")
    if finding.action:
        click.echo(f"{'':16s}{finding.action}")

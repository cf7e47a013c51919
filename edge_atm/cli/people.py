"""`edge-atm enrol`, `customers` and `forget`: the people the unit knows."""

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

import click

from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.enrolment import enrol as enrol_customer
from edge_atm.errors import CardRefused, EnrolmentRefused, SealBroken
from edge_atm.policy.habit import AGE_BANDS
from edge_atm.policy.lockout import LOOKS, PINS
from edge_atm.records import Customer
from edge_atm.screen.console import ConsoleScreen
from edge_atm.screen.console_pad import ConsolePad

CONSENT = "Has the customer agreed in writing that the face is used for this"
TOUCH_CONSENT = (
    "Has the customer agreed in writing that the face, and how the PIN is tapped, are used for this"
)
DAMAGED = "(does not open: run doctor)"


@cli.command()
@click.option("--name", help="Holder's name as on the card; asked for when left out.")
@click.option(
    "--consent/--no-consent",
    default=None,
    help="The customer's written consent; asked for when left out, nothing is enrolled without.",
)
@click.option(
    "--anyway", is_flag=True, help="Enrol a face that is enrolled under another card, unasked."
)
@click.option(
    "--age-band",
    type=click.Choice(AGE_BANDS),
    help="The account holder's; only where the way of tapping counts ([touch] use).",
)
@as_json
@click.pass_obj
def enrol(
    options: Options,
    name: str | None,
    consent: bool | None,
    anyway: bool,
    age_band: str | None,
    as_json: bool,
) -> None:
    """Enrol one customer: card number, name, and about 3 s of a slowly moving face.

    The card number is asked for on the console, never taken from the command line. A face that is
    enrolled under another card is asked about, and the answer goes into the journal. Where the way
    the PIN is tapped counts, the consent is for that too.
    """
    name = click.prompt("Name on the card", err=True) if name is None else name
    with options.unit() as unit:
        _check_consent(unit, consent, age_band)
        customer = claimed(unit)
        screen = ConsoleScreen(unit.config.dispenser.currency, unit.ring.development, sys.stderr)
        desk = replace(
            unit.desk(screen),
            confirm=partial(_confirm_alike, unit, anyway),
            registry=replace(unit.registry(), age_band=age_band),
        )
        version = enrol_customer(desk, customer, name)
    if as_json:
        print_json({"customer": customer.customer_id, "template_version": version})
    else:
        click.echo(f"Enrolled: card ending {customer.card_last4}, template version {version}.")


def _check_consent(unit: Unit, consent: bool | None, age_band: str | None) -> None:
    touch = unit.config.touch.use
    if age_band is not None and not touch:
        raise click.UsageError("--age-band is kept only where [touch] has use = true")
    if consent is None:
        consent = click.confirm(TOUCH_CONSENT if touch else CONSENT, err=True)
    if not consent:
        raise EnrolmentRefused(
            "without the customer's consent no face is enrolled",
            "Offer card and PIN instead; ask for consent on paper first.",
        )


@cli.command()
@as_json
@click.pass_obj
def customers(options: Options, as_json: bool) -> None:
    """List the cards this unit knows: last four digits, name, when enrolled, failed tries.

    After five failed looks, or three wrong PINs, the next try waits, up to an hour; after 50 in a
    row it is closed. Loading the card again with `edge-atm provision --accounts` opens its face,
    and with a PIN in the file its PIN; enrolling opens the face.
    """
    with options.unit(unchecked=True) as unit:
        rows = [(who, _name(unit, who), at) for who, at in unit.customers.listing()]
    if as_json:
        print_json([_plain(who, name, at) for who, name, at in rows])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("card", "name", "enrolled", "PIN", "failed looks", "failed PINs")
    for who, name, at in rows:
        table.add_row(
            f"**** {who.card_last4}",
            name or "-",
            at[:10] if at else who.revoked or "not enrolled",
            "yes" if who.has_pin else "no",
            _tries(who.face_failures, _face_wait_seconds(who)),
            _tries(who.pin_failures, _pin_wait_seconds(who)),
        )
    Console().print(table)


def _plain(who: Customer, name: str | None, enrolled_at: str | None) -> dict[str, object]:
    fields = asdict(who)
    for way, wait_seconds in (("face", _face_wait_seconds(who)), ("pin", _pin_wait_seconds(who))):
        del fields[f"{way}_since_seconds"]
        fields[f"{way}_locked"] = locked = wait_seconds == math.inf
        fields[f"{way}_wait_seconds"] = None if locked else math.ceil(wait_seconds)
    return {**fields, "name": name, "enrolled_at": enrolled_at}


def _face_wait_seconds(who: Customer) -> float:
    return LOOKS.wait_seconds(who.face_failures, who.face_since_seconds)


def _pin_wait_seconds(who: Customer) -> float:
    return PINS.wait_seconds(who.pin_failures, who.pin_since_seconds)


def _tries(failures: int, wait_seconds: float) -> str:
    if wait_seconds == math.inf:
        return f"{failures} closed"
    return f"{failures} waits {math.ceil(wait_seconds)} s" if wait_seconds else str(failures)


@cli.command()
@click.option("--yes", is_flag=True, help="Do not ask again.")
@as_json
@click.pass_obj
def forget(options: Options, yes: bool, as_json: bool) -> None:
    """Delete a customer's face, habit, name and escrow; the card keeps account and PIN.

    The card number is asked for on the console. The pseudonym stays in the journal; backups and
    escrow that the bank has already keep the customer (docs/bank.md).
    """
    with options.unit() as unit:
        customer = claimed(unit)
        if not yes:
            question = f"Delete face and name of the card ending {customer.card_last4}"
            click.confirm(question, abort=True, err=True)
        with unit.store.transaction() as connection:
            unit.customers.forget(connection, customer.customer_id)
            unit.journal.append(connection, "forgotten", customer=customer.customer_id)
        unit.store.empty_log()
    if as_json:
        print_json({"customer": customer.customer_id})
    else:
        click.echo(f"Face and name of the card ending {customer.card_last4} are deleted.")


def _confirm_alike(unit: Unit, anyway: bool, others: Sequence[str]) -> bool:
    known = {who.customer_id: who.card_last4 for who, _ in unit.customers.listing()}
    cards = ", ".join(known[other] for other in others)
    click.echo(f"This face is alike to the one enrolled for the card ending {cards}.", err=True)
    return anyway or click.confirm("Enrol all the same", err=True)


def claimed(unit: Unit) -> Customer:
    """Return the customer of the card typed on the console. Raises CardRefused, Abort."""
    number = ConsolePad(sys.stderr).card_number()
    if number is None:
        raise click.Abort
    return unit.customers.claim(number)


def _name(unit: Unit, customer: Customer) -> str | None:
    # One damaged row must not hide all the others from the technician.
    try:
        return unit.customers.holder_name(customer.customer_id) if customer.enrolled else None
    except (SealBroken, CardRefused):
        return DAMAGED

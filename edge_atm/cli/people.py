"""`edge-atm enrol`, `customers` and `forget`: the people the unit knows."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

import click

from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.enrolment import enrol as enrol_customer
from edge_atm.errors import CardRefused, EnrolmentRefused, SealBroken
from edge_atm.records import Customer
from edge_atm.screen.console import ConsolePad, ConsoleScreen

CONSENT = "Has the customer agreed in writing that the face is used for this"
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
@as_json
@click.pass_obj
def enrol(
    options: Options, name: str | None, consent: bool | None, anyway: bool, as_json: bool
) -> None:
    """Enrol one customer: card number, name, and about 3 s of a slowly moving face.

    The card number is asked for on the console, never taken from the command line. A face that is
    enrolled under another card is asked about, and the answer goes into the journal.
    """
    name = click.prompt("Name on the card", err=True) if name is None else name
    if consent is None:
        consent = click.confirm(CONSENT, err=True)
    if not consent:
        raise EnrolmentRefused(
            "without the customer's consent no face is enrolled",
            "Offer card and PIN instead; ask for consent on paper first.",
        )
    with options.unit() as unit:
        customer = claimed(unit)
        screen = ConsoleScreen(unit.config.dispenser.currency, unit.ring.development, sys.stderr)
        desk = replace(unit.desk(screen), confirm=partial(_confirm_alike, unit, anyway))
        version = enrol_customer(desk, customer, name)
    if as_json:
        print_json({"customer": customer.customer_id, "template_version": version})
    else:
        click.echo(f"Enrolled: card ending {customer.card_last4}, template version {version}.")


@cli.command()
@as_json
@click.pass_obj
def customers(options: Options, as_json: bool) -> None:
    """List the cards this unit knows: last four digits, name, when enrolled, failed tries.

    Five failed looks close the face of a card, three wrong PINs its PIN. Loading the card again
    with `edge-atm provision --accounts` opens its face, and with a PIN in the file its PIN.
    """
    with options.unit(unchecked=True) as unit:
        rows = [(who, _name(unit, who), at) for who, at in unit.customers.listing()]
    if as_json:
        print_json([{**asdict(who), "name": name, "enrolled_at": at} for who, name, at in rows])
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
            f"{who.face_failures}{' closed' if who.face_locked else ''}",
            f"{who.pin_failures}{' closed' if who.pin_locked else ''}",
        )
    Console().print(table)


@cli.command()
@click.option("--yes", is_flag=True, help="Do not ask again.")
@as_json
@click.pass_obj
def forget(options: Options, yes: bool, as_json: bool) -> None:
    """Delete a customer's face, name and escrow; the card keeps its account and its PIN.

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

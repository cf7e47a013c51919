"""`edge-atm enrol` and `edge-atm customers`: the people the unit knows."""

import sys

import click

from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.enrolment import enrol as enrol_customer
from edge_atm.errors import EnrolmentRefused
from edge_atm.screen.console import ConsolePad, ConsoleScreen


@cli.command()
@click.option("--name", prompt="Name on the card", help="Holder's name as on the card.")
@click.option(
    "--consent/--no-consent",
    prompt="Has the customer agreed in writing that the face is used for this",
    help="The customer's written consent; without it nothing is enrolled.",
)
@as_json
@click.pass_obj
def enrol(options: Options, name: str, consent: bool, as_json: bool) -> None:
    """Enrol one customer: card number, name, and about 3 s of a slowly moving face.

    The card number is asked for on the console, never taken from the command line.
    """
    if not consent:
        raise EnrolmentRefused(
            "without the customer's consent no face is enrolled",
            "Offer card and PIN instead; ask for consent on paper first.",
        )
    with options.unit() as unit:
        number = ConsolePad(sys.stderr).card_number()
        customer = unit.customers.claim(number or "")
        screen = ConsoleScreen(unit.config.dispenser.currency, unit.keys.development, sys.stderr)
        version = enrol_customer(unit.desk(screen), customer, name)
    if as_json:
        print_json({"customer": customer.customer_id, "template_version": version})
    else:
        click.echo(f"Enrolled: card ending {customer.card_last4}, template version {version}.")


@cli.command()
@as_json
@click.pass_obj
def customers(options: Options, as_json: bool) -> None:
    """List the cards this unit knows: last four digits, name, when enrolled."""
    with options.unit() as unit:
        listing = unit.customers.listing()
    if as_json:
        print_json(
            [
                {
                    "customer": c.customer_id,
                    "card_last4": c.card_last4,
                    "name": n,
                    "enrolled_at": at,
                }
                for c, n, at in listing
            ]
        )
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("card", "name", "enrolled", "PIN", "failed looks", "failed PINs")
    for customer, name, at in listing:
        table.add_row(
            f"**** {customer.card_last4}",
            name or "-",
            at or "not enrolled",
            "yes" if customer.has_pin else "no",
            str(customer.face_failures),
            str(customer.pin_failures),
        )
    Console().print(table)

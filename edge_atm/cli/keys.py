"""`edge-atm reissue`, `rotate-keys` and `revoke`: what follows when a key or a template is lost."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import click

from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.opening import prepared_of
from edge_atm.cli.people import claimed
from edge_atm.cli.progress import counted
from edge_atm.cli.unit import Unit
from edge_atm.vault import masters, rekey
from edge_atm.vault.receiving import FILE as RECEIVING
from edge_atm.vault.ring import Ring

yes_option = click.option("--yes", is_flag=True, help="Do not ask again.")


@cli.command()
@click.option(
    "--all", "everybody", is_flag=True, help="Every enrolled face; stop the service first."
)
@yes_option
@as_json
@click.pass_obj
def reissue(options: Options, everybody: bool, yes: bool, as_json: bool) -> None:
    """Seal a face anew, without the customer: another key, other axes, the next version.

    So is the habit of tapping, if there is one. An older row answers "revoked" from then on. The
    card number is asked for on the console.
    """
    with options.unit(alone=everybody) as unit:
        if everybody:
            answer = _reissue_all(unit, yes)
        else:
            customer = claimed(unit)
            _confirm(f"Seal the face of the card ending {customer.card_last4} anew", yes)
            with unit.store.transaction() as connection:
                version = unit.faces.reissue(connection, customer.customer_id)
                unit.habits.reissue(connection, customer.customer_id)
                unit.journal.append(
                    connection, "reissued", customer=customer.customer_id, version=version
                )
            answer = {"customer": customer.customer_id, "template_version": version}
        unit.store.empty_log()
    if as_json:
        print_json(answer)
    elif everybody:
        click.echo(f"{answer['count']} faces sealed anew.")
    else:
        click.echo(f"Sealed anew: template version {answer['template_version']}.")


@cli.command("rotate-keys")
@yes_option
@as_json
@click.pass_obj
def rotate_keys(options: Options, yes: bool, as_json: bool) -> None:
    """Seal every face, habit, name and PIN under new keys, in one commit; stop the service first.

    With a credential `next_master_key` beside `master_key` (systemd/README.md) the master key is
    replaced too; with --development it always is.
    """
    with options.unit(alone=True) as unit:
        state_dir = unit.config.unit.state_dir
        _confirm("Seal all faces, habits, names and PINs under new keys", yes)
        master = masters.next_master(os.environ, unit.ring, state_dir)
        to = unit.ring.renewed(master)
        try:
            count = _rotate(unit, to)
            if master is not None:
                # It was sealed under the other key; the next `receive-key` makes a new one.
                (state_dir / RECEIVING).unlink(missing_ok=True)
            masters.settle_at_desk(state_dir, to)
            unit.store.empty_log()
            advice = masters.advice(os.environ, to)
        finally:
            to.wipe()
    if as_json:
        print_json({"count": count, "new_master": master is not None, "advice": advice})
        return
    click.echo(f"{count} faces, and all habits, names and PINs, are sealed under new keys.")
    if advice is not None:
        click.echo(f"{advice[0].upper()}{advice[1:]}.")


@cli.command()
@click.option(
    "--leaked", is_flag=True, help="Key and template are in other hands: the face is known."
)
@yes_option
@as_json
@click.pass_obj
def revoke(options: Options, leaked: bool, yes: bool, as_json: bool) -> None:
    """Destroy the enrolled face of one card, and its habit; the face then answers "revoked".

    Card and PIN go on where the bank allows it (card_pin_limit_cents). Enrolling again ends it;
    after --leaked only under another model, and until then no habit is learnt. The card number is
    asked for on the console.
    """
    with options.unit() as unit:
        customer = claimed(unit)
        _confirm(f"Destroy the enrolled face of the card ending {customer.card_last4}", yes)
        with unit.store.transaction() as connection:
            who = customer.customer_id
            habit = unit.habits.revoke(connection, who, leaked)
            if customer.enrolled or leaked or not habit:
                unit.faces.revoke(connection, who, leaked)
            unit.journal.append(connection, "revoked", customer=who, leaked=leaked, habit=habit)
        unit.store.empty_log()
    if as_json:
        print_json({"customer": customer.customer_id, "revoked": "leaked" if leaked else "revoked"})
    else:
        click.echo(f"The face of the card ending {customer.card_last4} is revoked.")


def _reissue_all(unit: Unit, yes: bool) -> dict[str, object]:
    _confirm("Seal every enrolled face anew", yes)
    with _progress(unit) as done, unit.store.transaction() as connection:
        count = rekey.reissue_all(connection, unit.store, unit.ring, unit.ring, done)
        unit.journal.append(connection, "reissued", count=count, habits=_habits(unit))
    return {"count": count}


def _rotate(unit: Unit, to: Ring) -> int:
    state_dir = unit.config.unit.state_dir
    new_master = to.master is not unit.ring.master
    # The record of the prepared models is under the master key too.
    record = prepared_of(state_dir, unit.ring).handed_to(prepared_of(state_dir, to))
    with (
        record if new_master else nullcontext(),
        _progress(unit) as done,
        unit.store.transaction() as connection,
    ):
        count = rekey.rotate(connection, unit.store, unit.ring, to, done)
        habits = _habits(unit)
        unit.journal.append(
            connection, "rotated", count=count, habits=habits, new_master=new_master
        )
    return count


def _habits(unit: Unit) -> int:
    return int(unit.store.rows("SELECT count(*) FROM habits")[0][0])


def _progress(unit: Unit) -> AbstractContextManager[Callable[[int], object]]:
    return counted("sealing anew", unit.store.rows("SELECT count(*) FROM templates")[0][0])


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)

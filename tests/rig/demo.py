"""`make demo`: the whole product once, without hardware. Exit status 0 only if all of it held."""

import shutil
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape

from edge_atm.errors import EdgeError, SealBroken
from edge_atm.models import REQUIRED
from edge_atm.records import Receipt, Verdict
from tests.rig import clips, tapping
from tests.rig.bench import BALANCE_CENTS, CARD_A, CARD_B, NOTES, PIN_A, Bench, bench
from tests.rig.customer import Customer
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan
from tests.rig.showing import Show
from tests.rig.sources import ROOT, SourceFault

FOLDER = ROOT / "build" / "demo"
# The third DISPENSE of this script is the one whose answer gets lost.
PLAN = FaultPlan((Fault(command=0x52, kind="lose_response", occurrence=3),))


class Unexpected(Exception):
    """A step did not end as the product promises."""


def steps(at: Bench, sim: SimulatedDispenser) -> Iterator[tuple[str, Callable[[], str | Customer]]]:
    """Yield the product's promises in order, each with what shows it."""
    yield "models verified", lambda: _verified(at)
    yield "customer A enrols", lambda: _enrolled(at, CARD_A, "a1", "Customer A")
    yield "customer B enrols", lambda: _enrolled(at, CARD_B, "b", "Customer B")
    yield "A claims A's card, 80 EUR", lambda: _paid(_visit(at, "a2", 8000), 8000)
    yield (
        "A asks for more than the face alone may have, 260 EUR",
        lambda: _paid(_visit(at, "a2", 26_000, PIN_A), 26_000),
    )
    yield "B claims A's card", lambda: _refused(_visit(at, "b", 2000), "no_match")
    yield (
        "a flat picture of A claims A's card",
        lambda: _refused(_visit(at, "flat_a2", 2000), "not_live"),
    )
    yield (
        "a recording of A, who does all that is asked, on a tablet",
        lambda: _refused(_visit(at, "replay_a2", 2000), "not_live"),
    )
    yield "A withdraws 50 EUR, the dispenser's answer is lost", lambda: _asked(at, sim)
    yield "the unit learns how A taps the PIN, then somebody else taps it", lambda: _tapped(at)
    yield "the row of A is replaced by B's", lambda: _tampering_detected(at)
    yield "the books", lambda: _balanced(at, sim)


def _verified(at: Bench) -> str:
    for name in REQUIRED:
        at.unit.models.open(name)
    return f"{', '.join(REQUIRED)}; embedding {at.unit.models.embedding_id}"


def _enrolled(at: Bench, card: str, clip: str, name: str) -> str:
    version = at.enrol(card, clip, name)
    return f"card ending {card[-4:]}, template version {version}, sealed"


def _visit(at: Bench, clip: str, cents: int, *pins: str) -> Customer:
    """Let somebody claim A's card; nobody, this script included, knows what he will be asked."""
    return at.visit(clip, CARD_A, cents, pins, turns=None)


def _paid(customer: Customer, cents: int) -> Customer:
    receipt = _receipt(customer)
    _expect(receipt.verdict is Verdict.PAY and receipt.paid_cents == cents, receipt)
    return customer


def _refused(customer: Customer, reason: str) -> Customer:
    receipt = _receipt(customer)
    _expect((receipt.verdict, receipt.reason) == (Verdict.REFUSE, reason), receipt)
    _expect(receipt.paid_cents == 0, receipt)
    return customer


def _asked(at: Bench, sim: SimulatedDispenser) -> str:
    before = sim.commands.count(0x52)
    customer = _paid(_visit(at, "a2", 5000), 5000)
    told = sim.commands.count(0x52) - before
    _expect(told == 1 and not sim.violations, told)
    return (
        f"told once, asked what it did, booked once: {_receipt(customer).paid_cents / 100:.2f} EUR"
    )


def _tapped(at: Bench) -> str:
    touch = tapping.touch_on(at)
    tapping.learn(touch)
    entries = [tapping.tapped(tapping.STRANGER, seed) for seed in range(2)]
    customer = _refused(tapping.come(touch, 5000, *entries), "above_strange_limit")
    _expect(customer.told.count("pin_again") == 1, customer.told)
    _expect(at.unit.customers.claim(CARD_A).pin_failures == 0, "a failure was counted")
    return (
        "five entries learnt, sealed; the right PIN tapped unlike them: asked twice, refused above "
        f"{tapping.LIMIT_CENTS / 100:.2f} EUR, nothing locked"
    )


def _tampering_detected(at: Bench) -> str:
    theirs = "(SELECT box FROM templates WHERE customer_id = ?)"
    a, b = (at.unit.customers.claim(card).customer_id for card in (CARD_A, CARD_B))
    mine = at.unit.store.rows("SELECT box FROM templates WHERE customer_id = ?", a)[0][0]
    change = f"UPDATE templates SET box = {theirs} WHERE customer_id = ?"
    with at.unit.store.transaction() as connection:
        connection.execute(change, (b, a))
    try:
        at.visit("b", CARD_A, 2000)
    except SealBroken as error:
        return f"detected, nothing paid: {error}"
    finally:
        with at.unit.store.transaction() as connection:
            connection.execute("UPDATE templates SET box = ? WHERE customer_id = ?", (mine, a))
    raise Unexpected("a swapped row was accepted")


def _balanced(at: Bench, sim: SimulatedDispenser) -> str:
    units = at.unit.ledger.storage_units()
    _expect(sim.conserved(), "notes vanished in the dispenser")
    _expect([u.presented for u in units] == list(sim.presented), units)
    _expect([u.present for u in units] == list(sim.cassettes), units)
    presented_cents = sum(u.presented * u.value_cents for u in units)
    left = sum(
        at.unit.ledger.available_cents(at.unit.customers.claim(card).customer_id)
        for card in (CARD_A, CARD_B)
    )
    _expect(2 * BALANCE_CENTS - left == presented_cents, left)
    entries = at.unit.journal.verify()
    return (
        f"[bold green]cash balanced:[/bold green] {sum(NOTES)} notes = {sum(sim.cassettes)} in "
        f"cassettes + {sum(sim.presented)} presented + {sum(sim.rejected)} rejected + 0 unknown; "
        f"debited {presented_cents / 100:.2f} EUR; journal of {entries} entries whole"
    )


def _receipt(customer: Customer) -> Receipt:
    assert customer.receipt is not None
    return customer.receipt


def _expect(held: bool, found: object) -> None:
    if not held:
        raise Unexpected(f"found {found}")


def main(console: Console) -> int:
    """Run the demo; return its exit status."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        if clips.main() != 0:
            return 1
        sim = SimulatedDispenser(FOLDER / "dispenser.json", PLAN, notes=NOTES)
        with sim, bench(FOLDER, sim.port) as at:
            show = Show(console, FOLDER)
            console.print("edge-atm: recorded faces, a simulated dispenser, a development key")
            pictures = f"{FOLDER.relative_to(ROOT)}/step-*.png"
            console.print(f"[dim]what the camera saw in steps 4 to 8 is kept in {pictures}[/dim]")
            for title, action in steps(at, sim):
                show.step(title, action)
    except (EdgeError, Unexpected, SourceFault) as fault:
        console.print(f"[bold red]The demo failed:[/bold red] {escape(str(fault))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Console(highlight=False, soft_wrap=True)))

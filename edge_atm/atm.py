"""Serves one customer, from the card number to the receipt. Everything it needs is handed in."""

from contextlib import suppress

from edge_atm.errors import CardRefused, EdgeError, StoreFault
from edge_atm.machine import Machine
from edge_atm.money import Wish
from edge_atm.policy import calibration
from edge_atm.policy.decision import decide, is_live
from edge_atm.policy.match import match
from edge_atm.records import Customer, Decision, Look, Match, Receipt, Verdict

LOOK_SECONDS_MAX = 20.0
PIN_ATTEMPTS = 3


def serve(atm: Machine) -> Receipt:
    """Serve one customer. Raises EdgeError when the unit, not the customer, is at fault."""
    session_id = atm.new_session_id()
    try:
        receipt = _session(atm, session_id)
        atm.journal.record(
            "session",
            session=session_id,
            verdict=receipt.verdict.value,
            reason=receipt.reason,
            paid_cents=receipt.paid_cents,
        )
    except EdgeError as error:
        # The screen first: a full disk may keep the journal from taking the entry, and must not
        # hide what went wrong before.
        atm.screen.tell("out_of_service")
        why = {"kind": type(error).__name__, "why": str(error)}
        with suppress(StoreFault):
            atm.journal.record("fault", session=session_id, **why)
        raise
    atm.screen.tell("receipt", receipt=receipt)
    return receipt


def _session(atm: Machine, session_id: str) -> Receipt:
    number = atm.pad.card_number()
    if number is None:
        return _refusal(session_id, "walked_away")
    try:
        customer = atm.people.claim(number)
    except CardRefused as error:
        atm.screen.tell("card_refused", why=str(error))
        return _refusal(session_id, "card_refused")
    wish = atm.pad.wish()
    if wish is None:
        return _refusal(session_id, "walked_away", customer)
    obstacle = _obstacle(atm, customer, wish.amount_cents)
    if obstacle is not None:
        return _refusal(session_id, obstacle, customer)
    return _prove_and_pay(atm, session_id, customer, wish)


def _obstacle(atm: Machine, customer: Customer, amount_cents: int) -> str | None:
    # Asked before the camera looks: nobody should turn his head for an amount that cannot be paid.
    if not 0 < amount_cents <= atm.limits.amount_cents_max:
        return "amount_out_of_range"
    if not customer.enrolled:
        return "not_enrolled"
    if customer.face_locked:
        return "face_locked"
    if not amount_cents <= atm.limits.face_only_limit_cents:
        if not customer.has_pin:
            return "no_pin"
        if customer.pin_locked:
            return "pin_locked"
    return atm.cashier.obstacle(customer.customer_id, amount_cents)


def _prove_and_pay(atm: Machine, session_id: str, customer: Customer, wish: Wish) -> Receipt:
    amount_cents = wish.amount_cents
    # Booked as failed before it begins: pulling the plug buys no further look.
    atm.people.note_face(customer.customer_id, False)
    look = _look(atm)
    found = _match(atm, customer, look)
    decision = decide(amount_cents, look.liveness, found, None, atm.limits)
    proven = decision.verdict is not Verdict.REFUSE
    percent = calibration.percent(found.posterior) if found and proven else None
    if proven:
        atm.people.note_face(customer.customer_id, True)
        atm.screen.tell("matched", match_percent=percent)
    if decision.verdict is Verdict.ASK_PIN:
        pin_right = _ask_pin(atm, customer)
        decision = decide(amount_cents, look.liveness, found, pin_right, atm.limits)
    _record_judgement(atm, session_id, customer, look, found, decision)
    if decision.verdict is not Verdict.PAY:
        return _receipt(session_id, customer, decision, percent, 0)
    atm.screen.tell("authorised", match_percent=percent)
    payout = atm.cashier.pay(customer.customer_id, session_id, wish)
    if not payout.presented_cents:
        decision = Decision(Verdict.REFUSE, "nothing_dispensed")
    elif payout.presented_cents < amount_cents:
        decision = Decision(Verdict.PAY, "partly_dispensed")
    return _receipt(session_id, customer, decision, percent, payout.presented_cents)


def _look(atm: Machine) -> Look:
    watch = atm.watch(atm.draw_side())
    deadline = atm.now() + LOOK_SECONDS_MAX
    for frame in atm.camera.frames():
        atm.screen.guide(watch.see(frame), frame, watch.face)
        # A watch that is not done by then says "not finished", and that refuses.
        if watch.done or not atm.now() < deadline:
            break
    return watch.look()


def _match(atm: Machine, customer: Customer, look: Look) -> Match | None:
    if not is_live(look.liveness):
        return None
    template = atm.people.template(customer.customer_id)
    return match(
        customer.customer_id,
        template,
        look.embeddings,
        atm.mean_embedding,
        atm.limits.prior_genuine,
    )


def _ask_pin(atm: Machine, customer: Customer) -> bool:
    for _ in range(PIN_ATTEMPTS):
        pin = atm.pad.pin()
        if pin is None:
            return False
        if atm.people.check_pin(customer.customer_id, pin):
            return True
        atm.screen.tell("wrong_pin")
    return False


def _record_judgement(
    atm: Machine,
    session_id: str,
    customer: Customer,
    look: Look,
    found: Match | None,
    decision: Decision,
) -> None:
    atm.journal.record(
        "judged",
        session=session_id,
        customer=customer.customer_id,
        verdict=decision.verdict.value,
        reason=decision.reason,
        liveness_fault=look.liveness.fault,
        frames_seen=look.frames_seen,
        poor_frames=dict(look.poor_frames),
        llr_log10=f"{found.llr_log10:.2f}" if found else None,
    )


def _refusal(session_id: str, reason: str, customer: Customer | None = None) -> Receipt:
    return _receipt(session_id, customer, Decision(Verdict.REFUSE, reason), None, 0)


def _receipt(
    session_id: str,
    customer: Customer | None,
    decision: Decision,
    percent: int | None,
    paid_cents: int,
) -> Receipt:
    last4 = customer.card_last4 if customer else ""
    return Receipt(session_id, decision.verdict, decision.reason, percent, paid_cents, last4)

"""Serves one customer, from the card number to the receipt. Everything it needs is handed in."""

from contextlib import suppress
from dataclasses import dataclass

from edge_atm.errors import CardRefused, EdgeError, StoreFault, TemplateRevoked
from edge_atm.machine import Machine
from edge_atm.money import Wish
from edge_atm.policy import calibration
from edge_atm.policy.adaptation import is_earned
from edge_atm.policy.decision import decide, decide_without_face, is_live, obstacle
from edge_atm.policy.match import match
from edge_atm.records import Customer, Decision, Look, Match, Receipt, Verdict

LOOK_SECONDS_MAX = 20.0
PIN_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class _Visit:
    """One customer whose card is known and who said how much."""

    atm: Machine
    session_id: str
    customer: Customer
    wish: Wish


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
    if (number := atm.pad.card_number()) is None:
        return _receipt(session_id, None, _refusal("walked_away"))
    try:
        customer = atm.people.claim(number)
    except CardRefused as error:
        atm.screen.tell("card_refused", why=str(error))
        return _receipt(session_id, None, _refusal("card_refused"))
    if (wish := atm.pad.wish()) is None:
        return _receipt(session_id, customer, _refusal("walked_away"))
    # Asked before the camera looks: nobody should turn his head for an amount that cannot be paid.
    why_not = obstacle(customer, wish.amount_cents, atm.limits)
    why_not = why_not or atm.cashier.obstacle(customer.customer_id, wish.amount_cents)
    if why_not is not None:
        return _receipt(session_id, customer, _refusal(why_not))
    # A face that was revoked proves nothing any more: the camera stays off.
    prove = _prove_by_face if customer.revoked is None else _prove_by_pin
    return prove(_Visit(atm, session_id, customer, wish))


def _prove_by_pin(visit: _Visit) -> Receipt:
    amount_cents, limits = visit.wish.amount_cents, visit.atm.limits
    decision = decide_without_face(amount_cents, None, limits)
    if decision.verdict is Verdict.ASK_PIN:
        decision = decide_without_face(amount_cents, _ask_pin(visit), limits)
    _record_judgement(visit, "card_pin", decision, None, None)
    return _pay(visit, decision)


def _prove_by_face(visit: _Visit) -> Receipt:
    atm, customer_id = visit.atm, visit.customer.customer_id
    # Booked as failed before it begins: pulling the plug buys no further look.
    atm.people.note_face(customer_id, False)
    look = _look(visit)
    try:
        decision, percent = _judge(visit, look)
        receipt = _pay(visit, decision, percent)
        if atm.adaptation is not None and is_earned(decision, receipt.paid_cents):
            # Revoked or forgotten since: there is nothing to adapt, and the notes are paid.
            with suppress(TemplateRevoked, CardRefused):
                atm.adaptation.adapt(customer_id, look.embeddings, atm.mean_embedding)
        return receipt
    finally:
        # Samples are erased as soon as they have served (NIST SP 800-63B-4).
        for embedding in look.embeddings:
            embedding.vector.fill(0)


def _look(visit: _Visit) -> Look:
    atm = visit.atm
    watch = atm.watch(atm.draw_side())
    deadline = atm.now() + LOOK_SECONDS_MAX
    try:
        for frame in atm.camera.frames():
            if atm.recorder is not None:
                atm.recorder.see(frame)
            atm.screen.guide(watch.see(frame), frame, watch.face)
            # A watch that is not done by then says "not finished", and that refuses.
            if watch.done or not atm.now() < deadline:
                break
    finally:
        # Also where the camera failed: what it had shown must not go into the next one's clip.
        if atm.recorder is not None:
            atm.recorder.keep(visit.session_id, visit.customer.customer_id)
    return watch.look()


def _judge(visit: _Visit, look: Look) -> tuple[Decision, int | None]:
    atm, customer_id, amount_cents = visit.atm, visit.customer.customer_id, visit.wish.amount_cents
    found = percent = None
    try:
        found = _match(atm, customer_id, look)
        decision = decide(amount_cents, look.liveness, found, None, atm.limits)
    except TemplateRevoked:
        # By another process, since the card was typed.
        decision = _refusal("face_revoked")
    if found is not None and decision.verdict is not Verdict.REFUSE:
        percent = calibration.percent(found.posterior)
        atm.people.note_face(customer_id, True)
        atm.screen.tell("matched", match_percent=percent)
    if decision.verdict is Verdict.ASK_PIN:
        decision = decide(amount_cents, look.liveness, found, _ask_pin(visit), atm.limits)
    _record_judgement(visit, "face", decision, look, found)
    return decision, percent


def _match(atm: Machine, customer_id: str, look: Look) -> Match | None:
    if not is_live(look.liveness):
        return None
    prior = atm.limits.prior_genuine
    with atm.faces.opened(customer_id) as template:
        return match(customer_id, template, look.embeddings, atm.mean_embedding, prior)


def _ask_pin(visit: _Visit) -> bool:
    for _ in range(PIN_ATTEMPTS):
        pin = visit.atm.pad.pin()
        if pin is None:
            return False
        if visit.atm.people.check_pin(visit.customer.customer_id, pin):
            return True
        visit.atm.screen.tell("wrong_pin")
    return False


def _record_judgement(
    visit: _Visit, tier: str, decision: Decision, look: Look | None, found: Match | None
) -> None:
    visit.atm.journal.record(
        "judged",
        session=visit.session_id,
        customer=visit.customer.customer_id,
        tier=tier,
        verdict=decision.verdict.value,
        reason=decision.reason,
        liveness_fault=look and look.liveness.fault,
        frames_seen=look and look.frames_seen,
        poor_frames=look and dict(look.poor_frames),
        llr_log10=f"{found.llr_log10:.2f}" if found else None,
    )


def _pay(visit: _Visit, decision: Decision, percent: int | None = None) -> Receipt:
    customer, paid_cents = visit.customer, 0
    if decision.verdict is Verdict.PAY:
        visit.atm.screen.tell("authorised", match_percent=percent)
        payout = visit.atm.cashier.pay(customer.customer_id, visit.session_id, visit.wish)
        paid_cents = payout.presented_cents
        if not paid_cents:
            decision = _refusal("nothing_dispensed")
        elif paid_cents < visit.wish.amount_cents:
            decision = Decision(Verdict.PAY, "partly_dispensed")
    return _receipt(visit.session_id, customer, decision, percent, paid_cents)


def _refusal(reason: str) -> Decision:
    return Decision(Verdict.REFUSE, reason)


def _receipt(
    session_id: str,
    customer: Customer | None,
    decision: Decision,
    percent: int | None = None,
    paid_cents: int = 0,
) -> Receipt:
    last4 = customer.card_last4 if customer else ""
    return Receipt(session_id, decision.verdict, decision.reason, percent, paid_cents, last4)

"""Serves one customer, from the card number to the receipt. Everything it needs is handed in."""

from contextlib import suppress
from dataclasses import replace

from edge_atm.arriving import TurnedAway, Visit, arrive
from edge_atm.asking import Typed, ask_pin, within_limit
from edge_atm.errors import CardRefused, EdgeError, StoreFault, TemplateRevoked
from edge_atm.looking import take_look
from edge_atm.machine import Adaptation, Machine
from edge_atm.policy import calibration
from edge_atm.policy.adaptation import is_earned
from edge_atm.policy.challenge import draw_challenge
from edge_atm.policy.decision import decide, decide_without_face, is_live
from edge_atm.policy.habit import may_learn
from edge_atm.policy.match import match
from edge_atm.records import Decision, Look, Match, Receipt, Verdict, Way


def serve(atm: Machine) -> Receipt:
    """Serve one customer. Raises EdgeError when the unit, not the customer, is at fault."""
    session_id = atm.new_session_id()
    try:
        return _session(atm, session_id)
    except EdgeError as error:
        # The screen first: a full disk may keep the journal from taking the entry.
        atm.screen.tell("out_of_service")
        _record_fault(atm, session_id, error)
        raise


def _session(atm: Machine, session_id: str) -> Receipt:
    visit = arrive(atm, session_id)
    if isinstance(visit, TurnedAway):
        return _refuse(atm, session_id, visit.reason, visit.card_last4)
    prove = _prove_by_face if visit.way is Way.FACE else _prove_by_pin
    return prove(visit)


def _prove_by_pin(visit: Visit) -> Receipt:
    amount_cents, limits, typed = visit.wish.amount_cents, visit.atm.limits, None
    decision = decide_without_face(amount_cents, None, limits)
    if decision.verdict is Verdict.ASK_PIN:
        typed = ask_pin(visit)
        decision = decide_without_face(amount_cents, typed.right, limits)
        decision = within_limit(visit, typed, decision)
    _record_judgement(visit, "card_pin", decision, typed)
    receipt = _pay(visit, decision)
    _learn(visit, typed, receipt)
    return receipt


def _prove_by_face(visit: Visit) -> Receipt:
    atm = visit.atm
    # Booked as failed before it begins: pulling the plug buys no further look.
    atm.people.note_face(visit.customer.customer_id, False)
    nonce = atm.new_nonce()
    watch = atm.watch(draw_challenge(nonce))
    try:
        look = take_look(atm, watch, visit.session_id, visit.customer.customer_id)
        decision, percent, typed = _judge(visit, look, nonce)
        receipt = _pay(visit, decision, percent)
        earned = is_earned(decision, receipt.paid_cents) and _is_own_hand(typed)
        if atm.adaptation is not None and earned:
            _adapt(visit, look, atm.adaptation)
        _learn(visit, typed, receipt)
        return receipt
    finally:
        # Samples are erased as soon as they have served (NIST SP 800-63B-4).
        watch.erase()


def _adapt(visit: Visit, look: Look, adaptation: Adaptation) -> None:
    atm = visit.atm
    try:
        # Revoked or forgotten since: there is nothing to adapt.
        with suppress(TemplateRevoked, CardRefused):
            adaptation.adapt(visit.customer.customer_id, look.embeddings, atm.mean_embedding)
    except EdgeError as error:
        # The session is over and paid. What cannot be written now stops the next one at its start.
        _record_fault(atm, visit.session_id, error)


def _learn(visit: Visit, typed: Typed | None, receipt: Receipt) -> None:
    atm = visit.atm
    if atm.habits is None or typed is None or not typed.entries:
        return
    if not (receipt.paid_cents > 0 and _is_own_hand(typed)):
        return
    try:
        atm.habits.learn(visit.customer.customer_id, typed.entries)
    except EdgeError as error:
        _record_fault(atm, visit.session_id, error)


def _is_own_hand(typed: Typed | None) -> bool:
    # Somebody who has the PIN must not teach the unit his own face or hand.
    return may_learn(typed.rhythm if typed else None)


def _judge(visit: Visit, look: Look, nonce: bytes) -> tuple[Decision, int | None, Typed | None]:
    atm, customer_id, amount_cents = visit.atm, visit.customer.customer_id, visit.wish.amount_cents
    prior, found, percent, typed = atm.limits.prior_genuine, None, None, None
    try:
        if is_live(look.liveness):
            with atm.faces.opened(customer_id) as template:
                found = match(customer_id, template, look.embeddings, atm.mean_embedding, prior)
        decision = decide(amount_cents, look.liveness, found, None, atm.limits)
    except (TemplateRevoked, CardRefused) as gone:
        # By another process, since the card was typed.
        reason = "face_revoked" if isinstance(gone, TemplateRevoked) else "not_enrolled"
        decision = Decision(Verdict.REFUSE, reason)
    if found is not None and decision.verdict is not Verdict.REFUSE:
        percent = calibration.percent(found.posterior)
        atm.people.note_face(customer_id, True)
        atm.screen.tell("matched", match_percent=percent)
    if decision.verdict is Verdict.ASK_PIN:
        typed = ask_pin(visit)
        decision = decide(amount_cents, look.liveness, found, typed.right, atm.limits)
        decision = within_limit(visit, typed, decision)
    _record_judgement(visit, "face", decision, typed, look, found, nonce)
    return decision, percent, typed


def _record_judgement(
    visit: Visit,
    tier: str,
    decision: Decision,
    typed: Typed | None,
    look: Look | None = None,
    found: Match | None = None,
    nonce: bytes | None = None,
) -> None:
    visit.atm.journal.record(
        "judged",
        session=visit.session_id,
        customer=visit.customer.customer_id,
        tier=tier,
        verdict=decision.verdict.value,
        reason=decision.reason,
        # The challenge follows from it: a recording can be held against what was asked.
        nonce=nonce and nonce.hex(),
        liveness_fault=look and look.liveness.fault,
        frames_seen=look and look.frames_seen,
        poor_frames=look and dict(look.poor_frames),
        llr_log10=f"{found.llr_log10:.2f}" if found else None,
        rhythm=typed and typed.rhythm_word,
        rhythm_llr_log10=typed and typed.llr_text,
        age="differs" if typed and typed.age_differs else None,
    )


def _pay(visit: Visit, decision: Decision, percent: int | None = None) -> Receipt:
    customer, session_id, paid_cents = visit.customer, visit.session_id, 0
    if decision.verdict is Verdict.PAY:
        visit.atm.screen.tell("authorised", match_percent=percent)
        payout = visit.atm.cashier.pay(customer.customer_id, session_id, visit.wish)
        paid_cents = payout.presented_cents
        if not paid_cents:
            decision = Decision(Verdict.REFUSE, "nothing_dispensed")
        elif paid_cents < visit.wish.amount_cents:
            decision = Decision(Verdict.PAY, "partly_dispensed")
    verdict, reason, last4 = decision.verdict, decision.reason, customer.card_last4
    return _end(visit.atm, Receipt(session_id, verdict, reason, percent, paid_cents, last4))


def _record_fault(atm: Machine, session_id: str, error: EdgeError) -> None:
    fault = {"kind": type(error).__name__, "why": str(error)}
    # A journal that fails too must not hide what went wrong before.
    with suppress(StoreFault):
        atm.journal.record("fault", session=session_id, **fault)


def _refuse(atm: Machine, session_id: str, reason: str, card_last4: str = "") -> Receipt:
    return _end(atm, Receipt(session_id, Verdict.REFUSE, reason, None, 0, card_last4))


def _end(atm: Machine, receipt: Receipt) -> Receipt:
    receipt = replace(receipt, development_key=atm.development_key)
    ended = {"verdict": receipt.verdict.value, "reason": receipt.reason}
    try:
        atm.journal.record(
            "session", session=receipt.session_id, **ended, paid_cents=receipt.paid_cents
        )
    finally:
        # Notes may be out: whoever holds them is told how much, also when the journal fails.
        atm.screen.tell("receipt", receipt=receipt)
    return receipt

"""A customer whose face was revoked: card number and PIN decide, up to the bank's limit."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.asking import PIN_ATTEMPTS
from edge_atm.errors import CardRefused, SealBroken, TemplateRevoked
from edge_atm.policy.decision import decide_without_face
from edge_atm.records import Customer, Verdict
from tests.unit.counter import KNOWN, PIN, Counter
from tests.unit.test_policy import Bank

LIMIT = 5000
BANK = Bank(card_pin_limit_cents=LIMIT)
# Not even a lock of the face, or a row that came back, counts for somebody who is not looked at.
GONE = [
    replace(KNOWN, enrolled=False, revoked="revoked"),
    replace(KNOWN, enrolled=False, revoked="leaked"),
    replace(KNOWN, enrolled=True, revoked="leaked"),
    replace(KNOWN, enrolled=False, face_failures=50, revoked="revoked"),
    replace(KNOWN, enrolled=False, revoked="unheard_of"),
]
LOOKED = ("watch", "camera", "note_face", "template", "adapt")


def assert_never_looked_at(counter: Counter) -> None:
    for step in LOOKED:
        assert counter.named(step) == []


def assert_refused(counter: Counter, reason: str) -> None:
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason) == (Verdict.REFUSE, reason)
    assert (receipt.paid_cents, counter.named("pay")) == (0, [])
    assert counter.journal[-1]["reason"] == reason
    assert_never_looked_at(counter)


@pytest.mark.parametrize("customer", GONE, ids=str)
@pytest.mark.parametrize("wrong", [0, 1, PIN_ATTEMPTS - 1])
def test_up_to_the_limit_card_number_and_pin_pay(customer: Customer, wrong: int) -> None:
    counter = Counter(customer, cents=LIMIT, bank=BANK, pins=("0000",) * wrong + (PIN,))
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason) == (Verdict.PAY, "card_pin")
    assert (receipt.paid_cents, receipt.match_percent) == (LIMIT, None)
    assert_never_looked_at(counter)
    assert counter.journal[0] == {
        "event": "judged",
        "session": "s1",
        "customer": "c1",
        "tier": "card_pin",
        "verdict": "pay",
        "reason": "card_pin",
        "nonce": None,
        "liveness_fault": None,
        "frames_seen": None,
        "poor_frames": None,
        "llr_log10": None,
        "rhythm": None,
        "rhythm_llr_log10": None,
        "age": None,
    }


@pytest.mark.parametrize("customer", GONE, ids=str)
def test_above_the_limit_the_refusal_says_that_the_face_is_gone(customer: Customer) -> None:
    counter = Counter(customer, cents=LIMIT + 1, bank=BANK)
    assert_refused(counter, "face_revoked")
    assert counter.named("pin") == []


@pytest.mark.parametrize("limit", [0, -1, math.nan])
@pytest.mark.parametrize("cents", [1, 1000, 50_000])
def test_without_a_limit_nothing_is_paid(limit: float, cents: int) -> None:
    # The PIN is not even asked.
    bank = Bank(card_pin_limit_cents=limit)  # type: ignore[arg-type]
    counter = Counter(GONE[0], cents=cents, bank=bank)
    assert_refused(counter, "face_revoked")
    assert counter.named("pin") == []


@pytest.mark.parametrize(
    ("counter", "reason"),
    [
        (Counter(GONE[0], cents=0, bank=BANK), "amount_out_of_range"),
        (Counter(GONE[0], cents=50_001, bank=Bank(card_pin_limit_cents=10**6)),
         "amount_out_of_range"),
        (Counter(replace(GONE[0], has_pin=False), cents=LIMIT, bank=BANK), "no_pin"),
        (Counter(replace(GONE[0], pin_failures=50), cents=LIMIT, bank=BANK), "pin_locked"),
        (Counter(GONE[0], cents=LIMIT, bank=BANK, pins=("0000",) * 9), "wrong_pin"),
        (Counter(GONE[0], cents=LIMIT, bank=BANK, pins=()), "wrong_pin"),
        (Counter(GONE[0], cents=LIMIT, bank=BANK, standing_against="insufficient_funds"),
         "insufficient_funds"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_same_rules_refuse(counter: Counter, reason: str) -> None:
    assert_refused(counter, reason)
    assert len(counter.named("check_pin")) <= PIN_ATTEMPTS


# The face alone may pay more than card number and PIN do; that does not carry over.
def test_the_limit_of_the_face_is_not_the_limit_without_it() -> None:
    bank = Bank(face_only_limit_cents=50_000, card_pin_limit_cents=1000)
    assert_refused(Counter(GONE[0], cents=1001, bank=bank), "face_revoked")
    paid = Counter(GONE[0], cents=1000, bank=bank)
    assert paid.serve().reason == "card_pin"
    assert paid.named("check_pin") == [(PIN,)]


@given(
    st.integers(-10, 60_000),
    st.sampled_from([None, False, True]),
    st.one_of(st.integers(0, 60_000), st.just(math.nan)),
)
def test_only_the_right_pin_pays_and_only_up_to_the_limit(
    cents: int, pin_right: bool | None, limit: float
) -> None:
    bank = Bank(card_pin_limit_cents=limit)  # type: ignore[arg-type]
    decision = decide_without_face(cents, pin_right, bank)
    allowed = 0 < cents <= min(limit, bank.amount_cents_max)
    assert (decision.verdict is Verdict.PAY) == (allowed and pin_right is True)
    assert (decision.verdict is Verdict.ASK_PIN) == (allowed and pin_right is None)
    assert (decision.reason == "card_pin") == (decision.verdict is Verdict.PAY)


@pytest.mark.parametrize(
    ("gone", "reason"),
    [(TemplateRevoked("revoked"), "face_revoked"), (CardRefused("forgotten"), "not_enrolled")],
    ids=["revoked", "forgotten"],
)
@pytest.mark.parametrize("cents", [1000, 10_001])
def test_a_face_that_goes_during_the_session_refuses_it(
    cents: int, gone: Exception, reason: str
) -> None:
    counter = Counter(cents=cents, bank=BANK, broken={"template": gone})
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason) == (Verdict.REFUSE, reason)
    assert (receipt.paid_cents, receipt.match_percent) == (0, None)
    assert counter.named("pay") == counter.named("pin") == counter.named("adapt") == []
    assert counter.named("note_face") == [(False,)]
    # Told and written down as a refusal: the unit is not at fault.
    assert counter.named("tell") == [("receipt",)]
    judged, session = counter.journal
    assert (judged["tier"], judged["reason"]) == ("face", reason)
    assert (session["event"], session["reason"]) == ("session", reason)
    assert not any(frame.vector.any() for frame in counter.samples)


def test_a_broken_seal_stays_a_fault_of_the_unit() -> None:
    counter = Counter(bank=BANK, broken={"template": SealBroken("swapped")})
    with pytest.raises(SealBroken):
        counter.serve()
    assert counter.journal[-1]["event"] == "fault"
    assert not any(frame.vector.any() for frame in counter.samples)

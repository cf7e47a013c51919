"""Who is refused, and that every refusal comes before the step it protects."""

import math
from dataclasses import replace

import pytest

from edge_atm.asking import PIN_ATTEMPTS
from edge_atm.looking import LOOK_SECONDS_MAX
from edge_atm.policy import decision
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.policy.challenge import draw_challenge
from edge_atm.policy.decision import MATCH_FRAMES_MIN
from edge_atm.records import Customer, Embedding, Liveness, Verdict, Way
from tests.unit.counter import CARD, KNOWN, LIVE, NONCE, PIN, SAME, Counter, like
from tests.unit.test_policy import CUES, Bank, embedding

ABOVE = 10_001
BELOW = [(cue, math.nextafter(getattr(decision, f"{cue.upper()}_MIN"), 0.0)) for cue in CUES]
LEAST = {cue: getattr(decision, f"{cue.upper()}_MIN") for cue in CUES}


def assert_refused(counter: Counter, reason: str) -> None:
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason) == (Verdict.REFUSE, reason)
    assert (receipt.paid_cents, counter.named("pay")) == (0, [])
    assert counter.receipt is receipt
    assert counter.journal[-1]["reason"] == reason
    assert ("authorised",) not in counter.named("tell")


@pytest.mark.parametrize(
    ("counter", "reason"),
    [
        (Counter(card=None), "walked_away"),
        (Counter(card="9000000000000027"), "card_refused"),
        (Counter(cents=None), "walked_away"),
        (Counter(cents=0), "amount_out_of_range"),
        (Counter(cents=-1000), "amount_out_of_range"),
        (Counter(cents=50_001), "amount_out_of_range"),
        (Counter(replace(KNOWN, enrolled=False)), "not_enrolled"),
        (Counter(replace(KNOWN, face_failures=50)), "face_locked"),
        (Counter(chosen=None), "walked_away"),
        (Counter(chosen=Way.PIN), "above_card_pin_limit"),
        (Counter(replace(KNOWN, has_pin=False), cents=ABOVE), "no_pin"),
        (Counter(replace(KNOWN, pin_failures=50), cents=ABOVE), "pin_locked"),
        (Counter(standing_against="dispenser_closed"), "dispenser_closed"),
        (Counter(standing_against="insufficient_funds"), "insufficient_funds"),
        (Counter(standing_against="not_dispensable"), "not_dispensable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nobody_turns_his_head_for_nothing(counter: Counter, reason: str) -> None:
    assert_refused(counter, reason)
    # A refusal before the look costs no try, opens no face and asks no PIN.
    for step in ("watch", "camera", "note_face", "template", "pin", "check_pin"):
        assert counter.named(step) == []
    assert counter.receipt.match_percent is None


def test_the_receipt_names_the_card_only_when_it_is_known() -> None:
    assert Counter(cents=None).serve().card_last4 == CARD[-4:]
    assert Counter(card=None).serve().card_last4 == ""
    assert Counter(card="4").serve().card_last4 == ""


@pytest.mark.parametrize(
    "liveness",
    [
        *(replace(LIVE, fault=fault) for fault in ("two_faces", "not_finished", "", "unheard_of")),
        *(replace(LIVE, **{cue: value}) for cue, value in BELOW),  # type: ignore[arg-type]
        *(replace(LIVE, **{cue: math.nan}) for cue in CUES),  # type: ignore[arg-type]
    ],
    ids=str,
)
@pytest.mark.parametrize("cents", [5000, ABOVE])
def test_without_a_living_head_the_face_stays_sealed(liveness: Liveness, cents: int) -> None:
    counter = Counter(liveness=liveness, cents=cents)
    assert_refused(counter, "not_live")
    assert counter.named("template") == counter.named("pin") == []
    assert counter.named("note_face") == [(False,)]
    assert counter.named("tell") == [("receipt",)]


@pytest.mark.parametrize(
    "probe",
    [
        (),
        SAME[:1],
        SAME[: MATCH_FRAMES_MIN - 1],
        (*[like(0.999)] * 4, *[embedding(0.0, 1.0)] * 4),
        (*[like(0.999)] * 5, embedding(0.0, 1.0)),
        (*SAME[:4], embedding(math.nan)),
        tuple(replace(frame, embedding_id="model-b") for frame in SAME),
        (*SAME, replace(SAME[0], embedding_id="model-b")),
        (*SAME, replace(SAME[0], quality=math.nan)),
        (like(SCORE_MIN - 1e-4),) * 5,
        (like(-1.0),) * 5,
    ],
    ids=[
        "none",
        "one",
        "four",
        "4A+4B",
        "5A+1B",
        "nan",
        "other model",
        "mixed",
        "weight",
        "score",
        "worst",
    ],
)
@pytest.mark.parametrize("cents", [5000, ABOVE])
def test_a_face_that_does_not_fit_is_refused(probe: tuple[Embedding, ...], cents: int) -> None:
    counter = Counter(probe=probe, cents=cents)
    assert_refused(counter, "no_match")
    assert counter.named("note_face") == [(False,)]
    # Not even the percentage is shown, nor a PIN asked: a stranger learns nothing to try again.
    assert counter.named("tell") == [("receipt",)]
    assert counter.named("pin") == []
    assert counter.receipt.match_percent is None


def test_a_template_of_another_model_or_without_a_vector_fits_nobody() -> None:
    assert_refused(Counter(enrolled=embedding(1.0, space="model-b")), "no_match")
    assert_refused(Counter(enrolled=embedding(math.nan)), "no_match")


@pytest.mark.parametrize("bank", [Bank(posterior_min=0.99999), Bank(prior_genuine=0.001)])
def test_a_probability_below_the_banks_is_refused(bank: Bank) -> None:
    assert_refused(Counter(bank=bank), "no_match")
    assert Counter(probe=SAME).serve().verdict is Verdict.PAY


def test_the_look_from_the_limit_on_is_paid() -> None:
    counter = Counter(
        liveness=Liveness(**LEAST, fault=None), probe=(like(SCORE_MIN + 1e-4),) * 5, cents=10_000
    )
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason) == (Verdict.PAY, "matched_live")
    assert counter.named("pay") == [("c1", "s1", 10_000)]
    assert counter.named("watch") == [(draw_challenge(NONCE),)]


def test_a_look_is_booked_as_failed_before_it_begins() -> None:
    counter = Counter()
    counter.serve()
    failed, template, cleared = ("note_face", False), ("template", "c1"), ("note_face", True)
    pay = ("pay", "c1", "s1", 5000)
    assert counter.order(failed, template, cleared, pay) == [failed, template, cleared, pay]
    assert counter.events.index(failed) < counter.events.index(("camera",))


class PowerCut(BaseException):
    """No handler of the product can swallow it."""


@pytest.mark.parametrize("step", ["camera", "watch", "template"])
def test_pulling_the_plug_during_the_look_buys_no_further_one(step: str) -> None:
    counter = Counter(broken={step: PowerCut()})
    with pytest.raises(PowerCut):
        counter.serve()
    assert counter.named("note_face") == [(False,)]


def test_a_look_that_never_ends_is_ended() -> None:
    counter = Counter(done_after=10**9)
    assert_refused(counter, "not_live")
    # The counter's clock goes on by one second a frame.
    assert counter.seen == LOOK_SECONDS_MAX
    assert counter.journal[0]["liveness_fault"] == "not_finished"
    assert counter.journal[0]["frames_seen"] == LOOK_SECONDS_MAX


@pytest.mark.parametrize("customer", [KNOWN, replace(KNOWN, has_pin=False, pin_failures=50)])
def test_up_to_the_limit_no_pin_is_asked(customer: Customer) -> None:
    counter = Counter(customer, cents=10_000)
    assert counter.serve().verdict is Verdict.PAY
    assert counter.named("pin") == []


@pytest.mark.parametrize(("wrong", "paid"), [(0, True), (1, True), (2, True), (3, False)])
def test_above_the_limit_three_pins_may_be_typed(wrong: int, paid: bool) -> None:
    counter = Counter(cents=ABOVE, pins=("0000",) * wrong + (PIN,) * 5)
    receipt = counter.serve()
    assert receipt.reason == ("matched_live_pin" if paid else "wrong_pin")
    assert (receipt.verdict is Verdict.PAY) == paid == bool(counter.named("pay"))
    assert len(counter.named("pin")) == min(wrong + 1, PIN_ATTEMPTS)
    assert counter.named("tell").count(("wrong_pin",)) == wrong
    assert counter.events.index(("note_face", True)) < counter.events.index(("pin",))


@pytest.mark.parametrize("pins", [(), ("0000",), ("0000", "0001")])
def test_walking_away_from_the_pin_pays_nothing(pins: tuple[str, ...]) -> None:
    counter = Counter(cents=ABOVE, pins=pins)
    assert_refused(counter, "wrong_pin")
    assert counter.named("check_pin") == [(pin,) for pin in pins]

"""Card numbers: what passes, what is refused without being repeated, what is kept of them."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.errors import CardRefused
from edge_atm.vault.cards import card_hashes, last_four, parse_card_number
from tests.unit.vaulted import OTHER_RING, RING

# Twice each digit with its digits added, by the index: the rule as a table.
DOUBLED = "0246813579"


def check_sum(number: str) -> int:
    """Luhn's sum over a table, written apart from the product's arithmetic."""
    return sum(
        int(DOUBLED[int(digit)] if place % 2 else digit) for place, digit in enumerate(number[::-1])
    )


def with_check_digit(digits: str) -> str:
    return next(digits + d for d in "0123456789" if check_sum(digits + d) % 10 == 0)


def new_card(seed: int, length: int = 16) -> str:
    """A number that no issuer owns: ISO/IEC 7812 leaves prefix 9 to national use."""
    source = random.Random(seed)
    return with_check_digit("9" + "".join(source.choices("0123456789", k=length - 2)))


cards = st.builds(new_card, st.integers(0, 2**32), st.integers(12, 19))


@given(cards, st.randoms())
def test_spaces_and_dashes_do_not_matter(number: str, source: random.Random) -> None:
    spread = "".join(digit + source.choice(["", " ", "-", " - "]) for digit in number)
    assert parse_card_number(" " + spread) == number


@given(st.text("0123456789", min_size=12, max_size=19))
def test_luhn_agrees_with_the_table(number: str) -> None:
    if check_sum(number) % 10 == 0:
        assert parse_card_number(number) == number
    else:
        with pytest.raises(CardRefused):
            parse_card_number(number)


@given(cards)
def test_every_single_wrong_digit_is_refused(number: str) -> None:
    for place, digit in enumerate(number):
        for wrong in set("0123456789") - {digit}:
            with pytest.raises(CardRefused, match="check digit"):
                parse_card_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("length", [0, 1, 4, 11, 20, 40])
def test_other_lengths_are_refused_even_with_a_fitting_check_digit(length: int) -> None:
    with pytest.raises(CardRefused, match="12 to 19"):
        parse_card_number(with_check_digit("9" * (length - 1)) if length else "")


@given(cards, st.sampled_from(["\n", "\t", "\u0661", "\uff11", "\u00b2", "x", "\0", "+", "."]))
def test_only_ascii_digits_are_digits(number: str, sign: str) -> None:
    for text in (number + sign, sign + number, number[:6] + sign + number[7:]):
        with pytest.raises(CardRefused):
            parse_card_number(text)


@given(cards)
def test_the_hash_needs_the_key_and_shows_four_digits_at_most(number: str) -> None:
    (hashed,) = card_hashes(RING, number)
    assert [hashed] == card_hashes(RING, number)
    assert len(hashed) == 32
    assert [hashed] != card_hashes(OTHER_RING, number)
    assert len(last_four(number)) == 4
    assert number.endswith(last_four(number))


@given(cards, cards)
def test_two_cards_have_two_hashes(one: str, other: str) -> None:
    assert (card_hashes(RING, one) == card_hashes(RING, other)) == (one == other)


@given(cards)
def test_a_taken_over_card_is_found_by_the_other_units_hash(number: str) -> None:
    both = replace(RING, other_cards=(OTHER_RING.lasting.derive("card"),))
    assert card_hashes(both, number) == card_hashes(RING, number) + card_hashes(OTHER_RING, number)


@given(cards)
def test_a_refusal_never_repeats_the_number(number: str) -> None:
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    for text in (wrong, number + "x", number + number):
        with pytest.raises(CardRefused) as refused:
            parse_card_number(text)
        said = f"{refused.value!r} {refused.value} {refused.value.hint}"
        assert number[:6] not in said
        assert number[-4:] not in said
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None

"""Escrow: what the bank is left, and how strictly it is read."""

import json
import tarfile
from pathlib import Path

import pytest

from edge_atm.errors import ConfigError, ModelMismatch, SealBroken, StoreFault
from edge_atm.store import Store
from edge_atm.vault.escrow import Copy, boxes, boxes_held, copy_from, export
from edge_atm.vault.refill import copies
from edge_atm.vault.rotation import from_int8
from edge_atm.vault.signed_line import Fields, signed_fields, signed_line
from edge_atm.vault.signing import public_key
from tests.rig.customer import made_up_card
from tests.unit.refilling import (
    AT,
    UNIT_ID,
    copies_of,
    enrol,
    journal_of,
    lines_of,
)  # fmt: skip
from tests.unit.vaulted import MODEL, OTHER_RING, RING, revoke, unit_vector

CARD, SECOND = made_up_card(1), made_up_card(2)
PUBLIC = public_key(RING.lasting)


def test_a_copy_holds_what_a_new_unit_needs(store: Store) -> None:
    customer_id = enrol(store, CARD, 1)
    (copy,) = copies_of(store)
    assert (copy.unit_id, copy.customer_id, copy.card_last4) == (UNIT_ID, customer_id, CARD[-4:])
    assert (copy.holder_name, copy.version, copy.enrolled_at) == ("Ada", 1, AT)
    assert from_int8(copy.face[None])[0] @ unit_vector(1) >= 0.9999
    # Nothing of it shows in a message or a trace.
    assert not any(word in repr(copy) for word in ("Ada", "face", "card_hash", "card_keys"))


def test_a_newer_enrolment_takes_the_place_of_the_older(store: Store) -> None:
    enrol(store, CARD, 1)
    enrol(store, CARD, 2)
    (copy,) = copies_of(store)
    assert copy.version == 2
    assert from_int8(copy.face[None])[0] @ unit_vector(2) >= 0.9999


def test_a_revoked_face_leaves_no_copy(store: Store) -> None:
    revoke(store, enrol(store, CARD, 1))
    with pytest.raises(ConfigError, match="holds no escrow"):
        boxes_held(store)


WRONG: list[Fields] = [
    {"format": "edge-escrow/2"}, {"unit_id": "A"}, {"customer": "12"}, {"card_last4": "12345"},
    {"card_hash": "ab"}, {"card_hash": None}, {"card_keys": []}, {"card_keys": ["xy"]},
    {"card_keys": "ab"}, {"card_keys": ["00" * 32] * 65}, {"name": ""}, {"name": "x" * 81},
    {"name": 7}, {"embedding_id": ""}, {"embedding_id": "a b"}, {"version": 0},
    {"version": True}, {"version": 1.0}, {"version": "1"}, {"version": 2**31},
    {"enrolled_at": "yesterday"}, {"enrolled_at": AT + "\n"}, {"consent": False}, {"consent": 1},
    {"face": "AAAA"}, {"face": "A" * 683 + "="}, {"face": "!" * 683 + "="}, {"more": 1},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_line_that_is_not_exactly_right_is_refused(store: Store, wrong: Fields) -> None:
    enrol(store, CARD, 1)
    fields = signed_fields(lines_of(store)[0], PUBLIC)
    assert isinstance(copy_from(fields), Copy)
    line = signed_line(RING.lasting, fields | wrong)
    with pytest.raises(SealBroken, match="line 1 is refused"):
        list(copies([line], PUBLIC, MODEL))


def test_a_field_left_out_is_refused(store: Store) -> None:
    enrol(store, CARD, 1)
    fields = signed_fields(lines_of(store)[0], PUBLIC)
    for name in fields:
        line = signed_line(RING.lasting, {k: v for k, v in fields.items() if k != name})
        with pytest.raises(SealBroken, match="is no edge-escrow/1 line"):
            list(copies([line], PUBLIC, MODEL))


def test_every_byte_of_a_line_is_signed() -> None:
    line = signed_line(RING.lasting, {"format": "x", "name": "Ada"})
    assert signed_fields(line, PUBLIC) == {"format": "x", "name": "Ada"}
    for bits in (0x01, 0x20):
        for place in range(len(line)):
            changed = line[:place] + bytes([line[place] ^ bits]) + line[place + 1 :]
            with pytest.raises(SealBroken):
                signed_fields(changed, PUBLIC)
    for cut in range(len(line)):
        with pytest.raises(SealBroken):
            signed_fields(line[:cut], PUBLIC)


def test_a_file_is_of_one_unit_one_model_and_without_doubles(store: Store) -> None:
    enrol(store, CARD, 1)
    enrol(store, SECOND, 2)
    one, two = lines_of(store)
    with pytest.raises(SealBroken, match="line 2 is refused: it was not signed"):
        list(copies([one, signed_line(OTHER_RING.lasting, json.loads(two))], PUBLIC, MODEL))
    with pytest.raises(SealBroken, match="line 3: this customer or card stands there twice"):
        list(copies([one, two, one], PUBLIC, MODEL))
    fields = signed_fields(two, PUBLIC)
    twice = fields | {"card_hash": signed_fields(one, PUBLIC)["card_hash"]}
    with pytest.raises(SealBroken, match="stands there twice"):
        list(copies([one, signed_line(RING.lasting, twice)], PUBLIC, MODEL))
    other = signed_line(RING.lasting, fields | {"unit_id": "atm-002"})
    with pytest.raises(SealBroken, match="line 2: it comes from another unit"):
        list(copies([one, other], PUBLIC, MODEL))
    with pytest.raises(ModelMismatch, match="line 1: the face was made by another model"):
        list(copies([one, two], PUBLIC, "model-two"))


def test_the_tar_holds_sealed_boxes_only_and_is_journalled(store: Store, tmp_path: Path) -> None:
    known = sorted([enrol(store, CARD, 1), enrol(store, SECOND, 2)])
    count, sha256 = export(tmp_path / "out.tar", journal_of(store, RING), boxes(store))
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert tar.getnames() == [f"{customer_id}.age" for customer_id in known]
        held = {member.name: tar.extractfile(member) for member in tar}
        assert [file.read() for file in held.values() if file] == [box for _, box in boxes(store)]
    # Else GNU tar's --delete, which docs/bank.md names, loses a neighbour.
    assert (tmp_path / "out.tar").stat().st_size % tarfile.RECORDSIZE == 0
    detail = journal_of(store, RING).entries(last=1)[0].detail
    assert detail == {"count": count, "sha256": sha256} == {"count": 2, "sha256": sha256}


def test_no_tar_has_a_name_that_the_journal_does_not_know(store: Store, tmp_path: Path) -> None:
    enrol(store, CARD, 1)
    store.rows("SELECT 1")
    with store.transaction() as connection:
        connection.execute("DROP TABLE journal")
    with pytest.raises(StoreFault):
        export(tmp_path / "out.tar", journal_of(store, RING), boxes(store))
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []

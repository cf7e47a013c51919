"""Two master keys at once: the one that opens the ring is in use, and no other is kept."""

from pathlib import Path

import pytest

from edge_atm.errors import KeyFault
from edge_atm.store import DATABASE, Store
from edge_atm.vault import masters
from edge_atm.vault.keys import DEVELOPMENT_FILE, Keys
from edge_atm.vault.ring import Ring, new_ring, seal_ring

FIRST, NEXT = bytes(range(32)), bytes(range(100, 132))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "credentials"
    folder.mkdir()
    hand_over(folder, "master_key", FIRST)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def hand_over(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    (folder / name).chmod(0o400)


def next_handed_over(environ: dict[str, str], content: bytes = NEXT) -> None:
    hand_over(Path(environ["CREDENTIALS_DIRECTORY"]), masters.NEXT, content)


def sealed_under(store: Store, master: bytes, development: bool = False) -> Ring:
    ring = new_ring(Keys(master, development))
    with store.transaction() as connection:
        connection.execute("INSERT INTO vault (id, ring) VALUES (1, ?)", (seal_ring(ring),))
    return ring


def same(one: Keys, master: bytes) -> bool:
    return one.exposed() == master


def test_one_key_is_one_key(environ: dict[str, str], store: Store) -> None:
    made = masters.ring_under(store, masters.offered(environ), new=True)
    assert same(made.master, FIRST)
    assert masters.next_master(environ, made, Path("unused")) is None
    assert masters.advice(environ, made) is None


@pytest.mark.parametrize("in_use", [FIRST, NEXT])
def test_the_key_that_opens_the_ring_is_in_use(
    environ: dict[str, str], store: Store, in_use: bytes
) -> None:
    sealed_under(store, in_use)
    next_handed_over(environ)
    offered = masters.offered(environ)
    ring = masters.ring_under(store, offered, new=False)
    assert same(ring.master, in_use)
    for keys in offered:
        if keys is not ring.master:
            with pytest.raises(AssertionError, match="wiped"):
                keys.exposed()
    following = masters.next_master(environ, ring, Path("unused"))
    assert (following is None) == (in_use == NEXT)
    assert following is None or same(following, NEXT)
    said = masters.advice(environ, ring)
    assert said == (masters.IN_USE if in_use == NEXT else masters.WAITING)


def test_a_new_unit_takes_the_first(environ: dict[str, str], store: Store) -> None:
    next_handed_over(environ)
    assert same(masters.ring_under(store, masters.offered(environ), new=True).master, FIRST)


def test_two_wrong_keys_are_one_sentence(environ: dict[str, str], store: Store) -> None:
    sealed_under(store, bytes(32))
    next_handed_over(environ)
    for new in (False, True):
        with pytest.raises(KeyFault, match="another master key"):
            masters.ring_under(store, masters.offered(environ), new)


def test_a_doubtful_next_key_is_refused(environ: dict[str, str]) -> None:
    next_handed_over(environ, NEXT[:31])
    with pytest.raises(KeyFault, match="next_master_key is not exactly 32"):
        masters.offered(environ)


def test_a_desk_makes_its_next_key_and_takes_it_when_the_ring_is_under_it(
    tmp_path: Path, store: Store
) -> None:
    (first,) = masters.offered_at_desk(tmp_path, create=True)
    (tmp_path / DATABASE).touch()
    ring = sealed_under(store, first.exposed(), development=True)
    left = masters.next_master({}, ring, tmp_path)
    following = masters.next_master({}, ring, tmp_path)
    assert left is not None
    assert following is not None
    # What a rotation left that never came to its end is not taken up again.
    assert left.exposed() != following.exposed()
    assert following.development
    assert following.exposed() not in (first.exposed(), FIRST)
    masters.settle_at_desk(tmp_path, ring)
    assert (tmp_path / masters.NEXT_FILE).exists()
    assert len(masters.offered_at_desk(tmp_path, create=False)) == 2
    to = ring.renewed(Keys(following.exposed(), development=True))
    for _ in range(2):
        masters.settle_at_desk(tmp_path, to)
        assert not (tmp_path / masters.NEXT_FILE).exists()
        assert same(masters.offered_at_desk(tmp_path, create=False)[0], following.exposed())


def test_a_service_never_touches_a_desks_files(environ: dict[str, str], tmp_path: Path) -> None:
    for name in (DEVELOPMENT_FILE, masters.NEXT_FILE):
        hand_over(tmp_path, name, NEXT)
    ring = new_ring(Keys(NEXT))
    masters.settle_at_desk(tmp_path, ring)
    assert masters.next_master(environ, ring, tmp_path) is None
    assert (tmp_path / masters.NEXT_FILE).exists()

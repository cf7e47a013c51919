"""The master key: only a whole and private one is taken, and nobody ever sees it."""

import os
import stat
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.errors import KeyFault
from edge_atm.store import DATABASE
from edge_atm.vault.keys import Keys

MASTER = bytes(range(100, 132))


def credentials(folder: Path, content: bytes = MASTER, mode: int = 0o400) -> dict[str, str]:
    path = folder / "master_key"
    path.write_bytes(content)
    path.chmod(mode)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def assert_refused(read: Callable[[], Keys]) -> str:
    with pytest.raises(KeyFault) as refused:
        read()
    fault = refused.value
    said = f"{fault!r} {fault} {fault.hint}"
    assert MASTER.hex() not in said
    assert repr(MASTER)[2:-1] not in said
    assert fault.hint
    assert fault.__suppress_context__ or fault.__context__ is None
    return str(fault)


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640])
def test_a_private_credential_is_taken(tmp_path: Path, mode: int) -> None:
    keys = Keys.from_credentials(credentials(tmp_path, mode=mode))
    assert not keys.development
    assert keys.derive("card") == Keys(MASTER).derive("card")


@pytest.mark.parametrize("mode", [0o401, 0o404, 0o444, 0o460, 0o402, 0o620, 0o644, 0o666])
def test_a_credential_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    environ = credentials(tmp_path, mode=mode)
    assert f"{mode:04o}" in assert_refused(lambda: Keys.from_credentials(environ))


@pytest.mark.parametrize("content", [b"", MASTER[:31], MASTER + b"\n", MASTER + MASTER])
def test_only_32_bytes_are_a_key(tmp_path: Path, content: bytes) -> None:
    environ = credentials(tmp_path, content)
    assert "32" in assert_refused(lambda: Keys.from_credentials(environ))


@pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": ""}])
def test_no_credentials_no_key(environ: dict[str, str]) -> None:
    assert_refused(lambda: Keys.from_credentials(environ))


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (Path.mkdir, "cannot be read"),
        (os.mkfifo, "plain file"),
        (lambda path: path.symlink_to("other"), "cannot be read"),
    ],
)
def test_only_a_plain_file_is_read(
    tmp_path: Path, put: Callable[[Path], object], said: str
) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert_refused(lambda: Keys.from_credentials(environ))
    (tmp_path / "other").write_bytes(MASTER)
    (tmp_path / "other").chmod(0o400)
    put(tmp_path / "master_key")
    (tmp_path / "master_key").chmod(0o400)
    assert said in assert_refused(lambda: Keys.from_credentials(environ))


def test_a_desk_makes_its_key_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync

    def watch(handle: int) -> None:
        synced.append(stat.S_IFMT(os.fstat(handle).st_mode))
        sync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    first = Keys.from_development_file(tmp_path, create=True)
    second, third = (Keys.from_development_file(tmp_path, create) for create in (True, False))
    # First the bytes, then the folder that names them; nothing is written a second time.
    assert synced == [stat.S_IFREG, stat.S_IFDIR]
    assert first.development
    assert second.development
    assert first.derive("card") == second.derive("card") == third.derive("card")
    path = tmp_path / "development.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32


def test_a_key_that_is_half_written_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 32
        assert not (tmp_path / "development.key").exists()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(KeyFault, match="No space left"):
            Keys.from_development_file(tmp_path, create=True)
    assert list(tmp_path.iterdir()) == []
    assert Keys.from_development_file(tmp_path, create=True).development


def test_two_desks_have_two_keys(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (Keys.from_development_file(tmp_path / name, True) for name in ("one", "other"))
    assert one.derive("card") != other.derive("card")


@pytest.mark.parametrize(("content", "mode"), [(b"", 0o600), (MASTER, 0o640), (MASTER, 0o604)])
def test_a_doubtful_desk_key_is_neither_used_nor_replaced(
    tmp_path: Path, content: bytes, mode: int
) -> None:
    path = tmp_path / "development.key"
    path.write_bytes(content)
    path.chmod(mode)
    assert_refused(lambda: Keys.from_development_file(tmp_path))
    assert_refused(lambda: Keys.from_development_file(tmp_path, create=True))
    assert path.read_bytes() == content


def test_only_provisioning_makes_a_key(tmp_path: Path) -> None:
    assert_refused(lambda: Keys.from_development_file(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_lost_key_is_not_replaced_beside_its_database(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    assert_refused(lambda: Keys.from_development_file(tmp_path, create=True))
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE]


@pytest.mark.parametrize("create", [False, True])
def test_a_desk_without_its_folder_says_so(tmp_path: Path, create: bool) -> None:
    assert_refused(lambda: Keys.from_development_file(tmp_path / "missing", create))


def test_each_purpose_and_context_has_its_own_key() -> None:
    keys = Keys(MASTER)
    lists = [("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"), ("a", "bc", ""), ("", "abc")]
    derived = [keys.derive(*parts) for parts in lists]
    assert all(one != other for one, other in combinations(derived, 2))
    assert {len(key) for key in derived} == {32}
    assert keys.derive("a", "bc") == derived[0]


def test_derivation_is_hkdf_and_never_changes() -> None:
    # Written out by hand: a change here makes every sealed row of every unit unreadable.
    info = b"\0\0\0\x0aedge-atm/1" + b"\0\0\0\x04card" + b"\0\0\0\x02\xc3\xa9"
    expected = HKDF(SHA256(), 32, salt=bytes(32), info=info).derive(MASTER)
    assert Keys(MASTER).derive("card", "é") == expected


@given(st.binary(min_size=32, max_size=32))
def test_no_key_is_shown(master: bytes) -> None:
    keys = Keys(master)
    for shown in (repr(keys), str(keys), f"{keys}", repr([keys])):
        assert repr(master)[2:-1] not in shown
        assert master.hex() not in shown
    assert repr(keys) == "Keys(development=False)"


def test_a_short_key_is_our_mistake() -> None:
    with pytest.raises(AssertionError):
        Keys(MASTER[:31])

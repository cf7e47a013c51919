"""The TPM's counter: one more each time, and no number at all where there is any doubt."""

import os
import re
from pathlib import Path

import pytest

from edge_atm.errors import EdgeError, KeyFault, StoreFault
from edge_atm.vault import nv_counter
from edge_atm.vault.nv_counter import NvCounter
from tests.rig.tpm2 import ScriptedTpm

DEVICE = Path("/dev/null")
FOUR_BYTES = r"printf 'attributes:\n friendly: a\n value: 0x22060016\n size: 4\n'; exit"
TWO_STEPS = 'echo $(($(cat "$here/value") + 1)) >"$here/value"'


@pytest.fixture
def tpm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedTpm:
    tpm = ScriptedTpm(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tpm.folder), prepend=":")
    return tpm


def test_it_goes_up_by_one(tpm: ScriptedTpm) -> None:
    counter = NvCounter(DEVICE)
    first = counter.define()
    assert [counter.advance() for _ in range(3)] == [first + 1, first + 2, first + 3]
    assert counter.read() == NvCounter(DEVICE).read() == first + 3


@pytest.mark.parametrize("value", [1, 255, 256, 2**32, 2**56 + 1, 2**63 - 2])
def test_its_bytes_are_read_big_end_first(tpm: ScriptedTpm, value: int) -> None:
    tpm.holds(value)
    assert NvCounter(DEVICE).read() == value


def test_defining_again_keeps_it_and_after_a_removal_goes_on(tpm: ScriptedTpm) -> None:
    counter = NvCounter(DEVICE)
    first = counter.define()
    assert counter.define() == first
    tpm.remove()
    assert counter.define() == first + 1


def test_a_cut_between_defining_and_the_first_step_is_made_good(tpm: ScriptedTpm) -> None:
    tpm.script("tpm2_nvincrement", "fail 'cut'")
    with pytest.raises(StoreFault):
        NvCounter(DEVICE).define()
    with pytest.raises(KeyFault):
        NvCounter(DEVICE).read()
    (tpm.folder / "script.tpm2_nvincrement").unlink()
    assert NvCounter(DEVICE).define() == 42


def test_the_tools_get_the_device_and_nothing_of_this_process(
    tpm: ScriptedTpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/edge-atm.service")
    monkeypatch.setenv("TPM2TOOLS_TCTI", "swtpm:port=2321")
    tpm.script("tpm2_nvincrement", 'cut -d" " -f6 /proc/$$/stat >"$here/session"')
    counter = NvCounter(DEVICE)
    counter.define()
    counter.advance()
    # A session of its own: Ctrl-C at the console does not end a step half-way.
    assert int((tpm.folder / "session").read_text()) != os.getsid(0)
    index, attributes = nv_counter.INDEX, nv_counter.ATTRIBUTES
    assert all(" -T device:/dev/null " in call for call in tpm.calls())
    plain = [call.replace("-T device:/dev/null ", "") for call in tpm.calls()]
    assert set(plain) == {
        f"tpm2_nvdefine -C o -s 8 -a {attributes} {index}",
        f"tpm2_nvincrement -C {index} {index}",
        f"tpm2_nvread -C {index} -s 8 {index}",
        f"tpm2_nvreadpublic {index}",
    }
    given = set(re.findall(r"^export (\w+)", tpm.environ(), re.MULTILINE))
    assert given - {"OLDPWD", "PWD", "SHLVL", "_"} == {"PATH"}


def test_the_index_lies_where_the_owner_may_choose() -> None:
    # The registry's range; systemd's own part of it; the bits of nt=1 and the names beside it.
    assert 0x01800000 <= int(nv_counter.INDEX, 16) <= 0x01BFFFFF
    assert not 0x01800400 <= int(nv_counter.INDEX, 16) <= 0x018005FF
    bits = {"ownerwrite": 1, "authwrite": 2, "ownerread": 17, "authread": 18, "no_da": 25}
    names = nv_counter.ATTRIBUTES.split("|")
    assert sum(0x10 if name == "nt=1" else 1 << bits[name] for name in names) == nv_counter.DEFINED


REFUSED = [
    ("tpm2_nvreadpublic", "fail 'Esys_TR_FromTPMPublic(0x18B) - handle'", KeyFault, "not have"),
    ("tpm2_nvreadpublic", "fail 'Esys_NV_ReadPublic(0x922) - retry'", StoreFault, "0x922"),
    ("tpm2_nvreadpublic", "exit 0", StoreFault, "does not say"),
    ("tpm2_nvreadpublic", FOUR_BYTES, StoreFault, "does not say"),
    ("tpm2_nvreadpublic", "kill -9 $$", StoreFault, "exit status -9"),
    ("tpm2_nvread", "exit 0", StoreFault, "has 0 bytes"),
    ("tpm2_nvread", "printf 1234567; exit 0", StoreFault, "has 7 bytes"),
    ("tpm2_nvread", "printf 123456789; exit 0", StoreFault, "has 9 bytes"),
    ("tpm2_nvread", "printf 12345678; exit 1", StoreFault, "exit status 1"),
    ("tpm2_nvread", "exec sleep 9", StoreFault, "did not end"),
    ("tpm2_nvincrement", "fail 'Esys_NV_Increment(0x920) - NV rate limit'", StoreFault, "rate"),
    ("tpm2_nvincrement", "exit 0", StoreFault, "from 7 to 7 in one step"),
    ("tpm2_nvincrement", TWO_STEPS, StoreFault, "from 7 to 9 in one step"),
    ("tpm2_nvincrement", "echo 3 >\"$here/value\"; exit 0", StoreFault, "from 7 to 3 in one step"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "lines", "kind", "said"), REFUSED)
def test_no_number_where_a_tool_does_not_do_its_part(
    tpm: ScriptedTpm,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    lines: str,
    kind: type[EdgeError],
    said: str,
) -> None:
    monkeypatch.setattr(nv_counter, "SECONDS_MAX", 0.2 if "sleep" in lines else 20.0)
    tpm.holds(7)
    tpm.script(name, lines)
    with pytest.raises(kind, match=said) as refused:
        NvCounter(DEVICE).advance()
    assert refused.value.hint


# An index that anybody with the owner's word can write, a bit field, one that is lost at power-off,
# one that was defined and never stepped.
@pytest.mark.parametrize("attributes", [0x22060006, 0x22060026, 0x26060016, 0x2060016])
def test_what_is_no_counter_is_not_read(tpm: ScriptedTpm, attributes: int) -> None:
    tpm.holds(7, attributes)
    with pytest.raises(KeyFault, match="is not this unit's counter") as refused:
        NvCounter(DEVICE).read()
    assert "tell the bank" in refused.value.hint
    assert "tpm2_nvread " not in " ".join(tpm.calls())


def test_an_owner_who_forbids_it_is_named(tpm: ScriptedTpm) -> None:
    tpm.script("tpm2_nvdefine", "fail 'Esys_NV_DefineSpace(0x9A2) - authorization failure'")
    with pytest.raises(KeyFault, match=r"took no counter: .*authorization failure") as refused:
        NvCounter(DEVICE).define()
    assert "systemd/README.md" in refused.value.hint


def test_without_tpm_tools_or_right_there_is_a_next_action(
    tpm: ScriptedTpm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyFault, match='"tpm", but there is no /dev/tpm-none') as missing:
        NvCounter(Path("/dev/tpm-none")).read()
    assert "host" in missing.value.hint
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(KeyFault, match="not open to this user"):
        NvCounter(DEVICE).read()
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeyFault, match="tpm2_nvreadpublic is not installed") as uninstalled:
        NvCounter(DEVICE).read()
    assert "apt-get install tpm2-tools" in uninstalled.value.hint

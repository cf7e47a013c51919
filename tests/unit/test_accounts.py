"""The bank's file: whole and strict, or nothing; every faulty line at once."""

from pathlib import Path

import pytest

from edge_atm.cli.accounts import FAULTS_SHOWN, HEADER, Account, read
from edge_atm.errors import ConfigError
from tests.rig.customer import made_up_card

CARDS = [made_up_card(seed) for seed in range(1, 20)]
ONE, OTHER = CARDS[:2]
BOM = b"\xef\xbb\xbf"
TYPO = ONE[:-1] + str((int(ONE[-1]) + 1) % 10)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "accounts.csv"
    path.write_bytes(content)
    return path


def refused(path: Path) -> tuple[str, list[str]]:
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert "nothing was loaded" in caught.value.hint
    title, *faults = str(caught.value).splitlines()
    assert path.name in title
    # The file's secrets stay out of what is shown and logged.
    assert not any(card in str(caught.value) for card in CARDS)
    return title, [fault.strip() for fault in faults]


@pytest.mark.parametrize("start", [b"", BOM])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_what_spreadsheets_save_is_read(tmp_path: Path, start: bytes, end: str, last: str) -> None:
    lines = [HEADER, f"{ONE},50000,4711", "", f'"{OTHER}", 0 ,', *([""] if last else [])]
    path = write(tmp_path, start + end.join(lines).encode())
    assert read(path) == [Account(ONE, 50_000, "4711"), Account(OTHER, 0, None)]


def test_spaces_in_a_card_number_are_no_part_of_it(tmp_path: Path) -> None:
    spaced = " ".join(ONE[i : i + 4] for i in range(0, 16, 4))
    assert read(write(tmp_path, f"{HEADER}\n{spaced},1,\n".encode()))[0].card_number == ONE
    title, faults = refused(write(tmp_path, f"{HEADER}\n{ONE},1,\n{spaced},2,\n".encode()))
    assert faults == ["line 3: this card stands in an earlier line too"]
    assert "1 faulty line" in title


def test_every_faulty_line_is_named_with_its_number(tmp_path: Path) -> None:
    lines = [
        HEADER,
        "",
        f"{TYPO},100,",
        "1234,100,",
        "",
        f"{ONE},1.50,",
        f"{ONE},-1,",
        f"{ONE},\u0661,",
        f"{ONE},1000000000000,",
        f"{ONE},100,12",
        f"{ONE},100",
        f"{ONE},100,4711,",
        f"{OTHER},100,",
        f"{OTHER},200,",
    ]
    title, faults = refused(write(tmp_path, "\r\n".join(lines).encode()))
    assert "has 10 faulty line(s)" in title
    assert [fault.split(":")[0] for fault in faults] == [
        f"line {number}" for number in (3, 4, 6, 7, 8, 9, 10, 11, 12, 14)
    ]
    said = ["check digit", "12 to 19", *["whole cents"] * 4, "4 to 6", "2 columns", "4 columns"]
    assert all(text in fault for text, fault in zip(said, faults, strict=False))
    assert "earlier line" in faults[-1]


def test_a_wholly_wrong_file_is_not_a_wall_of_lines(tmp_path: Path) -> None:
    title, faults = refused(write(tmp_path, (HEADER + "\n" + "x\n" * 5000).encode()))
    assert "has 5000 faulty line(s)" in title
    assert len(faults) == FAULTS_SHOWN


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not start with the line"),
        (BOM, "does not start with the line"),
        (b"card,balance\n", "does not start with the line"),
        (f"{ONE},100,\n".encode(), "does not start with the line"),
        (HEADER.replace(",", ";").encode(), "does not start with the line"),
        (f"{HEADER}\n".encode(), "holds no account"),
        (f"{HEADER}\n\n\r\n".encode(), "holds no account"),
        (f"{HEADER}\n{ONE},100,\n# caf".encode() + b"\xe9\n", "is not CSV in UTF-8"),
        (f"{HEADER}\n".encode("utf-16"), "is not CSV in UTF-8"),
        (f'{HEADER}\n"{ONE},100,\n'.encode(), "is not CSV in UTF-8"),
        (f'{HEADER}\n"{ONE}"1,100,\n'.encode(), "is not CSV in UTF-8"),
    ],
    ids=["empty", "bom", "header", "none", "semicolon", "no line", "blank", "latin-1", "utf-16",
         "open quote", "quote"],
)  # fmt: skip
def test_what_is_no_accounts_file_is_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    title, faults = refused(write(tmp_path, content))
    assert said in title
    assert faults == []


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "accounts.csv")[0]


def test_an_account_shows_neither_card_nor_pin() -> None:
    assert repr(Account(ONE, 5, "4711")) == "Account(balance_cents=5)"

"""Folders of people, and the one split of them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.assurance.people import by_person, is_fit, is_in_half, pictures

NAMES = [f"Person_{number}" for number in range(400)]
FIT, REST = [n for n in NAMES if is_fit(n)], [n for n in NAMES if not is_fit(n)]


def test_the_split_is_the_parity_of_the_names_digest() -> None:
    for name in (*NAMES, "Björk", ""):
        digest = hashlib.sha256(name.encode()).hexdigest()
        assert is_fit(name) == (int(digest, 16) % 2 == 0)
    assert 150 < len(FIT) < 250


def test_folders_are_people(tmp_path: Path) -> None:
    loose = ("A/notes.txt", "loose.jpg", "A/._1.jpg", ".git/1.jpg", "A/deeper/1.jpg")
    for name in ("B/2.JPG", "B/1.jpeg", "A/1.jpg", "A/3.png", *loose):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(p.relative_to(tmp_path)) for p in pictures(tmp_path)] == [
        "A/1.jpg", "A/3.png", "B/1.jpeg", "B/2.JPG"
    ]  # fmt: skip


def test_a_photograph_of_two_sets_counts_once(tmp_path: Path) -> None:
    for name in ("one/A/1.jpg", "two/A/1.jpg", "two/A/2.jpg", "two/B/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = by_person([tmp_path / "one", tmp_path / "two"])
    paths = [str(p.relative_to(tmp_path)) for photos in found.values() for p in photos.values()]
    assert paths == ["one/A/1.jpg", "two/A/2.jpg", "two/B/1.jpg"]


def test_everybody_is_in_one_half() -> None:
    assert [n for n in NAMES if is_in_half(n, "fit")] == FIT
    assert [n for n in NAMES if is_in_half(n, "report")] == REST
    assert [n for n in NAMES if is_in_half(n, "all")] == NAMES


def test_a_person_whose_folder_cannot_be_read_is_not_left_out_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Ada").mkdir()
    listed = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder.name == "Ada":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(PermissionError, match="Ada"):
        pictures(tmp_path)

"""Measurements on data that cannot be measured: a sentence, exit status 1, no file."""

from pathlib import Path

import click
import cv2
import numpy as np
import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("words", "pairs", "said"),
    [
        (("mean", "--out"), "", "nobody|anybody"),
        (("calibrate", "--json"), "", "0 people with 8 photographs"),
        (("faces", "--pairs", "pairs.txt", "--json"), "garbage\n", "cannot be measured"),
        (("faces", "--pairs", "pairs.txt", "--json"), "", "cannot be measured"),
        (("faces", "--pairs", "pairs.txt", "--json"), "1 2\nA 1 2\n", "the header says"),
        (("faces", "--pairs", "pairs.txt", "--json"), "1 1\nA 1 2\nA 1 B 1\n", "no picture"),
    ],
    ids=["mean", "calibrate", "garbage", "empty", "short", "missing"],
)
def test_data_that_cannot_be_measured_write_nothing(
    cli: Cli, words: tuple[str, ...], pairs: str, said: str
) -> None:
    images, out = cli.folder / "images", cli.folder / "out.npy"
    images.mkdir()
    list_path = cli.folder / "pairs.txt"
    list_path.write_text(pairs)
    asked = [str(list_path) if word == "pairs.txt" else word for word in words]
    with pytest.raises(click.ClickException, match=said) as caught:
        cli.here("trials", asked[0], "--images", str(images), *asked[1:], str(out))
    assert caught.value.exit_code == 1
    assert not out.exists()


def test_pictures_without_a_face_write_nothing(cli: Cli) -> None:
    blank = np.full((250, 250, 3), 128, np.uint8)
    for name in ("Person_0", "Person_1", "Person_2", "Person_3"):
        folder: Path = cli.folder / "images" / name
        folder.mkdir(parents=True)
        assert cv2.imwrite(str(folder / f"{name}_0001.jpg"), blank)
    out = cli.folder / "mean.npy"
    result = cli("trials", "mean", "--images", str(cli.folder / "images"), "--out", str(out))
    assert (result.returncode, result.stdout) == (1, "")
    assert "cannot be measured" in result.stderr
    assert not out.exists()

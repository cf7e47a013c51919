"""Trained networks are taken as their manifest names them, or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest

from edge_atm.assurance import resampling
from edge_atm.assurance.touch_age import age_rows, by_logistic, told_by_folds
from edge_atm.assurance.touch_data import KakaoBank
from edge_atm.assurance.touch_design import designs, first_five
from edge_atm.assurance.touch_nets import Net, Part, by_net, read_nets
from edge_atm.touch.features import Level
from tests.rig.touch_nets import write_nets

USERS = np.repeat([f"u{n}" for n in range(20)], 7)
FOLD = np.repeat(np.arange(20) % 5, 7)
OF_FOLDS = [[f"u{n}" for n in range(fold, 20, 5)] for fold in range(5)]


@pytest.fixture
def nets(tmp_path: Path) -> dict[str, Net]:
    return {net.name: net for net in read_nets(write_nets(tmp_path / "nets", OF_FOLDS))}


def fed() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    sizes = {"taps": (140, 6, 3), "features": (140, 75)}
    return {name: random.normal(size=size).astype(np.float32) for name, size in sizes.items()}


def test_a_net_says_by_itself_what_it_takes_and_tells(nets: dict[str, Net]) -> None:
    assert sorted(nets) == ["age-dnn", "lstm", "lstm-hold", "lstm-places", "siamese"]
    assert [name for name, net in nets.items() if net.tells_age] == ["age-dnn"]
    assert [name for name, net in nets.items() if net.of_each_user] == ["siamese"]
    assert nets["lstm"].level is Level.PLACE
    assert nets["lstm-hold"].level is Level.HOLD
    assert nets["siamese"].level is None


def test_each_claim_is_scored_by_the_net_of_its_fold_and_user(nets: dict[str, Net]) -> None:
    every = np.ones(len(USERS), dtype=np.bool_)
    split = designs(USERS, FOLD, np.full(len(USERS), ""), first_five, every, every)
    inputs = fed()
    for name in ("lstm", "siamese"):
        scores = [by_net(nets[name], f, inputs, USERS)(design) for f, design in enumerate(split)]
        assert all(found.shape == (4, 8) and np.abs(found).max() <= 1.00001 for found in scores)
    design = split[2]
    found = by_net(nets["siamese"], 2, inputs, USERS)(design)
    rows = np.concatenate([design.enrolled[1], design.probes])
    # His own part and number there count, not the place of the claim.
    user = str(USERS[rows[0]])
    whose = [part.users for part in nets["siamese"].folds[2]]
    assert whose == [("u12", "u17"), ("u2", "u7")]
    number = np.full(len(rows), whose[0].index(user), dtype=np.int64)
    told = {"features": inputs["features"][rows], "user": number}
    (habits,) = nets["siamese"].folds[2][0].session.run(None, told)
    habits /= np.linalg.norm(habits, axis=1, keepdims=True)
    mean = habits[:5].mean(axis=0)
    alike = habits[5:] @ mean / np.linalg.norm(mean)
    assert found[1] == pytest.approx(alike, abs=1e-5)
    for name, wrong in (("lstm", {}), ("lstm", {"taps": inputs["taps"][:, :, :2]})):
        with pytest.raises(ValueError, match=r"does not t(ell|ake)"):
            by_net(nets[name], 2, wrong, USERS)(design)
    one = nets["siamese"].folds[2][0].session
    strangers = Net("kakaobank", "siamese", ((Part(one, ("x",)),),) * 5)
    with pytest.raises(ValueError, match="no network for one of its users"):
        by_net(strangers, 2, inputs, USERS)(design)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda models: models.pop(0), "not there for all 5 folds"),
        (lambda models: models[3].update(fold=5), "a fold that is none"),
        (lambda models: models.append(models[0]), "twice for one fold"),
        (lambda models: models[3].update(sha256="0" * 64), "is not the file"),
        (
            lambda models: models[3].update(file="../nets/" + models[3]["file"]),
            "no plain file name",
        ),
        (lambda models: models[3].pop("fold"), "no list of touch models"),
    ],
)
def test_what_is_not_as_named_is_refused(tmp_path: Path, change: object, why: str) -> None:
    folder = write_nets(tmp_path / "nets", OF_FOLDS)
    told = json.loads((folder / "manifest.json").read_text())
    change(told["models"])  # type: ignore[operator]
    (folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match=why):
        read_nets(folder)


def test_age_is_told_by_what_never_saw_the_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 30)
    age = np.repeat(np.where(np.arange(20) // 5 % 2, 5, 2), 7)
    device = np.repeat(np.arange(20) // 10, 7)
    random = np.random.default_rng(2)
    slow = random.normal(0, 0.3, len(age)) + (age >= 5)
    blank = np.zeros((140, 6))
    words = np.full(140, "")
    data = KakaoBank(USERS, blank, np.zeros((140, 6, 2)), words, device, age)
    found = list(
        age_rows("m", told_by_folds(by_logistic(slow[:, None], age >= 5), FOLD), data, FOLD)
    )
    assert [(row["devices"], row["entries"]) for row in found] == [
        ("all", 1), ("all", 5), ("android", 1), ("android", 5)
    ]  # fmt: skip
    assert [row["users"] for row in found] == [20, 20, 10, 10]
    assert [row["users_old"] for row in found] == [10, 10, 5, 5]
    assert found[0]["n_genuine"] == 70
    # Five together tell more than one.
    assert 0.0 < found[0]["eer"] < 0.15  # type: ignore[operator]
    assert found[1]["eer"] == 0.0
    # It is taught by other folds alone: a constant there tells nothing here.
    flat = told_by_folds(by_logistic(np.ones((140, 1)), age >= 5), FOLD)
    assert next(age_rows("m", flat, data, FOLD))["eer"] == pytest.approx(0.5, abs=0.01)
    with pytest.raises(ValueError, match="no number"):
        next(age_rows("m", np.full(140, np.nan), data, FOLD))

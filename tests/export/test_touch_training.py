"""The touch networks learn, seeds decide all, and a user's own network is his alone."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from edge_atm.assurance.touch_data import KakaoBank, read_kakaobank
from edge_atm.assurance.touch_folds import fold_of
from edge_atm.records import Floats
from edge_atm.touch.features import Doubles, Level, pair_features, sequence

torch = pytest.importorskip("torch", reason="torch is no part of the product")

from export.touch import kakaobank, losses, siamese, training  # noqa: E402
from export.touch.built import Built  # noqa: E402
from export.touch.networks import PLACES, TIMES, Relations, TapNetwork  # noqa: E402

USERS, ENTRIES = 60, 8


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People who tap at a tempo and a PIN of their own on a shuffled pad, in the set's format."""
    folder = tmp_path_factory.mktemp("touch")
    (folder / "kakaobank").mkdir()
    random = np.random.default_rng(3)
    taps, people = [], []
    for user in range(USERS):
        pin, tempo = random.integers(10, size=6), random.uniform(0.1, 0.6, 5)
        people.append([f"u{user}", ENTRIES, user % 2, 2, 0, "ABCDEF"])
        for _ in range(ENTRIES):
            key = random.permutation(10)[pin]
            times = np.cumsum(1000 * tempo * np.exp(random.normal(0, 0.1, 5))).astype(int)
            x, y = (key % 3 + 0.5) / 3, (key // 3 + 0.5) / 4
            places = np.concatenate([x, y]) + random.normal(0, 0.01, 12)
            taps.append([f"u{user}", *times, *places.round(4), user % 2, 2, 0])
    numbered = [
        f"{n}{i}" for n, count in (("T", 5), ("X", 6), ("Y", 6)) for i in range(1, count + 1)
    ]
    _write(folder / "kakaobank" / "data.csv", [["A_new", *numbered, "B", "C", "D"], *taps])
    named = ["A_new", "n", "B", "C", "D", "pin_structure"]
    _write(folder / "kakaobank" / "users.csv", [named, *people])
    return folder


@pytest.fixture(scope="module")
def found(data: Path) -> KakaoBank:
    return read_kakaobank(data / "kakaobank")


def _write(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def _users(fold: int) -> list[str]:
    return sorted(u for u in (f"u{n}" for n in range(USERS)) if fold_of("kakaobank", u) == fold)


def run(built: Built, **inputs: object) -> Floats:
    session = ort.InferenceSession(built.content, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0])


def alike(habits: Floats) -> tuple[float, float]:
    """Return the mean cosine of entries of one user, and of two."""
    mean = habits.reshape(-1, ENTRIES, habits.shape[1]).mean(axis=1)
    cosines = (mean / np.linalg.norm(mean, axis=1, keepdims=True)) @ habits.T
    own = np.repeat(np.eye(len(mean), dtype=bool), ENTRIES, axis=1)
    return float(cosines[own].mean()), float(cosines[~own].mean())


def test_arcface_asks_for_a_margin_of_the_angle() -> None:
    habits = torch.nn.functional.normalize(torch.randn(8, 4), dim=1)
    centres, users = torch.randn(3, 4), torch.arange(8) % 3
    plain = losses.arcface(habits, centres, users, 0.0, 10.0)
    cosines = habits @ torch.nn.functional.normalize(centres, dim=1).T
    assert plain.item() == pytest.approx(
        torch.nn.functional.cross_entropy(10 * cosines, users).item(), rel=1e-4
    )
    assert losses.arcface(habits, centres, users, 0.3, 10.0) > plain


def test_pairs_of_one_user_and_of_two_weigh_the_same() -> None:
    cosines, same = torch.tensor([0.9, 0.1, 0.1, 0.1]), torch.tensor([True, False, False, False])
    counted = torch.ones(4, dtype=torch.bool)
    loss = losses.same_user(cosines, same, counted, 10.0, 0.5)
    assert loss == pytest.approx(
        2 * losses.same_user(cosines[:2], same[:2], counted[:2], 10.0, 0.5) / 2
    )
    assert losses.same_user(-cosines, same, counted, 10.0, 0.5) > loss


def test_relations_say_which_taps_are_on_one_key() -> None:
    x, y = torch.tensor([0.17, 0.5, 0.18, 0.83, 0.5, 0.17]), torch.tensor([0.2] * 5 + [0.42])
    channels = Relations()(torch.stack([torch.zeros(6), x, y], 1)[None])
    assert channels.shape == (1, 6, 20)
    same = channels[0, :, 7:13]
    assert same[0, 2] > 0.9
    assert same[1, 4] == pytest.approx(1.0)
    assert same[0, [1, 3, 5]].max() < 0.1
    assert channels[0, 1:, 19].numpy() == pytest.approx(
        np.hypot(np.diff(x.numpy()), np.diff(y.numpy())), abs=1e-2
    )


def test_controls_leave_out_time_or_places() -> None:
    taps = torch.rand(2, 6, 3)
    later, elsewhere = taps.clone(), taps.clone()
    later[..., 0] += 1
    elsewhere[..., 1:] += 0.3
    without_time, without_places = Relations(PLACES), Relations(TIMES)
    assert torch.equal(without_time(taps), without_time(later))
    assert torch.allclose(without_places(taps), without_places(elsewhere), atol=1e-5)
    assert not torch.equal(without_places(taps), without_places(later))


def test_one_seed_gives_one_network(found: KakaoBank) -> None:
    given = sequence(found.taps, Level.PLACE)[:256]
    users = np.unique(found.users[:256], return_inverse=True)[1]
    once, again, other = (_small(given, users, number) for number in (1, 1, 2))
    assert (once == again).all()
    assert not np.allclose(once, other)


def _small(given: Floats, users: "training.Labels", number: int) -> Floats:
    training.seed(number)
    network = TapNetwork(torch.nn.Identity(), 3, 8, 4, 0.1)
    training.fit(network, 4, given, users, training.Settings(epochs=1))
    with torch.no_grad():
        return np.asarray(network.eval()(torch.from_numpy(given)).numpy())


def test_an_lstm_knows_people_it_never_saw(data: Path, found: KakaoBank) -> None:
    built = kakaobank.lstm(data, 0, 7)
    assert built.parity_max_abs < 1e-4
    assert len(built.content) < 1_000_000
    unseen = np.isin(found.users, _users(0))
    habits = run(built, taps=sequence(found.taps, Level.PLACE)[unseen])
    assert np.linalg.norm(habits, axis=1) == pytest.approx(1.0, abs=1e-5)
    own, others = alike(habits)
    assert own > others + 0.4


def test_each_user_has_a_network_of_his_own(
    data: Path, found: KakaoBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakaobank, "_USERS_MAX", 4)
    parts = kakaobank.own(data, 0, 7)
    assert [user for part in parts for user in part.users] == _users(0)
    assert len(parts) > 1
    built = parts[-1]
    rows = np.flatnonzero(found.users == built.users[1])
    features = pair_features(found.down_seconds, found.xy).astype(np.float32)[rows]
    habits = [run(built, features=features, user=np.full(len(rows), u)) for u in (0, 1)]
    assert not np.allclose(habits[0], habits[1])
    # The last three entries are not enrolled.
    assert (habits[1][:5].mean(axis=0) @ habits[1][5:].T).mean() > 0.5


def test_no_other_user_moves_a_users_network(found: KakaoBank) -> None:
    features = pair_features(found.down_seconds, found.xy)
    users = np.unique(found.users[:200], return_inverse=True)[1]
    training.seed(1)
    begun = siamese.start(features[:200], users, np.random.default_rng(1))
    enrolled = features[200:240].reshape(5, 8, 75)[:, :5]
    moved = enrolled.copy()
    moved[1:] += 0.5
    first, second = (_weights(begun, part, features[:200]) for part in (enrolled, moved))
    assert np.allclose(first[0], second[0], atol=1e-6)
    assert not np.allclose(first[1], second[1], atol=1e-3)


def _weights(begun: siamese.Start, enrolled: Doubles, strangers: Doubles) -> Floats:
    training.seed(5)
    network = siamese.own(begun, enrolled, enrolled, strangers)
    return np.asarray(network.layers[0].detach().numpy())


def test_made_entries_keep_the_repeats_of_the_pin(found: KakaoBank) -> None:
    xy = found.xy[:5].copy()
    xy[:, 3] = xy[:, 1]
    made = siamese.mixed(found.down_seconds[None, :5], xy[None], np.random.default_rng(0))[0]
    assert made.shape[1] == 75
    # Pair 2-4 is the seventh of fifteen: distances follow the times.
    assert made[:, 15 + 6].max() < 0.05
    real = pair_features(found.down_seconds[:5], xy)
    assert made[:, 4].mean() == pytest.approx(real[:, 4].mean(), abs=0.15)

"""What is measured on each public set of tapped PINs: models, protocols, enrolments, taps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge_atm.assurance.touch_data import (
    KakaoBank,
    Recorded,
    Words,
    read_holdandtap,
    read_kakaobank,
    read_sapipin,
    read_strokepin,
)
from edge_atm.assurance.touch_design import FIRST, SPREAD, designs, first_five, spread_five
from edge_atm.assurance.touch_folds import folds_of, tested_pins
from edge_atm.assurance.touch_grid import GIVEN, grid_evidence
from edge_atm.assurance.touch_models import Scorer, by_manhattan, by_plda, by_sameness, by_structure
from edge_atm.assurance.touch_nets import Fed, Net, by_net
from edge_atm.assurance.touch_trial import TAPS, Task, for_each_fold, same_for_all
from edge_atm.taps import TAPS_MIN
from edge_atm.touch import plda
from edge_atm.touch.features import Level, pair_features, sequence

# They know no habit, or no time: never counted as the best.
CONTROLS = ("structure", "device", "lstm_places", "lstm_times")
READERS = {"sapipin": read_sapipin, "holdandtap": read_holdandtap}


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """The four sets of one folder. `timed`: those of timing only, by their names."""

    kakaobank: KakaoBank
    strokepin: Recorded
    timed: dict[str, Recorded]

    def facts(self) -> dict[str, dict[str, int]]:
        """Return how many users and entries there are."""
        named: dict[str, KakaoBank | Recorded] = {
            "kakaobank": self.kakaobank,
            "strokepin": self.strokepin,
            **self.timed,
        }
        return {
            name: {"users": len(np.unique(found.users)), "entries": len(found.users)}
            for name, found in named.items()
        }

    def tasks(self, nets: Sequence[Net]) -> list[Task]:
        """Return all that is to be measured. Raises ValueError."""
        tasks = [*kakaobank_tasks(self.kakaobank, nets), *strokepin_tasks(self.strokepin, nets)]
        for name, found in self.timed.items():
            tasks += timed_tasks(name, found)
        return tasks


def read_sets(data: Path) -> Sets:
    """Return the sets below `data`. Raises OSError, ValueError."""
    timed = {name: reader(data / name) for name, reader in READERS.items()}
    return Sets(read_kakaobank(data / "kakaobank"), read_strokepin(data / "strokepin"), timed)


def kakaobank_tasks(data: KakaoBank, nets: Sequence[Net]) -> Iterator[Task]:
    """Yield the tasks on the shuffled pad: what knows the PIN's repeats, and what does not."""
    users, every = data.users, np.ones(len(data.users), dtype=np.bool_)
    split = designs(users, folds_of("kakaobank", users), _none(users), first_five, every, every)
    pairs, phone = pair_features(data.down_seconds, data.xy), data.device.astype(np.str_)
    protocols: dict[str, tuple[Words, ...]] = {
        "random": (),
        "same_structure": (data.structure,),
        "same_structure_device": (data.structure, phone),
    }
    scorers = {
        "structure": same_for_all(by_structure(data.xy)),
        "device": same_for_all(by_sameness(phone)),
        "manhattan": same_for_all(by_manhattan(pairs, users)),
        "plda": same_for_all(by_plda(pairs, users)),
        "plda_grid": same_for_all(by_plda(grid_evidence(data), users, given=GIVEN)),
    }
    fed = {"taps": sequence(data.taps, Level.PLACE), "features": pairs.astype(np.float32)}
    for net in _of(nets, "kakaobank"):
        scorers |= _net_scorers(net.name.replace("-", "_"), net, fed, users)
    for model, scores in scorers.items():
        task = Task("kakaobank", model, "place", scores, split, protocols)
        task = replace(task, control=model in CONTROLS)
        # A network of each user's own was trained on all five; a medoid needs several.
        whole = any(net.name == model and net.of_each_user for net in nets)
        few = not (whole or task.control or model.endswith("_medoid"))
        yield from (replace(task, enrolled=places) for n, places in FIRST.items() if few or n == 5)


def strokepin_tasks(data: Recorded, nets: Sequence[Net]) -> Iterator[Task]:
    """Yield the tasks on one fixed pad, where everybody types the PIN that is claimed."""
    users, fold = data.users, folds_of("strokepin", data.users)
    tested = np.isin(data.pins, list(tested_pins(data.pins.tolist())))
    split = designs(users, fold, data.pins, spread_five, ~tested, tested)
    # Easier than it will be: one session, and both postures are enrolled. So also without that.
    harder = {
        "same_pin_later": designs(users, fold, data.pins, first_five, ~tested, tested),
        "same_pin_swapped": designs(users, fold, data.pins, spread_five, tested, ~tested),
    }
    for level in Level:
        name = level.name.lower()
        for taps in range(TAPS_MIN, TAPS + 1):
            evidence = plda.evidence(sequence(data.taps[:, :taps], level))
            scores = same_for_all(by_plda(evidence, users, data.pins))
            task = Task("strokepin", "plda", name, scores, split, {"same_pin": (data.pins,)}, taps)
            distance = same_for_all(by_manhattan(evidence, users))
            yield from (task, replace(task, model="manhattan", scorers=distance))
        yield from (replace(task, enrolled=places) for n, places in SPREAD.items() if n < 5)
        for protocol, other in harder.items():
            yield replace(task, designs=other, protocols={protocol: (data.pins,)})
    for net in _of(nets, "strokepin"):
        if net.level is None:
            raise ValueError(f"{net.name} takes no taps")
        fed = {"taps": sequence(data.taps, net.level)}
        told = net.level.name.lower()
        # The row tells the level already.
        name = net.name.replace("-", "_").removesuffix(f"_{told}")
        for model, scores in _net_scorers(name, net, fed, users).items():
            yield replace(task, model=model, level=told, scorers=scores)


def timed_tasks(name: str, data: Recorded) -> Iterator[Task]:
    """Yield the tasks on a set of timing only, whose impostors type PINs of their own."""
    users, every = data.users, np.ones(len(data.users), dtype=np.bool_)
    split = designs(users, folds_of(name, users), data.posture, first_five, every, every)
    protocols = {"random": (data.posture,)}
    for level in (Level.GAP, Level.HOLD):
        evidence = plda.evidence(sequence(data.taps[:, :TAPS], level))
        scores = same_for_all(by_plda(evidence, users, data.posture))
        task = Task(name, "plda", level.name.lower(), scores, split, protocols)
        yield from (replace(task, enrolled=places) for places in FIRST.values())
        yield replace(task, model="manhattan", scorers=same_for_all(by_manhattan(evidence, users)))


def _net_scorers(name: str, net: Net, fed: Fed, users: Words) -> dict[str, list[Scorer]]:
    mean = for_each_fold(lambda fold: by_net(net, fold, fed, users))
    if net.of_each_user or name in CONTROLS:
        return {name: mean}
    medoid = for_each_fold(lambda fold: by_net(net, fold, fed, users, medoid=True))
    return {name: mean, f"{name}_medoid": medoid}


def _of(nets: Sequence[Net], of_set: str) -> list[Net]:
    return [net for net in nets if net.set == of_set and not net.tells_age]


def _none(users: Words) -> Words:
    return np.full(len(users), "")

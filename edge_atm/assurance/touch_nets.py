"""Networks that were trained fold by fold, as their folder's manifest.json names them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import InferenceSession

from edge_atm.assurance.touch_data import Words
from edge_atm.assurance.touch_design import Design, Rows
from edge_atm.assurance.touch_folds import FOLDS
from edge_atm.assurance.touch_models import Scorer, by_cosine
from edge_atm.inference import new_session
from edge_atm.models import NET_FAULTS
from edge_atm.records import Floats
from edge_atm.touch.features import LEVEL_OF_CHANNELS, Doubles, Level

MANIFEST = "manifest.json"
_ROWS_MAX = 2048

# What nets are fed, by the names of their inputs: all rows of a set.
Fed = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One file of a net. `users`: whom its input "user" counts from 0; empty where it has none."""

    session: InferenceSession
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """One kind of network for one set: for each fold one part, whose users it never saw.

    Where each user has a network of his own, several parts: each has some of the fold's users.
    """

    set: str
    name: str
    folds: tuple[tuple[Part, ...], ...]

    @property
    def tells_age(self) -> bool:
        """Whether it gives log odds of 50 years and more, and not a habit."""
        return bool(self._any.get_outputs()[0].name == "score")

    @property
    def of_each_user(self) -> bool:
        """Whether each user has a network of his own."""
        return "user" in {put.name for put in self._any.get_inputs()}

    @property
    def level(self) -> Level | None:
        """The channels of its input "taps", if it has that."""
        shapes = [put.shape for put in self._any.get_inputs() if put.name == "taps"]
        return LEVEL_OF_CHANNELS.get(shapes[0][2]) if shapes else None

    @property
    def _any(self) -> InferenceSession:
        return self.folds[0][0].session

    def run(self, fold: int, fed: Fed, rows: Rows, user: str | None = None) -> Floats:
        """Return the output for `rows` [n] of what is `fed`: float32 [n, ...].

        `user`: by whose network. Raises ValueError for a net that wants something else, and for a
        user who has none.
        """
        part = self.folds[fold][0] if user is None else self._part_of(fold, user)
        session = part.session
        names = {put.name for put in session.get_inputs()} - {"user"}
        if not names <= fed.keys():
            raise ValueError(f"{self.set} does not tell what {self.name} asks for")
        whole: dict[str, Any] = {name: fed[name][rows] for name in names}
        if user is not None:
            whole["user"] = np.full(len(rows), part.users.index(user), dtype=np.int64)
        try:
            parts = [
                session.run(None, {name: put[i : i + _ROWS_MAX] for name, put in whole.items()})[0]
                for i in range(0, len(rows), _ROWS_MAX)
            ]
        except NET_FAULTS as error:
            raise ValueError(f"{self.name} does not take these taps: {error}") from None
        return np.asarray(np.concatenate(parts), dtype=np.float32)

    def _part_of(self, fold: int, user: str) -> Part:
        for part in self.folds[fold]:
            if user in part.users:
                return part
        raise ValueError(f"{self.name} of fold {fold} has no network for one of its users")


def read_nets(folder: Path) -> list[Net]:
    """Return all networks of `folder`. Raises OSError, ValueError for one that is not as named."""
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    try:
        for entry in json.loads(text)["models"]:
            found[str(entry["set"]), str(entry["model"])].append(entry)
        return [_net(folder, *key, files) for key, files in sorted(found.items())]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / MANIFEST} is no list of touch models: {error}") from None


def _net(folder: Path, of_set: str, name: str, files: list[dict[str, Any]]) -> Net:
    folds: list[list[Part]] = [[] for _ in range(FOLDS)]
    for entry in files:
        if entry["fold"] not in range(FOLDS):
            raise ValueError(f"{of_set} {name} is there for a fold that is none")
        session = _session(folder / str(entry["file"]), entry)
        folds[entry["fold"]].append(Part(session, tuple(map(str, entry.get("users") or ()))))
    if not all(folds):
        raise ValueError(f"{of_set} {name} is not there for all {FOLDS} folds")
    net = Net(of_set, name, tuple(map(tuple, folds)))
    if max(map(len, folds)) > 1 and not net.of_each_user:
        raise ValueError(f"{of_set} {name} is there twice for one fold")
    return net


def _session(path: Path, entry: dict[str, Any]) -> InferenceSession:
    if path.name != entry["file"]:
        raise ValueError(f"{MANIFEST} names {entry['file']!r}, which is no plain file name")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(f"{path.name} is not the file that {MANIFEST} names")
    try:
        return new_session(content)
    except NET_FAULTS as error:
        raise ValueError(f"{path.name} is no net that can run: {error}") from None


def by_net(net: Net, fold: int, fed: Fed, users: Words, medoid: bool = False) -> Scorer:
    """Return the cosines of one fold's network; `users` [N] as the set's rows."""

    def scores(design: Design) -> Doubles:
        if net.of_each_user:
            return _by_own(net, fold, fed, users, design)
        habits = net.run(fold, fed, np.arange(len(users)))
        return by_cosine(habits, medoid)(design)

    return scores


def _by_own(net: Net, fold: int, fed: Fed, users: Words, design: Design) -> Doubles:
    found = []
    for rows in design.enrolled:
        entries = np.concatenate([rows, design.probes])
        habits = net.run(fold, fed, entries, str(users[rows[0]]))
        habits /= np.linalg.norm(habits, axis=1, keepdims=True)
        mean = habits[: len(rows)].mean(axis=0)
        cosines = habits[len(rows) :] @ (mean / np.linalg.norm(mean))
        found.append(cosines.astype(np.float64))
    return np.stack(found)

"""Who enrols with which entries, and which entries are tried against whom, in one fold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.touch_data import Words
from edge_atm.assurance.touch_folds import FOLDS

Rows = NDArray[np.int64]
Marks = NDArray[np.bool_]
# Of how many entries there are, the five that enrol.
Choice = Callable[[int], Rows]

ENROLLED = 5
# Which of the five enrol where fewer do.
FIRST = {count: tuple(range(count)) for count in (1, 2, 3, 5)}
SPREAD = {1: (0,), 2: (0, 4), 3: (0, 2, 4), 5: (0, 1, 2, 3, 4)}


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The claims of one fold's users, none of whom is in `train`.

    `train` [N]: the rows that models learn from. `enrolled` [K, n]: the rows of each claim. `user`
    [K]: the claim's user, numbered from 0. `probes` [M]: rows that are tried; `claim` [M]: the one
    that each is genuine of.
    """

    train: Marks
    enrolled: Rows
    user: Rows
    probes: Rows
    claim: Rows

    @property
    def genuine(self) -> Marks:
        """Which claims and probes are of one user and one PIN: [K, M]."""
        return np.equal.outer(np.arange(len(self.user)), self.claim)

    def impostor(self, *alike: Words) -> Marks:
        """Which are of two users and equal in each of `alike` [N]: [K, M]."""
        met = np.not_equal.outer(self.user, self.user[self.claim])
        for words in alike:
            met &= np.equal.outer(words[self.enrolled[:, 0]], words[self.probes])
        return np.asarray(met)

    def enrolling(self, places: tuple[int, ...]) -> "Design":
        """Return the same with only these of the five entries enrolled."""
        return replace(self, enrolled=self.enrolled[:, list(places)])


def first_five(entries: int) -> Rows:
    """Choose the first five, none of fewer than six."""
    return np.arange(ENROLLED if entries > ENROLLED else 0)


def spread_five(entries: int) -> Rows:
    """Choose five spread over all, none of fewer than seven."""
    if entries < ENROLLED + 2:
        return np.arange(0)
    return np.round(np.arange(ENROLLED) * (entries - 1) / (ENROLLED - 1)).astype(np.int64)


def designs(
    users: Words, fold: Rows, groups: Words, choice: Choice, train: Marks, tested: Marks
) -> list[Design]:
    """Return the design of each fold.

    `users`, `fold`, `groups` [N]: a claim is a user's entries of one group (a PIN, a posture).
    `train`, `tested` [N]: rows that may be learnt from where their user is not tested, and rows
    that may be tried. A claim has at least six entries, or seven where they are spread, or is left
    out. Raises ValueError for a fold with fewer than two users.
    """
    each: list[list[tuple[Rows, Rows]]] = [[] for _ in range(FOLDS)]
    for rows in _claims(users, groups, tested):
        chosen = choice(len(rows))
        if len(chosen):
            each[fold[rows[0]]].append((rows[chosen], np.delete(rows, chosen)))
    return [_design(users, train & (fold != f), claims) for f, claims in enumerate(each)]


def _claims(users: Words, groups: Words, tested: Marks) -> Iterator[Rows]:
    rows = np.flatnonzero(tested)
    _, user = np.unique(users[rows], return_inverse=True)
    _, group = np.unique(groups[rows], return_inverse=True)
    order = np.lexsort((rows, group, user))
    changes = np.flatnonzero(np.diff(user[order]) | np.diff(group[order])) + 1
    yield from np.split(rows[order], changes)


def _design(users: Words, train: Marks, claims: list[tuple[Rows, Rows]]) -> Design:
    enrolled = np.array([rows for rows, _ in claims], np.int64).reshape(len(claims), ENROLLED)
    _, user = np.unique(users[enrolled[:, 0]], return_inverse=True)
    if len(claims) == 0 or user.max() < 1:
        raise ValueError("a fold has fewer than two users with six entries or more")
    probes = np.concatenate([rows for _, rows in claims])
    claim = np.repeat(np.arange(len(claims)), [len(rows) for _, rows in claims])
    return Design(train, enrolled, user, probes, claim)

"""Whether somebody of 50 years or more tapped: per entry, from five, and on one kind of phone."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from edge_atm.assurance.rates import Scores
from edge_atm.assurance.touch_data import KakaoBank
from edge_atm.assurance.touch_design import Marks, Rows
from edge_atm.assurance.touch_eer import Tried, figures
from edge_atm.assurance.touch_folds import FOLDS, folds_of
from edge_atm.assurance.touch_nets import Fed, Net
from edge_atm.touch.features import GAP_SECONDS, Doubles, Level, pair_features, sequence

# Decades as the set counts them: the fifties are 5.
AGE_OLD = 5
ANDROID = 0
TOGETHER = 5
# They know no habit, or next to none: never the model to compare with.
CONTROLS = ("device", "seconds")
_RIDGE, _STEPS = 10.0, 12

# Log odds for the rows that it is asked about, learnt from others: (train [N], rows) to [n].
Teller = Callable[[Marks, Rows], Scores]


def by_logistic(features: Doubles, old: Marks) -> Teller:
    """Return a ridge logistic regression on `features` [N, F], both classes weighing alike."""

    def log_odds(train: Marks, rows: Rows) -> Scores:
        centre, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-9
        scaled = np.column_stack([(features - centre) / spread, np.ones(len(features))])
        return np.asarray(scaled[rows] @ _fitted(scaled[train], old[train]))

    return log_odds


def _fitted(scaled: Doubles, old: Marks) -> Doubles:
    """Return the weights [F + 1] by Newton's method; the constant is not held small."""
    each = np.where(old, 0.5 / old.mean(), 0.5 / (1 - old.mean()))
    held = np.full(scaled.shape[1], _RIDGE)
    held[-1] = 0.0
    weights = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        claimed = 1 / (1 + np.exp(-np.clip(scaled @ weights, -30, 30)))
        slope = scaled.T @ (each * (claimed - old)) + held * weights
        bend = (scaled.T * (each * claimed * (1 - claimed))) @ scaled + np.diag(held)
        weights -= np.linalg.solve(bend, slope)
    return weights


def age_figures(data: KakaoBank, nets: Sequence[Net]) -> Iterator[dict[str, object]]:
    """Yield the figures of all models: two regressions, the networks and their mean; two controls.

    The controls are the phone alone, and how long the entry took. Raises ValueError for what
    cannot be measured.
    """
    fold, old = folds_of("kakaobank", data.users), data.age >= AGE_OLD
    pairs = pair_features(data.down_seconds, data.xy)
    gaps = np.log(np.clip(np.diff(data.down_seconds, axis=1), *GAP_SECONDS))
    tellers = {
        "device": by_logistic(data.device[:, None].astype(np.float64), old),
        "seconds": by_logistic(np.log(data.down_seconds[:, -1:]), old),
        "logistic_gaps": by_logistic(gaps, old),
        "logistic": by_logistic(pairs, old),
    }
    found = {name: told_by_folds(teller, fold) for name, teller in tellers.items()}
    fed = {"taps": sequence(data.taps, Level.PLACE), "features": pairs.astype(np.float32)}
    by_nets = {net.name.replace("-", "_"): _told_by_net(net, fed, fold) for net in nets}
    found |= by_nets
    if len(by_nets) > 1:
        # All are log odds where both ages are as likely, so none is weighed.
        found["age_mean"] = np.mean(list(by_nets.values()), axis=0)
    for model, log_odds in found.items():
        yield from age_rows(model, log_odds, data, fold)


def told_by_folds(teller: Teller, fold: Rows) -> Scores:
    """Return log odds of all entries [N], each by what never saw its user's fold."""
    found = np.empty(len(fold))
    for f in range(FOLDS):
        rows = np.flatnonzero(fold == f)
        found[rows] = teller(fold != f, rows)
    return found


def _told_by_net(net: Net, fed: Fed, fold: Rows) -> Scores:
    found = np.empty(len(fold))
    for f in range(FOLDS):
        rows = np.flatnonzero(fold == f)
        found[rows] = net.run(f, fed, rows)
    return found


def age_rows(
    model: str, log_odds: Scores, data: KakaoBank, fold: Rows
) -> Iterator[dict[str, object]]:
    """Yield the figures of one model: all phones and Android only; an entry, and five together.

    Of five the mean counts: a user's first five entries. Raises ValueError for a score that is no
    number.
    """
    if not np.isfinite(log_odds).all():
        raise ValueError(f"{model} gives a score that is no number")
    for device in ("all", "android"):
        kept = (data.device == ANDROID) | (device == "all")
        for entries in (1, TOGETHER):
            folds = [_tried(log_odds, data, kept & (fold == f), entries) for f in range(FOLDS)]
            found, _ = figures(folds)
            old = sum(len(np.unique(t.claimed[t.genuine])) for t in folds)
            named = {
                "model": model,
                "control": model in CONTROLS,
                "devices": device,
                "entries": entries,
            }
            yield named | found | {"users_old": old}


def _tried(log_odds: Scores, data: KakaoBank, kept: Marks, entries: int) -> Tried:
    rows = np.flatnonzero(kept)
    _, user = np.unique(data.users[rows], return_inverse=True)
    scores, old = log_odds[rows], data.age[rows] >= AGE_OLD
    if entries > 1:
        firsts = [np.flatnonzero(user == u)[:entries] for u in range(int(user.max()) + 1)]
        scores = np.array([scores[first].mean() for first in firsts])
        old = np.array([old[first[0]] for first in firsts])
        user = np.arange(len(firsts))
    if not (old.any() and (~old).any()):
        raise ValueError("a fold has nobody of 50 years or more, or nobody younger")
    return Tried(scores, old, user, None, int(user.max()) + 1)

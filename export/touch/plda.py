"""The shipped touch models: linear, fitted on two sets whose licences allow any use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import TensorProto

from edge_atm.assurance.touch_data import Recorded, Words, read_holdandtap, read_sapipin
from edge_atm.taps import TAPS_MAX
from edge_atm.touch import plda
from edge_atm.touch.features import Doubles, Level, sequence
from edge_atm.touch.habit import NAMES
from edge_atm.touch.plda import Labels, Plda
from export.onnxgraph import GraphWriter

# Name of the set, of its folder, and how it is read.
SETS = {"sapipin": read_sapipin, "holdandtap": read_holdandtap}


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """Beginnings of entries, of several sets.

    `sets`, `users`, `postures`, `entry` [N]: its set; user, named after the set too; posture, empty
    where not told; number, rising. `taps` [N, 6, 6], the columns as `features.RECORDED`.
    """

    sets: Words
    users: Words
    postures: Words
    entry: Labels
    taps: Doubles

    def of(self, chosen: Labels) -> "Typed":
        """Return the rows that `chosen` [N] marks."""
        each = (self.sets, self.users, self.postures, self.entry, self.taps)
        return Typed(*(rows[chosen] for rows in each))


def read(data: Path) -> Typed:
    """Return all entries of SETS in the folder `data`, their first six taps.

    Raises OSError, ValueError for what is not the sets.
    """
    return joined({name: reader(data / name) for name, reader in SETS.items()})


def joined(sets: Mapping[str, Recorded]) -> Typed:
    """Return the entries of all sets, the first six taps of each."""
    names = [np.full(len(found.users), name) for name, found in sets.items()]
    users = [f"{name}:{user}" for name, found in sets.items() for user in found.users]
    kept = list(sets.values())
    return Typed(
        np.concatenate(names),
        np.array(users),
        np.concatenate([found.posture for found in kept]),
        np.concatenate([found.entry for found in kept]),
        np.concatenate([found.taps[:, :TAPS_MAX] for found in kept]),
    )


def evidence(found: Typed, taps: int, level: Level) -> Doubles:
    """Return what the model compares of the first `taps` taps: float64 [N, F]."""
    return plda.evidence(sequence(found.taps[:, :taps], level))


def train(found: Typed, taps: int, level: Level) -> Plda:
    """Return the model of these entries: a class is what one user typed in one posture.

    Users are compared within set and posture: what sets these apart tells no two users apart.
    """
    group = np.char.add(np.char.add(found.sets, ":"), found.postures)
    return plda.fit(evidence(found, taps, level), found.users, group)


def graph(model: Plda, taps: int, level: Level) -> bytes:
    """Return the model as ONNX: float32 "taps" [N, T, C] to "habit" [N, D] and "between" [D].

    Values, means and the logs that went into deviations are all sums of the inputs: matrices.
    """
    channels, writer = len(level.value), GraphWriter()
    values, centring, sharing, order = _matrices(taps, channels)
    flat = writer.node("Flatten", ["taps"], "flat", axis=1)
    linear = writer.node("MatMul", [flat, writer.weight("values", values)], "linear")
    away = writer.node("MatMul", [flat, writer.weight("centring", centring)], "away")
    square = writer.node("Mul", [away, away], "square")
    variance = writer.node("MatMul", [square, writer.weight("sharing", sharing)], "variance")
    spread = writer.node("Sqrt", [variance], "spread")
    told = writer.node("Concat", [linear, spread], "evidence", axis=1)
    scaled = _scaled(writer, told, model.centre[order], model.scale[order])
    turned = writer.node(
        "MatMul", [scaled, writer.weight("directions", model.directions[order])], "turned"
    )
    writer.node("Sub", [turned, writer.weight("middle", model.middle)], "habit")
    writer.node("Identity", [writer.weight("variances", model.between)], "between")
    width = len(model.between)
    return writer.serialise(
        NAMES[level, taps],
        {"taps": ("N", taps, channels)},
        {"habit": ("N", width), "between": (width,)},
        TensorProto.FLOAT,
    )


def _scaled(writer: GraphWriter, told: str, centre: Doubles, scale: Doubles) -> str:
    middle = writer.node("Sub", [told, writer.weight("centre", centre)], "centred")
    scaled = writer.node("Div", [middle, writer.weight("scale", scale)], "scaled")
    far = np.array([plda.FAR])
    least = writer.node("Max", [scaled, writer.weight("least", -far)], "not_less")
    return writer.node("Min", [least, writer.weight("most", far)], "held")


def _matrices(taps: int, channels: int) -> tuple[Doubles, Doubles, Doubles, Sequence[int]]:
    """Return what makes `plda.evidence` of flat taps [T * C], and its columns' numbers.

    Values and means [T * C, .]; deviations from the mean [T * C, .]; means of squares [., C].
    """
    used = [[t * channels + c for t in range(0 if c else 1, taps)] for c in range(channels)]
    size = taps * channels
    mean, sharing = np.zeros((size, channels)), np.zeros((size, channels))
    centring = np.zeros((size, size))
    for channel, rows in enumerate(used):
        mean[rows, channel] = sharing[rows, channel] = 1 / len(rows)
        centring[np.ix_(rows, rows)] = np.eye(len(rows)) - 1 / len(rows)
    # In evidence: the gaps, their mean and deviation; the rest tap by tap, its means, deviations.
    flat = [*used[0], *sorted(row for rows in used[1:] for row in rows)]
    gaps, rest = taps - 1, taps * (channels - 1)
    after = gaps + 2 + rest
    order = [
        *range(gaps), *range(gaps + 2, after),
        gaps, *range(after, after + channels - 1),
        gaps + 1, *range(after + channels - 1, after + 2 * (channels - 1)),
    ]  # fmt: skip
    return np.concatenate([np.eye(size)[:, flat], mean], axis=1), centring, sharing, order

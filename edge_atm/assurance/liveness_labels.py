"""Reads the list of presentations: which files show whom, live or by which attack."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

COLUMNS = ("path", "source", "label", "attack_type", "subject")
STILLS = frozenset({".jpg", ".jpeg", ".png"})
# So many bad lines are told one by one.
TOLD_MAX = 5


@dataclass(frozen=True, slots=True)
class Presentation:
    """One file. `species`: the kind of attack instrument, None for bona fide.

    `source`: who took it, where and with what. `subject`: who is seen, "" when nobody knows.
    """

    path: Path
    source: str
    species: str | None
    subject: str

    @property
    def is_still(self) -> bool:
        """Whether it is one picture, else a clip."""
        return self.path.suffix.lower() in STILLS


def read_labels(root: Path, labels: Path) -> list[Presentation]:
    """Return what `labels`, a CSV file with COLUMNS and any others, lists of the files in `root`.

    Raises ValueError that names the bad lines, OSError.
    """
    with labels.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise ValueError(f"{labels}: line 1 has no column {', '.join(missing)}")
        found, bad = list[Presentation](), list[str]()
        for row in reader:
            wrong = next(_wrong(root, row), None)
            if wrong is not None:
                bad.append(f"line {reader.line_num}: {wrong}")
                continue
            species = row["attack_type"].strip() if row["label"].strip() == "attack" else None
            source, subject = row["source"].strip(), row["subject"].strip()
            found.append(Presentation(root / row["path"].strip(), source, species, subject))
    if bad:
        more = f" and {len(bad) - TOLD_MAX} more" if len(bad) > TOLD_MAX else ""
        raise ValueError(f"{labels}: " + "; ".join(bad[:TOLD_MAX]) + more)
    if not found:
        raise ValueError(f"{labels} lists no file")
    return found


def _wrong(root: Path, row: Mapping[str, str | None]) -> Iterator[str]:
    """Yield what is wrong with one line, worst first."""
    path, source, label, attack_type, subject = (row[name] for name in COLUMNS)
    if path is None or source is None or label is None or attack_type is None or subject is None:
        yield f"fewer columns than {len(row)}"
        return
    place = PurePosixPath(path.strip())
    if not place.parts or place.is_absolute() or ".." in place.parts:
        yield f"path {path!r} is none inside the folder"
    elif not (root / place).is_file():
        yield f"there is no file {place}"
    if not source.strip():
        yield "no source"
    if label.strip() not in ("real", "attack"):
        yield f"label {label!r} is neither real nor attack"
    elif (label.strip() == "attack") != bool(attack_type.strip()):
        yield f"attack_type {attack_type!r} does not fit label {label.strip()}"

"""Hold what was built against the released digests, and put only what agrees in its place."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from export.faults import ExportError
from export.sources import ROOT, sha256_of

RELEASED = ROOT / "models_onnx"
BUILT = ROOT / "build"


@dataclass(frozen=True, slots=True)
class Release:
    """One model of the manifest.

    `committed` says whether its file belongs in the repository; `fitted` whether it is fitted to
    people's data, which this never does again: its file is only held against its digest.
    """

    file: str
    sha256: str
    committed: bool
    fitted: bool = False


def releases(path: Path = RELEASED / "manifest.toml") -> Mapping[str, Release]:
    """Read the models of the manifest, by name."""
    models = tomllib.loads(path.read_text(encoding="utf-8"))["models"]
    return {
        name: Release(
            entry["file"], entry["sha256"], entry.get("committed", True), "calibration" in entry
        )
        for name, entry in models.items()
    }


def settle(built: Mapping[str, Path], wanted: Mapping[str, Release], folder: Path) -> None:
    """Copy the files to be committed into `folder` if every digest is the released one, else none.

    One error names every file that differs.
    """
    contents = {name: path.read_bytes() for name, path in built.items()}
    if problems := _problems(contents, wanted):
        raise ExportError(
            "; ".join(problems) + ".",
            "Install the locked versions (requirements-dev.lock) and build again; if the change is "
            "meant, copy the file from build/ and write the digest found into the manifest.",
        )
    for name, content in contents.items():
        if wanted[name].committed:
            (folder / wanted[name].file).write_bytes(content)


def check_fitted(wanted: Mapping[str, Release], folder: Path) -> list[str]:
    """Return the names of the fitted models in `folder`, all of which have the released digest.

    Raises ExportError, whose one sentence names every file that is missing or differs.
    """
    fitted = {name: release for name, release in wanted.items() if release.fitted}
    found = {
        name: (folder / release.file).read_bytes()
        for name, release in fitted.items()
        if (folder / release.file).is_file()
    }
    if problems := _problems(found, fitted, "is not there"):
        raise ExportError(
            "; ".join(problems) + ".",
            "Take the committed file back. If it was fitted anew and is meant, write the digest "
            "and the calibration found into the manifest.",
        )
    return list(fitted)


def _problems(
    contents: Mapping[str, bytes], wanted: Mapping[str, Release], missing: str = "was not built"
) -> list[str]:
    problems = [f"{name} is not in the manifest" for name in sorted(contents.keys() - wanted)]
    problems += [f"{name} {missing}" for name in sorted(wanted.keys() - contents)]
    for name in sorted(contents.keys() & wanted.keys()):
        expected, found = wanted[name].sha256, sha256_of(contents[name])
        if expected != found:
            problems.append(f"{wanted[name].file}: expected {expected}, found {found}")
    return problems

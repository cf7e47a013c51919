"""What every section of the configuration has in common, and those of an operator's own nets."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _absolute(path: Path) -> Path:
    # A relative path would name another file for every folder the program is started in.
    if not path.is_absolute():
        raise ValueError(f"{path} must be an absolute path")
    return path


AbsolutePath = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
Cents = Annotated[int, Field(ge=0, le=10_000_000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Section(BaseModel):
    """What every section has in common: frozen, no unknown key, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class PadModel(Section):
    """An operator's own net that may deny; `vision/cues/pad_model.py` says what it has to be."""

    path: AbsolutePath
    sha256: Sha256
    crop_scale: Annotated[float, Field(ge=1, le=8)]
    live_index: Annotated[int, Field(ge=0, le=999)]
    softmax: bool
    deny_below: Annotated[float, Field(gt=0, lt=1)]


class AgeModel(Section):
    """An operator's own net that tells age from taps; `touch/age_model.py` says what it is."""

    path: AbsolutePath
    sha256: Sha256


class Touch(Section):
    """Whether the way a PIN is tapped counts, and what is paid to who taps it unlike its holder.

    `strange_limit_cents` decides money: where `use` is true it has no default.
    """

    use: bool = False
    strange_limit_cents: Cents | None = None
    age_model: AgeModel | None = None

    @model_validator(mode="after")
    def what_decides_money_is_said(self) -> "Touch":
        if self.use and self.strange_limit_cents is None:
            raise ValueError("strange_limit_cents is needed where use is true")
        return self

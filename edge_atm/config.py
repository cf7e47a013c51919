"""One TOML file becomes frozen settings, or one error that lists every fault."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from edge_atm.errors import ConfigError
from edge_atm.sections import AbsolutePath, Cents, PadModel, Section, Touch

WHICH = 'Say which: --config FILE (make: UNIT="--config FILE").'


# An X25519 recipient of the age format, https://age-encryption.org/v1.
AGE_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")


def _age_key(key: str) -> str:
    if AGE_KEY.fullmatch(key) is None:
        raise ValueError("an age public key is age1 and 58 more signs, as `age-keygen` prints it")
    return key


AgeKey = Annotated[str, AfterValidator(_age_key)]
# What a camera tells of itself: printable ASCII.
Told = Annotated[str, Field(pattern=r"^[ -~]{1,256}$")]


class Unit(Section):
    """Which machine this is, where it keeps its state, and what protects its key."""

    unit_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    state_dir: AbsolutePath
    key_protection: Literal["tpm", "host"]


class Pin(Section):
    """What the one camera tells of itself, as `edge-atm doctor` prints it."""

    driver: Told
    model: Told
    path: Told
    serial: Told


class Camera(Section):
    """`device` is a V4L2 path for a USB camera and must be absent for picamera2.

    `pin`: a unit takes pictures from that camera alone. Only a desk does without.
    """

    kind: Literal["picamera2", "v4l2"]
    device: AbsolutePath | None = None
    pin: Pin | None = None
    width_px: Annotated[int, Field(ge=320, le=1920)] = 640
    height_px: Annotated[int, Field(ge=240, le=1080)] = 480

    @model_validator(mode="after")
    def device_fits_kind(self) -> "Camera":
        if (self.device is not None) != (self.kind == "v4l2"):
            raise ValueError("device is needed for v4l2 and only for v4l2")
        return self


class Dispenser(Section):
    """The serial line, and the value of the notes in each cassette, top to bottom; 0 is none."""

    port: AbsolutePath
    baud: Literal[9600, 19200, 38400] = 9600
    parity: Literal["none", "even"] = "none"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    cassette_values_cents: Annotated[list[Cents], Field(min_length=4, max_length=4)]
    low_threshold_notes: Annotated[int, Field(ge=0, le=1000)] = 50
    notes_per_command_max: Annotated[int, Field(ge=1, le=40)] = 20
    # The wish for small notes is the customer's, not the bank's.
    mix: Literal["minimumBills", "equalEmptying", "maxCashUnits"] = "minimumBills"
    equal_commands: Literal["purge", "suspect"] = "purge"

    @model_validator(mode="after")
    def some_cassette_holds_notes(self) -> "Dispenser":
        if not any(self.cassette_values_cents):
            raise ValueError("at least one cassette must have a value")
        return self


class Limits(Section):
    """What the bank allows. Those that decide money have no default.

    `card_pin_limit_cents`: what card number and PIN pay without a look; 0 is nothing.
    """

    amount_cents_max: Annotated[int, Field(gt=0, le=10_000_000)]
    face_only_limit_cents: Cents
    card_pin_limit_cents: Cents
    prior_genuine: Annotated[float, Field(gt=0.0, le=0.999)]
    posterior_min: Annotated[float, Field(ge=0.9, lt=1.0)]
    failed_looks_per_hour_max: Annotated[int, Field(ge=1, le=1000)] = 30
    wrong_pins_per_hour_max: Annotated[int, Field(ge=1, le=1000)] = 30

    @model_validator(mode="after")
    def face_alone_pays_no_more_than_the_most(self) -> "Limits":
        for name in ("face_only_limit_cents", "card_pin_limit_cents"):
            if not getattr(self, name) <= self.amount_cents_max:
                raise ValueError(f"{name} is above amount_cents_max")
        return self


class Templates(Section):
    """`adapt`: whether a face that was matched, live and followed by the PIN refreshes its own."""

    adapt: bool = False


class Bank(Section):
    """What leaves the unit, sealed to the bank's age keys, whose private halves are not on it."""

    public_keys: tuple[AgeKey, ...] = Field(default=(), strict=False)
    escrow: bool = False
    evidence: bool = False
    evidence_days_max: Annotated[int, Field(ge=1, le=3650)] = 30
    evidence_bytes_max: Annotated[int, Field(ge=10_000_000)] = 500_000_000

    @model_validator(mode="after")
    def somebody_can_open_it(self) -> "Bank":
        if (self.escrow or self.evidence) and not self.public_keys:
            raise ValueError("escrow and evidence need at least one of public_keys")
        return self


class Config(Section):
    """The whole file."""

    unit: Unit
    camera: Camera
    dispenser: Dispenser
    limits: Limits
    templates: Templates = Templates()
    bank: Bank = Bank()
    pad_model: PadModel | None = None
    touch: Touch = Touch()

    @model_validator(mode="after")
    def strange_hands_get_no_more_than_the_most(self) -> "Config":
        if not (self.touch.strange_limit_cents or 0) <= self.limits.amount_cents_max:
            raise ValueError("touch.strange_limit_cents is above amount_cents_max")
        return self


def read_config(path: Path) -> Config:
    """Return the settings in `path`, or raise one ConfigError that lists every problem."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = WHICH if isinstance(error, FileNotFoundError) else None
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        problems = [_plain(fault) for fault in error.errors()]
        raise ConfigError(f"{path} has {len(problems)} fault(s)" + "".join(problems)) from None


def _plain(fault: ErrorDetails) -> str:
    place = ".".join(map(str, fault["loc"])) or "file"
    if fault["type"] == "missing":
        return f"\n  {place}: missing key"
    if fault["type"] == "extra_forbidden":
        return f"\n  {place}: unknown key{_meant(fault['loc'])}"
    return f"\n  {place}: {fault['msg'].removeprefix('Value error, ')}"


def _meant(place: tuple[int | str, ...]) -> str:
    section = Config.model_fields[str(place[0])].annotation if len(place) > 1 else Config
    known = getattr(next(iter(get_args(section)), section), "model_fields", {})
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""

"""What may go wrong at the dispenser's end of the wire, and on which command it does."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

Kind = Literal[
    "lose_command",  # the frame never reaches the device
    "lose_ack",
    "garble_ack",  # the ACK arrives with one flipped bit, as a byte that means nothing
    "ack_as_nak",  # the ACK arrives damaged and reads as a NAK; the device works
    "lose_response",  # the device works, every transmission of its response is swallowed
    "lose_first",  # only the first `times` transmissions are swallowed
    "cut_response",  # the first `times` transmissions stop half way
    "garble_response",  # the first `times` transmissions carry a flipped bit
    "garble_always",
    "garble_twice",  # two flipped bits, in two counts, that the check byte does not show
    "late_response",  # the response comes `seconds` late
    "double_response",
    "noise",  # garbage stands before the first `times` transmissions
    "no_eot",
    "nak_times",  # the frame is refused `times` times, then accepted
    "error",  # the command fails before it starts, with code `error`
    "reject",  # `rejects` notes go to the tray on the way, all asked notes still leave
    "jam",  # `notes` leave, `rejects` go to the tray, then code `error` (0x03 unless given)
    "overdispense",  # one note more than asked leaves, code 0x29
    "die_before_pay",  # accepts, moves nothing, is silent until the simulator is restarted
    "die_after_pay",
    "power_loss_mid",  # `notes` leave, then the device restarts after `seconds`
    "stranded",  # on PURGE: `notes` are in the path and leave, `rejects` go to the tray
    "busy",  # path sensors `sensors` stay covered, from this command until a PURGE
]
LastStatusFate = Literal["kept", "stale", "cleared"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at the n-th arrival of a command (0 means at each one)."""

    command: int
    kind: Kind
    occurrence: int = 1
    notes: int = 0
    rejects: int = 0
    times: int = 1
    seconds: float = 0.0
    error: int = 0x03
    sensors: int = 0x08
    # What LAST STATUS tells after the device lost power or died: the counts so far, the record
    # from before this command, or nothing. No document says which.
    last_status: LastStatusFate = "kept"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown fault kind {self.kind!r}")
        if self.last_status not in get_args(LastStatusFate):
            raise ValueError(f"unknown fate of LAST STATUS {self.last_status!r}")


Faults = dict[Kind, Fault]


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All faults of one run; several may strike the same command."""

    faults: tuple[Fault, ...] = ()

    def striking(self, command: int, occurrence: int) -> Faults:
        """Return the faults of the n-th arrival of this command, by kind."""
        return {
            fault.kind: fault
            for fault in self.faults
            if fault.command == command and fault.occurrence in (0, occurrence)
        }


NO_FAULTS = FaultPlan()


def fault_from(text: str) -> Fault:
    """Build a Fault from `command=0x52,kind=jam,notes=3`; raises ValueError on nonsense."""
    given = dict(part.split("=", 1) for part in text.split(","))
    unknown = given.keys() - {field.name for field in fields(Fault)}
    if unknown or not {"command", "kind"} <= given.keys():
        raise ValueError(f"fault {text!r} needs command= and kind=, and knows no {sorted(unknown)}")
    return Fault(**{key: _value(key, value) for key, value in given.items()})  # type: ignore[arg-type]


def _value(key: str, text: str) -> str | int | float:
    match key:
        case "kind" | "last_status":
            return text
        case "seconds":
            return float(text)
        case _:
            return int(text, 0)


def fault_text(fault: Fault) -> str:
    """Return the text from which `fault_from` builds an equal Fault."""
    return ",".join(f"{field.name}={getattr(fault, field.name)}" for field in fields(Fault))


def fault_help() -> str:
    """Return how a fault is said on a command line."""
    names = ", ".join(field.name for field in fields(Fault))
    return (
        f"A fault is a comma-separated list of NAME=VALUE out of {names}; command and kind are "
        "needed, and --fault may be repeated. command is 0x50 STATUS, 0x51 PURGE, 0x52 DISPENSE, "
        "0x53 TEST DISPENSE or 0x55 LAST STATUS; occurrence says which arrival of it fails, "
        f"0 is each. kind is one of {', '.join(get_args(Kind))}; tests/rig/lcdm_faults.py says "
        "what each does. For instance --fault command=0x53,kind=jam,notes=1: the first test "
        "dispense jams after one note."
    )

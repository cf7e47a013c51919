"""The faults we expect. Each says in one sentence what happened, and what to do next.

EdgeError
├── ConfigError        the configuration cannot be used
├── KeyFault           no usable master key
├── ModelMismatch      a model file is not the released one
├── StoreFault         the database or its journal cannot be used
├── SealBroken         a sealed row does not open for its owner
├── CameraFault        no picture, or none in time
├── TemplateRevoked    the enrolled face is not valid any more
├── CardRefused        the card number is malformed or unknown
├── EnrolmentRefused   no template was made
├── LinkFault          the dispenser certainly did not run the command
├── LinkSilent         nobody knows yet whether the dispenser ran the command
└── PayoutSuspect      nobody can know: a technician has to count
"""


class EdgeError(Exception):
    """A fault we expect. `hint` tells the technician the next thing to do."""

    hint = "Run `edge-atm doctor` and send its output to support."

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class ConfigError(EdgeError):
    hint = "Correct the configuration file; docs/edge-atm.toml is a complete one."


class KeyFault(EdgeError):
    hint = (
        "Give the service its `master_key` credential (systemd/README.md), "
        "or use --development on a desk."
    )


class ModelMismatch(EdgeError):
    hint = "Reinstall the package; do not use this unit until `edge-atm models verify` passes."


class StoreFault(EdgeError):
    hint = "Stop the service, copy the database away untouched, and run `edge-atm doctor`."


class SealBroken(EdgeError):
    hint = "The customer must enrol again; report it: somebody or something changed the database."


class TemplateRevoked(EdgeError):
    hint = "Card and PIN serve this customer where the bank allows it; else enrol the face again."


class CameraFault(EdgeError):
    hint = "Check the camera's ribbon or USB cable, then run `edge-atm doctor`."


class CardRefused(EdgeError):
    hint = "Type the number again; an unknown card is loaded with `edge-atm provision`."


class EnrolmentRefused(EdgeError):
    hint = "Ask the customer to stand alone, in even light, and to move the head slowly; try again."


class LinkFault(EdgeError):
    hint = "Check the dispenser's power and serial cable, then run `edge-atm link-test`."


class LinkSilent(EdgeError):
    """`accepted` is False only when the dispenser gave no sign of having taken the command."""

    hint = (
        "Leave the dispenser switched on: the unit asks it what it did, and sends nothing twice. "
        "Where it never answers again, count and run `edge-atm settle`."
    )

    def __init__(self, message: str, accepted: bool = True) -> None:
        super().__init__(message)
        self.accepted = accepted


class PayoutSuspect(EdgeError):
    hint = "Count cassettes and reject tray, then `edge-atm settle`; nothing is paid until then."

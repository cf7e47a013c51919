"""What `edge-atm doctor` says of the vault: the key, the anchor, the sealed rows."""

import os

from edge_atm.cli.progress import tracked
from edge_atm.cli.unit import Unit
from edge_atm.errors import SealBroken
from edge_atm.vault import masters
from edge_atm.vault.nv_counter import DEVICE, NvCounter

HOST_KEY = (
    "key sealed by a secret of this computer's disk: whoever copies the whole disk has the key"
)
UNUSED_TPM = "; a TPM is fitted and would stop that: systemd/README.md"
TPM_KEY = (
    "key sealed to this computer's TPM, so a copied disk does not open elsewhere; that stops "
    "neither root on the running unit, nor another system started on this computer"
)
NO_COUNTER = "without a TPM's counter a whole disk put back is not noticed"
DEVELOPMENT = "development key beside the database: protects nothing"


def key(unit: Unit) -> str:
    """Say what protects the master key, what that does not stop, and what is left to do about it.

    Raises KeyFault.
    """
    advice = masters.advice(os.environ, unit.ring)
    return _protection(unit) + (f"; {advice}" if advice else "")


def _protection(unit: Unit) -> str:
    if unit.ring.development:
        return DEVELOPMENT
    if unit.config.unit.key_protection == "host":
        return HOST_KEY + UNUSED_TPM * DEVICE.exists()
    # The configuration claims a TPM: without an answer from it the claim is not repeated.
    NvCounter().read()
    return TPM_KEY


def anchor(unit: Unit) -> str:
    """Compare database and anchor. Raises StoreFault with what was put back or changed."""
    mark = unit.guard.check()
    watched = f"counter {mark.counter}" if mark.counter else NO_COUNTER
    return f"commit {mark.commits} is the newest, every row as written; {watched}"


def templates(unit: Unit) -> str:
    """Open every sealed row. Raises SealBroken, naming the customers whose rows do not open."""
    broken = unit.customers.verify_all(
        unit.faces, lambda known: tracked(known, "opening", len(known))
    )
    if broken:
        raise SealBroken(f"rows of {len(broken)} customer(s) do not open: {', '.join(broken)}")
    return f"{sum(c.enrolled for c, _ in unit.customers.listing())} enrolled, all open"

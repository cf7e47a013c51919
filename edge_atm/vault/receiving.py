"""The unit's receiving key: what the bank sends to this unit is sealed to it, as age files."""

from pathlib import Path

from edge_atm.errors import KeyFault, SealBroken
from edge_atm.vault.age import new_identity
from edge_atm.vault.appearing import appearing
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import Keys

FILE = "receiving.key"
OWNER = ("unit", "receiving")


def receiving_identity(state_dir: Path, master: Keys) -> str:
    """Return the private half, made on first use and kept sealed in `state_dir`. Never shown.

    It is a file of its own because it is there before there is a database. Only for who holds the
    unit alone. Raises KeyFault, StoreFault.
    """
    path = state_dir / FILE
    hint = f"Remove {path}, give the bank the key that `edge-atm receive-key` then prints."
    try:
        if not path.exists():
            with appearing(path) as file:
                file.write(seal(master.derive("receiving"), new_identity().encode(), *OWNER))
        return unseal(master.derive("receiving"), path.read_bytes(), *OWNER).decode()
    except SealBroken:
        said = f"{path.name} was made with another master key, or is damaged"
        raise KeyFault(said, hint) from None
    except OSError as error:
        raise KeyFault(f"{path.name} cannot be read: {error.strerror}", hint) from None

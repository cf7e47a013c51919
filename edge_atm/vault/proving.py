"""Opens all that is sealed for customers once: what is restored must open, or it is not."""

from collections.abc import Iterator

from edge_atm.store import Store
from edge_atm.vault.faces import open_rows
from edge_atm.vault.habits import open_habit
from edge_atm.vault.keys import Keys
from edge_atm.vault.names import open_name
from edge_atm.vault.pins import open_pin
from edge_atm.vault.rows import sealed_habits, sealed_rows


def open_everything(store: Store, keys: Keys) -> Iterator[int]:
    """Open every face, habit, name and PIN, yielding how many more customers are done.

    `keys`: the ring's rows. Raises SealBroken, TemplateRevoked.
    """
    for rows in sealed_rows(store):
        open_rows(keys, rows).fill(0)
    for rows in sealed_habits(store):
        for row in rows:
            open_habit(keys, row).fill(0)
    for row in store.rows("SELECT * FROM customers"):
        if row["name_box"] is not None:
            open_name(keys, row["customer_id"], row["name_box"])
        if row["pin_box"] is not None:
            open_pin(keys, row["customer_id"], row["pin_box"])
        yield 1

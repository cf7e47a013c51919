"""Two enrolled customers of a unit, and what must hold of them whatever was sealed anew."""

import sqlite3
from contextlib import closing

from edge_atm.cli.opening import open_unit
from tests.cli.conftest import CARD, Cli
from tests.rig.customer import made_up_card
from tests.unit.vaulted import SAME, unit_vector

OTHER = made_up_card(8)
CARDS = (CARD, OTHER)


def with_couple(cli: Cli) -> Cli:
    """Provision the unit for both, and enrol them."""
    (cli.folder / "accounts.csv").write_text(
        f"card_number,balance_cents,pin\n{CARD},50000,4711\n{OTHER},50000,\n"
    )
    cli.provisioned()
    enrol(cli)
    return cli


def enrol(cli: Cli) -> None:
    """Enrol both, as their next versions."""
    with open_unit(cli.config, development=True) as unit, unit.store.transaction() as connection:
        for seed, card in enumerate(CARDS):
            who, at = unit.customers.claim(card).customer_id, unit.journal.stamp()
            unit.customers.name(connection, who, f"N{seed}")
            unit.faces.enrol(connection, who, unit_vector(seed), at)


def check(cli: Cli, versions: tuple[int, int]) -> None:
    """Everybody is who they were, and nothing else opens their rows."""
    with open_unit(cli.config, development=True) as unit:
        unit.journal.verify()
        assert unit.customers.verify_all(unit.faces) == []
        for seed, card in enumerate(CARDS):
            who = unit.customers.claim(card).customer_id
            assert unit.customers.holder_name(who) == f"N{seed}"
            with unit.faces.opened(who) as face:
                # Each sealing rounds the face anew.
                assert face.vector @ unit_vector(seed) >= SAME ** max(versions)
        assert unit.customers.check_pin(unit.customers.claim(CARD).customer_id, "4711")
        found = [
            row["version"]
            for row in unit.store.rows(
                "SELECT version FROM templates t"
                " JOIN customers c USING (customer_id) ORDER BY c.rowid"
            )
        ]
        assert tuple(found) == versions
        assert unit.models.unprepared() is None


def boxes(cli: Cli) -> list[bytes]:
    """Return the sealed faces."""
    with closing(sqlite3.connect(cli.database)) as connection:
        return [row[0] for row in connection.execute("SELECT box FROM templates")]


def lingering(cli: Cli, boxes: list[bytes]) -> int:
    """Return how many of `boxes` can still be found in the unit's files."""
    files = [path for path in cli.database.parent.iterdir() if path.is_file()]
    return sum(box[40:80] in path.read_bytes() for box in boxes for path in files)

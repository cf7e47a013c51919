"""Keys rotated, templates sealed anew by a process that is killed: all are old or all are new."""

from pathlib import Path

import pytest

from edge_atm.cli.opening import open_unit
from tests.rig.rekeying import kill_series
from tests.rig.rekeying_unit import provision

pytestmark = pytest.mark.slow
# `python -m tests.rig.rekeying --kills N` makes as many as one has time for.
KILLS = 20


def test_kills_leave_every_customer_old_or_new(tmp_path: Path) -> None:
    tally = kill_series(tmp_path, kills=KILLS, seed=7, customers=60)
    assert tally.violations == []
    assert tally.kills == KILLS
    assert tally.within > 0
    assert tally.kept > 0


def test_the_rig_sees_a_half_done_unit(tmp_path: Path) -> None:
    """What it looks for is there to be found: each damage is made in the product's own way."""
    config, crowd = provision(tmp_path, customers=10)
    with open_unit(config, development=True) as unit:
        none, card = ("rotate-keys",), crowd.cards[5]
        assert crowd.faults(unit, none, card) == []
        who = unit.customers.claim(card).customer_id
        with unit.store.transaction() as connection:
            unit.faces.reissue(connection, who)
        assert "versions {1, 2}" in crowd.faults(unit, none, card)[0]
        with unit.store.transaction() as connection:
            unit.faces.adapt(
                connection, who, crowd.faces[unit.customers.claim(crowd.cards[6]).customer_id]
            )
        assert any("another face" in said for said in crowd.faults(unit, none, card))
        with unit.store.transaction() as connection:
            unit.faces.revoke(connection, who, leaked=False)
        assert any("is revoked, was None" in said for said in crowd.faults(unit, none, card))
        with unit.store.transaction() as connection:
            connection.execute("UPDATE customers SET name_box = NULL WHERE customer_id = ?", (who,))
        assert any("no enrolled name" in said for said in crowd.faults(unit, none, card))

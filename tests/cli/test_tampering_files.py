"""Somebody puts older files in the unit's folder, or another unit's: it does not open."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge_atm.errors import KeyFault
from edge_atm.store import DATABASE
from edge_atm.vault.anchor import FILE as ANCHOR
from tests.cli.tampered import Site, loaded, site_in

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


def with_log(site: Site) -> None:
    """Leave in the older folder a database that still has its log, as a pulled plug does."""
    with closing(sqlite3.connect(site.older / DATABASE)) as connection:
        connection.execute("PRAGMA wal_checkpoint")
        connection.execute("UPDATE accounts SET balance_cents = 99")
        connection.commit()
        assert (site.older / f"{DATABASE}-wal").stat().st_size
        for name in (DATABASE, f"{DATABASE}-wal"):
            shutil.copy(site.older / name, site.state / name)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda site: site.put_back(DATABASE), "an older database was put back"),
        (lambda site: site.put_back(DATABASE, of=site.newer), "an older database was put back"),
        (with_log, "an older database was put back"),
        (lambda site: site.put_back(ANCHOR), "an older anchor was put back"),
        (lambda site: (site.state / ANCHOR).unlink(), "the anchor is missing"),
        (lambda site: (site.state / ANCHOR).write_bytes(bytes(8192)), "the anchor is damaged"),
    ],
)
def test_older_files_put_back_are_named(
    site: Site, act: Callable[[Site], object], said: str
) -> None:
    act(site)
    assert site.refused().startswith(said)


def test_another_units_database_is_not_taken(site: Site, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = loaded(tmp_path / "other")
    site.put_back(DATABASE, of=other.database.parent)
    assert "was made with another master key" in site.refused(KeyFault)
    site.put_back("development.key", of=other.database.parent)
    assert site.refused() == "the anchor is damaged, or that of another unit"


def test_the_whole_folder_put_back_is_what_a_unit_without_tpm_does_not_notice(site: Site) -> None:
    site.put_back(DATABASE, ANCHOR)
    assert site.opened()
    said = {f["part"]: f for f in json.loads(site.cli("doctor", "--json").stdout)}
    assert said["anchor"]["ok"]
    assert "a whole disk put back is not noticed" in said["anchor"]["text"]

"""After a paid session no file, output, journal or environment has a key, PIN, card or name."""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from edge_atm.records import Colour, Face, Frame, Hint
from edge_atm.screen.console import ConsoleScreen
from edge_atm.vault.keys import DEVELOPMENT_FILE
from tests.rig.bench import CARD_A, PIN_A
from tests.rig.camera import Clip, RecordedCamera
from tests.rig.customer import Customer
from tests.sessions.conftest import Site

pytestmark = pytest.mark.slow

PIN, WRONG_PIN = "864209", "975310"
NAME = b"Customer A"


@dataclass
class Shown(Customer):
    """A customer in front of the product's own screen."""

    screen: ConsoleScreen = field(default_factory=lambda: ConsoleScreen("EUR", True, sys.stderr))

    def guide(
        self, hint: Hint, frame: Frame, face: Face | None, colour: Colour | None = None
    ) -> None:
        """Show the hint and follow it."""
        self.screen.guide(hint, frame, face, colour)
        super().guide(hint, frame, face, colour)

    def tell(self, word: str, **facts: object) -> None:
        """Show the word and remember it."""
        self.screen.tell(word, **facts)
        super().tell(word, **facts)


@pytest.fixture
def longer_pin(site: Site) -> Iterator[None]:
    """Four digits stand in any file by chance."""
    unit = site.at.unit
    with unit.store.transaction() as connection:
        unit.customers.add(connection, CARD_A, PIN)
    yield
    with unit.store.transaction() as connection:
        unit.customers.add(connection, CARD_A, PIN_A)


def traces(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield the content of everything that a session could have left something in."""
    folder = site.at.unit.config.unit.state_dir.parent
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".ort" and path.name != DEVELOPMENT_FILE:
            yield str(path.relative_to(folder)), path.read_bytes()
    yield "journal", repr(list(site.at.unit.journal.entries())).encode()
    yield "environment of any child", repr(dict(os.environ)).encode()


def secrets_of(site: Site) -> dict[str, re.Pattern[bytes]]:
    ring = site.at.unit.ring
    roots = {"master": ring.master, "lasting": ring.lasting, "rows": ring.rows}
    found = {name: re.escape(keys.exposed()) for name, keys in roots.items()}
    found |= {f"{name}, hex": keys.exposed().hex().encode() for name, keys in roots.items()}
    # Hex digits beside them are part of some digest or session, and no PIN.
    for pin in (PIN, WRONG_PIN):
        found[f"PIN {pin}"] = b"(?<![0-9a-f])%b(?![0-9a-f])" % pin.encode()
    found |= {"card": CARD_A.encode(), "name": NAME}
    return {name: re.compile(pattern) for name, pattern in found.items()}


def test_a_paid_session_leaves_no_secret(
    site: Site, longer_pin: None, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = RecordedCamera(Clip.load("a2"))
    customer = Shown(camera, CARD_A, 15_000, [WRONG_PIN, PIN])
    assert site.at.serve(customer, camera).paid_cents == 15_000
    shown = capfd.readouterr()
    left = dict(traces(site)) | {"stdout": shown.out.encode(), "stderr": shown.err.encode()}
    # The controls: the session is in these, so a secret of it could be as well.
    assert {"edge-atm.toml", "state/edge-atm.sqlite", "state/edge-atm.sqlite-wal"} <= left.keys()
    assert b"matched_live_pin" in left["journal"]
    assert f"card ending {CARD_A[-4:]}" in shown.err
    found = [
        (secret, where)
        for secret, pattern in secrets_of(site).items()
        for where, content in left.items()
        if pattern.search(content)
    ]
    assert found == []

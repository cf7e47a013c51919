"""`edge-atm revoke`: what the card, its PIN and its face answer afterwards."""

import json

import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.errors import EnrolmentRefused, TemplateRevoked
from tests.cli.conftest import CARD, Cli
from tests.cli.couple import boxes, enrol, lingering, with_couple

pytestmark = pytest.mark.slow


@pytest.fixture
def enrolled(cli: Cli) -> Cli:
    return with_couple(cli)


@pytest.mark.parametrize(("leaked", "word"), [((), "revoked"), (("--leaked",), "leaked")])
def test_a_revoked_face_says_so(enrolled: Cli, leaked: tuple[str, ...], word: str) -> None:
    old = boxes(enrolled)
    result = enrolled("revoke", "--json", *leaked, typed=f"{CARD}\ny\n")
    assert result.returncode == 0, result.stderr
    assert "Destroy the enrolled face" in result.stderr
    assert json.loads(result.stdout)["revoked"] == word
    assert enrolled.events()[-1] == "revoked"
    assert lingering(enrolled, old) == 1
    with open_unit(enrolled.config, development=True) as unit:
        who = unit.customers.claim(CARD)
        assert (who.enrolled, who.revoked) == (False, word)
        with pytest.raises(TemplateRevoked, match=word), unit.faces.opened(who.customer_id):
            pass
    again = enrolled("reissue", "--yes", typed=f"{CARD}\n")
    assert (again.returncode, word in again.stderr) == (1, True)
    if leaked:
        with pytest.raises(EnrolmentRefused, match="leaked"):
            enrol(enrolled)

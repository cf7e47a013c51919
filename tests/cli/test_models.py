"""Models prepared on the unit: made with it, looked at, made again; what `run` loads."""

import json
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from edge_atm.cli.main import COMMANDS
from edge_atm.cli.main import cli as command_line
from edge_atm.cli.opening import open_unit
from edge_atm.errors import ModelMismatch, StoreFault
from edge_atm.models import REQUIRED, Models
from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow
# pyrage only where the bank has named a key: this unit has none.
NEVER_IN_RUN = {"pyrage", "rich", "matplotlib", "plotext", "plotly", "PIL", "scipy", "pandas"}

TELL_MODULES = """
import sys
from edge_atm.__main__ import main
try:
    main()
finally:
    print(*sys.modules)
"""


def provision(cli: Cli) -> None:
    """Provision a unit as a technician does, with nothing there before."""
    cli.here("provision", "--accounts", str(cli.folder / "accounts.csv"), "--notes", "50,50,50,0")


def harm(cli: Cli, name: str = "facenet_int8") -> Path:
    (path,) = (cli.database.parent / "models").glob(f"{name}-*.ort")
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(held)
    return path


def found(cli: Cli) -> dict[str, str]:
    findings = {f["part"]: f for f in json.loads(cli("doctor", "--json").stdout)}
    prepared: dict[str, str] = findings["prepared"]
    assert findings["models"]["ok"]
    return prepared


def test_provisioning_prepares_and_the_results_are_the_same(cli: Cli) -> None:
    provision(cli)
    assert cli.events() == ["models_prepared", "loaded", "provisioned"]
    pixels = np.random.default_rng(3).integers(0, 256, (2, 160, 160, 4), dtype=np.uint8)
    with open_unit(cli.config, development=True) as unit:
        assert unit.models.unprepared() is None
        quick, plain = unit.models.open("facenet_int8"), Models().open("facenet_int8")
        (one,), (other,) = (net.run(None, {"input": pixels}) for net in (quick, plain))
    assert np.array_equal(one, other)
    assert found(cli)["ok"]
    answer = json.loads(cli.here("models", "verify", "--json"))
    assert (answer["models"], answer["prepared"], answer["reason"]) == ([*REQUIRED], True, None)
    assert "The unit opens the prepared files." in cli.here("models", "verify")


def test_without_prepared_files_the_unit_runs_and_doctor_says_so(cli: Cli) -> None:
    shutil.rmtree(cli.provisioned().database.parent / "models")
    assert cli("run", typed="").returncode == 0
    finding = found(cli)
    assert not finding["ok"]
    assert "start more slowly: never prepared" in finding["text"]
    assert "`edge-atm models prepare`" in finding["action"]
    assert json.loads(cli.here("models", "verify", "--json"))["reason"] == "never prepared"
    made = cli("models", "prepare", "--json")
    assert made.returncode == 0, made.stderr
    assert "preparing models" in made.stderr
    files = json.loads(made.stdout)["files"]
    assert [*files] == [*REQUIRED]
    assert found(cli)["ok"]
    with open_unit(cli.config, development=True) as unit:
        assert unit.journal.entries(1)[0].detail == {"files": files}


def test_a_harmed_file_closes_the_unit_until_it_is_made_again(cli: Cli) -> None:
    cli.provisioned()
    harm(cli)
    result = cli("run", typed=f"{CARD}\n20\n")
    assert result.returncode == 3
    assert "facenet_int8: prepared " in result.stderr
    assert "`edge-atm models prepare` makes the files anew" in result.stderr
    assert "Card number" not in result.stderr
    assert "opened" not in cli.events()
    assert not found(cli)["ok"]
    with pytest.raises(ModelMismatch):
        cli.here("models", "verify")
    assert "4 models prepared" in cli.here("models", "prepare")
    assert found(cli)["ok"]


def test_models_left_by_another_key_are_made_again(cli: Cli) -> None:
    provision(cli)
    state = cli.database.parent
    before = (state / "models" / "record").read_bytes()
    for path in state.glob("edge-atm.sqlite*"):
        path.unlink()
    (state / "development.key").unlink()
    provision(cli)
    assert (state / "models" / "record").read_bytes() != before
    assert "opens the prepared files" in cli.here("models", "verify")


def test_models_are_prepared_by_one_command_and_never_beside_the_service(cli: Cli) -> None:
    cli.provisioned()
    with open_unit(cli.config, True, alone=True), pytest.raises(StoreFault) as refused:
        cli.here("models", "prepare")
    assert "Stop the service" in refused.value.hint
    assert cli.events() == ["loaded", "provisioned"]


def test_models_are_verified_where_there_is_no_unit(cli: Cli) -> None:
    answer = json.loads(cli.here("models", "verify", "--json"))
    assert answer["prepared"] is False
    assert "there is no database" in answer["reason"]


def test_run_loads_nothing_that_only_a_technician_sees(cli: Cli) -> None:
    program, _, _, *words = cli.provisioned().command("run")
    done = subprocess.run(
        [program, "-c", TELL_MODULES, *words], input="", capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"edge_atm.cli.serve", "edge_atm.vision.embedder", "onnxruntime"} <= loaded
    assert {name.split(".")[0] for name in loaded} & NEVER_IN_RUN == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("edge_atm.")}
    assert "assurance" not in rooms
    assert {name for name in loaded if name.startswith("edge_atm.cli.")} == {
        f"edge_atm.cli.{part}"
        for part in (
            "main",
            "opening",
            "unit",
            "serve",
            "hardening",
            "registry",
            "cues",
            "touching",
        )
    }
    assert cli.events()[-1] == "closed"


def test_every_command_is_in_the_module_that_is_loaded_for_it() -> None:
    for module in Path(import_module("edge_atm.cli").__path__[0]).glob("*.py"):
        import_module(f"edge_atm.cli.{module.stem}")
    assert {
        name: (command.callback.__module__ if command.callback else "").split(".")[-1]
        for name, command in command_line.commands.items()
    } == COMMANDS

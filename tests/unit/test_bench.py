"""What of the benchmarks can be held without a clock and without the peers."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import tests.bench.__main__ as bench
from tests.bench import machine, memory, peer_stubs, peers, report, stages
from tests.bench.start import STARTS
from tests.bench.starts import Start, least_mib, part
from tests.bench.times import Job, Ratio, Times, measure, spread

TIMES = {
    "slow": Times((8.0, 10.0, 20.0), (9.0, 11.0, 30.0)),
    "quick": Times((2.0, 1.0, 10.0), (2.0, 2.0, 12.0)),
}
QUICK = Ratio("quick", "slow", 0.3)
X86 = (
    "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512_vnni\n\nmodel name\t: No\n"
)
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp\n\nModel\t\t: Some Board: 5\n"


def shown(table: object) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_every_round_runs_every_job_once_and_the_order_turns() -> None:
    order: list[str] = []
    jobs = [Job(name, partial(order.append, name)) for name in "abc"]
    found = measure(jobs, rounds=3)
    assert "".join(order) == "abc" + "cba" + "abc" + "cba"
    assert {name: len(taken.cpu_ms) for name, taken in found.items()} == {"a": 3, "b": 3, "c": 3}
    with pytest.raises(ValueError, match="no spread"):
        measure(jobs, rounds=1)


def test_times_are_of_one_call_by_both_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {"cpu": 0, "wall": 0}
    monkeypatch.setattr("time.process_time_ns", lambda: now["cpu"])
    monkeypatch.setattr("time.perf_counter_ns", lambda: now["wall"])

    def work() -> None:
        now["cpu"] += 6_000_000
        now["wall"] += 10_000_000

    found = measure([Job("work", work, calls=2)], rounds=2)
    assert found == {"work": Times((3.0, 3.0), (5.0, 5.0))}


def test_a_ratio_is_of_minima_and_spreads_over_rounds() -> None:
    found = QUICK.summary(TIMES)
    assert found["of_minima"] == 1.0 / 8.0
    # Round by round: 2/8, 1/10, 10/20.
    assert found["median"] == 0.25
    assert 0.1 < found["p10"] < 0.25 < found["p90"] < 0.5


def test_a_spread_is_of_the_values_themselves() -> None:
    assert spread([3.0, 1.0, 2.0])["min"] == 1.0
    assert spread([1.0, 1.0]) == {"min": 1.0, "median": 1.0, "p10": 1.0, "p90": 1.0}


@pytest.mark.parametrize(
    ("cpuinfo", "name", "flags"),
    [
        (X86, "Some CPU", ["avx2", "avx512_vnni"]),
        (ARM, "Some Board: 5", ["asimd", "asimddp"]),
        ("processor : 0\n", "unknown", []),
    ],
)
def test_the_processor_is_named_with_the_flags_that_matter(
    cpuinfo: str, name: str, flags: list[str]
) -> None:
    assert machine.processor(cpuinfo) == name
    assert machine.flags(cpuinfo) == flags


def test_versions_are_those_installed() -> None:
    found = machine.versions(["numpy", "no-such-package"])
    assert found == {"numpy": np.__version__, "no-such-package": "missing"}


def test_tables_show_the_goal_beside_the_ratio() -> None:
    rows = shown(report.table_of_ratios("CPU", [QUICK, Ratio("slow", "quick")], TIMES)).splitlines()
    reached = next(row for row in rows if "quick / slow" in row)
    assert [cell.strip() for cell in reached.split("│")[2:-1]] == [
        "0.125",
        "0.25",
        "0.13-0.45",
        "<= 0.3",
    ]
    assert "<=" not in next(row for row in rows if "slow / quick" in row)
    assert "x quick" in shown(report.table_of_times("T", TIMES, "quick"))
    assert "x " not in shown(report.table_of_times("T", TIMES))


def test_the_json_holds_every_ratio_with_its_goal(tmp_path: Path) -> None:
    report.write(tmp_path / "out.json", report.told({"cpu": "x"}, TIMES, [QUICK]))
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["ratios"]["quick / slow"]["to_reach"] == 0.3
    assert told["times"]["slow"]["cpu_ms_min"] == 8.0
    assert told["rounds"] == 3


def test_a_part_of_a_start_is_from_mark_to_mark() -> None:
    marks = {"imported": 5.0, "opened": 7.0}
    starts = [Start(marks, {n: 2 * v for n, v in marks.items()}, {"opened": m}) for m in (9.0, 8.0)]
    assert part(starts, "opened", "imported") == Times((2.0, 2.0), (4.0, 4.0))
    assert part(starts, "opened").wall_ms == (14.0, 14.0)
    assert least_mib(starts) == {"opened": 8.0}


@pytest.mark.parametrize("parsed", [bench.parsed, peers.parsed])
def test_the_command_lines_are_alike(parsed: Callable[..., object]) -> None:
    assert vars(parsed(["--json", "f", "--rounds", "3"])) == {"json": Path("f"), "rounds": 3}
    assert vars(parsed([])) == {"json": None, "rounds": 25}


@pytest.mark.parametrize("module", [bench, peers])
def test_without_the_fp32_file_it_says_what_makes_it(
    module: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "BUILT", tmp_path)
    assert module.main([]) == 2  # type: ignore[attr-defined]
    assert "make export" in capsys.readouterr().err


def test_every_start_that_is_timed_exists() -> None:
    assert {*peers.STARTED, *bench.STARTED.values()} == STARTS.keys()


def test_the_stand_in_has_what_facenet_pytorch_imports() -> None:
    made = peer_stubs.modules()
    assert made["torchvision.ops.boxes"].batched_nms is peer_stubs.batched_nms
    assert made["torchvision.transforms"].functional.to_tensor is peer_stubs.to_tensor
    assert made["torchvision"].ops.boxes is made["torchvision.ops.boxes"]


def test_templates_of_a_crowd_are_of_unit_length() -> None:
    crowd = stages.templates(25)
    assert crowd.shape == (25, 512)
    assert crowd.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(crowd, axis=1), 1, atol=1e-5)


def test_a_crowd_never_takes_most_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_available_bytes", lambda: 5_000 * 2048)
    rows = memory.crowds()
    assert list(rows) == ["1,000"]
    assert rows["1,000"]["float32 templates MiB"] == 1000 * 2048 / 2**20

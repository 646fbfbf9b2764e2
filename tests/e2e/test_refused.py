"""What cannot start, or must not go on, says so and leaves the lake as it was."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client

import sweeplake as sl
from lake.errors import LakeUnwritableError
from lake.evolution import ColumnClashError
from lake.lake import LakeMissingError
from sweeplake.lake import Lake
from sweeps.execution.cluster import ClusterUnreachableError
from sweeps.execution.driver import drive
from sweeps.execution.prepare import prepare
from sweeps.execution.proof import StrategyFailsError
from sweeps.execution.worker import BarsChangedError
from sweeps.spec.config import parse_config
from sweeps.spec.errors import ConfigError
from tests.e2e.market import made_bars, made_lake
from tests.e2e.processes import sweeplake
from tests.e2e.stored import stored

CONFIG: dict[str, Any] = {
    "name": "refused",
    "strategy": "sma_cross",
    "symbols": ["AAA"],
    "timeframe": "1d",
    "grid": {"fast": [5, 10], "slow": [20, 30]},
    "details": {"keep": "none"},
}


def contents(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_bars_that_change_between_plan_and_load_stop_the_sweep(tmp_path: Path, client: Client) -> None:
    lake = made_lake(tmp_path, {"AAA": 60})
    prepared = prepare(parse_config(CONFIG, "test"), lake.tables, tmp_path)
    file = next(iter(prepared.bars["bars"].files))
    (tmp_path / "other").mkdir()
    other = made_lake(tmp_path / "other", {"AAA": 61})
    theirs = next(iter(other.tables.snapshot(["bars"])["bars"].files))
    source = Path(other.url, "bars", theirs.path)
    Path(lake.url, "bars", file.path).write_bytes(source.read_bytes())
    with pytest.raises(BarsChangedError, match="bars of AAA have fingerprint"):
        drive(prepared, lake.tables, client)
    states = lake.refresh().sweeps()
    assert list(states["status"]) == ["failed"]
    assert "BarsChangedError" in stored(lake, "sweeps", states["sweep_id"][0])["error"].dropna().iloc[0]
    assert stored(lake, "metrics", states["sweep_id"][0]).empty


def test_bars_ingested_while_a_sweep_is_planned_are_not_read(tmp_path: Path, client: Client) -> None:
    lake = made_lake(tmp_path, {"AAA": 60})
    prepared = prepare(parse_config(CONFIG, "test"), lake.tables, tmp_path)
    file = tmp_path / "more.csv"
    made_bars(90, seed=5).to_csv(file, index=False)
    sl.ingest([file], lake=lake, symbol="AAA")
    outcome = drive(prepared, lake.tables, client)
    runs = stored(lake, "metrics", outcome.sweep_id)
    assert (outcome.status, len(runs)) == ("finished", 4)
    assert set(runs["n_bars"]) == {60}
    again = sl.run(CONFIG, lake=lake, client=client)
    assert not set(stored(lake, "metrics", again.sweep_id)["run_id"]) & set(runs["run_id"])


def test_a_parameter_of_another_kind_names_both_and_the_remedy(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    sl.run({**CONFIG, "columns": {"fast": "pace"}}, lake=small_lake, client=client)
    config = write(
        sweep__toml="""
        name = "clash"
        strategy = "mine.py:mine"
        symbols = ["AAA"]
        timeframe = "1d"
        [grid]
        pace = ["slow", "quick"]
        """,
        mine__py="""
        def mine(bars, ind, *, pace: str):
            return bars.close > ind.sma(5)
        """,
    )
    before = contents(Path(small_lake.url))
    with pytest.raises(ColumnClashError, match=r"param_pace \(string\) clashes with param_pace \(double\)"):
        sl.run(config, lake=small_lake, client=client)
    assert contents(Path(small_lake.url)) == before
    config.write_text(config.read_text() + '\n[columns]\npace = "pace_word"\n')
    sweep = sl.run(config, lake=small_lake, client=client)
    assert set(stored(small_lake, "metrics", sweep.sweep_id)["param_pace_word"]) == {"slow", "quick"}


@pytest.mark.parametrize(
    ("columns", "said"), [({"fast": "slow"}, "columns.fast"), ({"quick": "pace"}, "columns.quick")]
)
def test_columns_that_two_parameters_share_or_that_none_has_are_refused(
    small_lake: Lake, columns: dict[str, str], said: str
) -> None:
    before = contents(Path(small_lake.url))
    with pytest.raises(ConfigError, match=said):
        sl.run({**CONFIG, "columns": columns}, lake=small_lake)
    assert contents(Path(small_lake.url)) == before


def test_a_sweep_needs_a_lake_with_bars(tmp_path: Path) -> None:
    with pytest.raises(LakeMissingError):
        sl.run(CONFIG, lake=str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_lake_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    lake = made_lake(tmp_path, {"AAA": 60})
    root = Path(lake.url)
    before = contents(root)
    root.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if os.access(root, os.W_OK):
            pytest.skip("this account may write anywhere")
        with pytest.raises(LakeUnwritableError, match="cannot write to the lake"):
            sl.run(CONFIG, lake=lake)
    finally:
        root.chmod(stat.S_IRWXU)
    assert contents(root) == before


def test_bars_cannot_be_ingested_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made_bars(30).to_csv(tmp_path / "AAA.csv", index=False)
    done = sweeplake("ingest", "AAA.csv", "--lake", "file/lake", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot write to the lake" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["AAA.csv", "file"]


def test_a_scheduler_that_is_not_there_is_named(small_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeps.execution.cluster.CONNECT_SECONDS", 1)
    before = contents(Path(small_lake.url))
    with pytest.raises(ClusterUnreachableError, match=r"tcp://127\.0\.0\.1:1: no scheduler answers"):
        sl.run(CONFIG, lake=small_lake, client="tcp://127.0.0.1:1")
    assert contents(Path(small_lake.url)) == before


def test_a_strategy_that_always_fails_is_refused_with_its_own_traceback(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    config = write(
        sweep__toml="""
        name = "broken"
        strategy = "broken.py:broken"
        symbols = ["AAA"]
        timeframe = "1d"
        [grid]
        period = { start = 1, stop = 50, step = 1 }
        """,
        broken__py="""
        def broken(bars, ind, *, period: int):
            return bars.closed > ind.sma(period)
        """,
    )
    before = contents(Path(small_lake.url))
    with pytest.raises(StrategyFailsError, match=r"(?s)return bars\.closed.*AttributeError") as caught:
        sl.run(config, lake=small_lake)
    assert "evaluate.py" not in str(caught.value)
    assert contents(Path(small_lake.url)) == before


def test_a_strategy_that_refuses_most_parameter_sets_still_runs(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(
        sweep__toml="""
        name = "picky"
        strategy = "picky.py:picky"
        symbols = ["AAA"]
        timeframe = "1d"
        [grid]
        fast = { start = 1, stop = 20, step = 1 }
        slow = { start = 1, stop = 20, step = 1 }
        """,
        picky__py="""
        def picky(bars, ind, *, fast: int, slow: int):
            if fast + 4 > slow:
                raise ValueError("too close")
            return ind.sma(fast) > ind.sma(slow)
        """,
    )
    sweep = sl.run(config, lake=small_lake, client=client)
    assert sweep.outcome is not None
    good = int(np.tril(np.ones((20, 20)), -4).sum())
    assert (sweep.outcome.computed, sweep.outcome.failed) == (good, 400 - good)

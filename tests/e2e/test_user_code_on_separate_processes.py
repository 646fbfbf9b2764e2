"""A scheduler and a worker of their own, in another folder, run what lies beside the user's configuration."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from sweeplake.lake import Lake
from tests.e2e.processes import BIN, started, sweeplake
from tests.e2e.stored import stored

LEVELS = "LEVEL = 1.01\n"
STRATEGY = """
    import levels
    import sweeplake as sl

    @sl.strategy(short=True)
    def above(bars, ind, *, period: int, mode: str = "plain"):
        mean = ind.sma(period)
        return sl.Signals(state=bars.close > mean * levels.LEVEL, indicators={"mean": mean})
    """
BACKTESTER = """
    import sys
    from pathlib import Path

    import numpy as np
    import pandas as pd

    import levels
    import sweeplake as sl

    @sl.backtester
    def hold(bars, *, first: int, level: float = levels.LEVEL):
        quantity = 100_000.0 / bars.close[first]
        equity = np.full(len(bars), 100_000.0)
        equity[first:] = quantity * bars.close[first:]
        trades = pd.DataFrame({
            "side": ["long"],
            "entry_time": pd.to_datetime([bars.time[first]], unit="us", utc=True),
            "exit_time": pd.to_datetime([bars.time[-1]], unit="us", utc=True),
            "entry_price": [bars.close[first]],
            "exit_price": [bars.close[-1]],
            "quantity": [quantity],
            "pnl": [equity[-1] - 100_000.0],
        })
        metrics = {
            "win_rate": float(equity[-1] > 100_000.0),
            "Patience": float(first),
            "level": level,
            "undefined": float("nan"),
            "beside_config": float(any(Path(folder, "levels.py").exists() for folder in [".", *sys.path])),
        }
        return metrics, trades, equity
    """


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with one worker, both started in an empty folder."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    file = elsewhere / "scheduler.json"
    spill = ("--local-directory", tmp_path_factory.mktemp("spill"))
    quiet = ("--port", "0", "--dashboard-address", ":0", "--scheduler-file", file)
    with started(BIN / "dask", "scheduler", *quiet, cwd=elsewhere):
        while not (file.exists() and file.read_text()):  # the file is there before its text is
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        with started(BIN / "dask", "worker", address, "--nthreads", "2", *spill, cwd=elsewhere):
            yield address


def test_a_user_strategy_with_a_helper_runs_there(
    small_lake: Lake, scheduler: str, write: Callable[..., Path]
) -> None:
    config = write(
        sweep__toml="""
        name = "mine"
        strategy = "mine.py:above"
        symbols = ["AAA"]
        timeframe = "1d"
        [grid]
        period = [5, 10, 20]
        [execution]
        direction = ["long", "both"]
        [details]
        n = 1
        """,
        mine__py=STRATEGY,
        levels__py=LEVELS,
    )
    done = sweeplake(
        "run", config, "--lake", small_lake.url, "--scheduler", scheduler, "--json", cwd=config.parent
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["computed"]) == ("finished", 6)
    assert {run["params"]["period"] for run in document["best"]} == {5, 10, 20}
    trades = stored(small_lake, "trades", document["sweep_id"])
    assert set(trades["run_id"]) == {document["best"][0]["run_id"]}
    assert all("mean" in json.loads(values) for values in trades["entry_indicators"])


def test_a_user_backtester_with_metrics_of_its_own_runs_there(
    small_lake: Lake, scheduler: str, write: Callable[..., Path]
) -> None:
    config = write(
        sweep__toml="""
        name = "whole"
        strategy = "whole.py:hold"
        symbols = ["AAA"]
        timeframe = "1d"
        [grid]
        first = { start = 0, stop = 90, step = 10 }
        [details]
        keep = "all"
        """,
        whole__py=BACKTESTER,
        levels__py=LEVELS,
    )
    lake = ("--lake", small_lake.url)
    done = sweeplake("run", config, *lake, "--scheduler", scheduler, "--json", cwd=config.parent)
    assert done.returncode == 0, done.stderr
    sweep_id = json.loads(done.stdout)["sweep_id"]
    metrics = stored(small_lake, "metrics", sweep_id).set_index("param_first").sort_index()
    assert list(metrics.index) == list(range(0, 100, 10))
    assert list(metrics["metric_patience"]) == list(metrics.index)
    assert set(metrics["metric_level"]) == {1.01}
    assert metrics["metric_undefined"].isna().all()
    assert set(metrics["metric_beside_config"]) == {0.0}
    assert set(metrics["num_trades"]) == {1}
    pd.testing.assert_series_equal(
        metrics["total_return"], metrics["final_equity"] / 100_000.0 - 1.0, check_names=False
    )
    assert ((metrics["win_rate"] == 1.0) == (metrics["total_return"] > 0.0)).all()
    trades = stored(small_lake, "trades", sweep_id).set_index("run_id")
    equity = stored(small_lake, "equity", sweep_id)
    assert len(equity) == 10 * 300
    last = equity.sort_values("time").groupby("run_id")["equity"].last()
    pd.testing.assert_series_equal(last - 100_000.0, trades["pnl"].sort_index(), check_names=False)
    assert set(stored(small_lake, "details", sweep_id)["trades"]) == {1}

    best = sweeplake(
        "best", *lake, "--sweep", sweep_id, "--metric", "patience", "-n", "2", "--json", cwd=config.parent
    )
    assert best.returncode == 0, best.stderr
    assert [run["metrics"]["patience"] for run in json.loads(best.stdout)["rows"]] == [90.0, 80.0]

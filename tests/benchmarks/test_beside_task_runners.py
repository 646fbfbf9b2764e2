"""Backtests a second with their results stored, beside what runs any task: joblib, Optuna, Ray.

Start-up is in all times. Two objectives: a backtest in pandas of 5 ms, which is the user's own
and the same for all; and the built-in kernel, which the others call a run at a time. What they store is what
users write: joblib and Ray a Parquet file, to which the new rows are appended at the end with pandas; Optuna
its journal. BENCH_RUNS is how many runs joblib and we compute (default 5000); Optuna and Ray compute fewer.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed

import sweeplake as sl
from sweeplake.lake import Lake
from sweeps.execution.compute import compute
from sweeps.simulation.metric_names import METRIC_NAMES
from tests.benchmarks.alone import PROCESSES, scene_and_grid
from tests.benchmarks.market import market, market_lake

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("BENCH_RUNS", "5000"))
FASTS = 50
OBJECTIVE = """
import numpy as np
import pandas as pd
import sweeplake as sl

def backtest(close: pd.Series, fast: int, slow: int) -> dict[str, float]:
    trend = close.rolling(fast).mean() > close.rolling(slow).mean()
    risk = close.pct_change().rolling(slow).std()
    calm = risk < risk.rolling(5 * slow, min_periods=slow).quantile(0.9)
    returns = close.pct_change().fillna(0.0) * (trend & calm).shift(1, fill_value=False)
    equity = (1 + returns).cumprod()
    return {
        "total_return": equity.iloc[-1] - 1,
        "max_drawdown": (1 - equity / equity.cummax()).max(),
        "sharpe": np.sqrt(252) * returns.mean() / returns.std(),
    }

@sl.backtester
def own(bars, *, fast: int, slow: int):
    return sl.Backtest(backtest(pd.Series(bars.close), fast, slow))
"""
CONFIG = """
name = "beside"
strategy = "{strategy}"
symbols = ["X"]
timeframe = "1h"
[grid]
fast = {{ start = 5, stop = 250, step = 5 }}
slow = {{ start = 255, stop = {last}, step = 1 }}
[execution]
periods_per_year = 252
[details]
keep = "none"
"""
SLOWS = 9_000
"""More than the largest of the sweeps has."""
Pair = tuple[int, int]
_kernel: dict[str, Any] = {}


def pairs(runs: int) -> list[Pair]:
    """Return the parameters of so many runs."""
    return [(fast, slow) for slow in range(255, 255 + runs // FASTS) for fast in range(5, 255, 5)]


def by_kernel(fast: int, slow: int) -> dict[str, float]:
    """Return one run of the built-in kernel."""
    if "grid" not in _kernel:
        document = {"name": "x", "strategy": "sma_cross", "symbols": ["X"], "timeframe": "1h"}
        fasts, slows = {"start": 5, "stop": 250, "step": 5}, {"start": 255, "stop": 254 + SLOWS, "step": 1}
        _kernel["scene"], _kernel["grid"] = scene_and_grid(
            document | {"grid": {"fast": fasts, "slow": slows}, "execution": {"periods_per_year": 252}}
        )
    cell = (fast // 5 - 1) * SLOWS + slow - 255
    row = _kernel["grid"].row(cell)
    assert (row["fast"], row["slow"]) == (fast, slow)
    found = compute(_kernel["scene"], _kernel["grid"], np.array([cell])).metrics[0]
    return {name: found[METRIC_NAMES.index(name)] for name in ("total_return", "max_drawdown", "sharpe")}


def by_pandas(fast: int, slow: int) -> dict[str, float]:
    """Return one run of the objective in pandas."""
    if "own" not in _kernel:
        space: dict[str, Any] = {}
        exec(OBJECTIVE, space)  # noqa: S102
        _kernel["own"], _kernel["close"] = space["backtest"], pd.Series(market().close)
    found: dict[str, float] = _kernel["own"](_kernel["close"], fast, slow)
    return found


def append(rows: Sequence[Pair], found: Sequence[dict[str, float]], file: Path) -> None:
    """Add rows to a Parquet file as users do."""
    new = pd.DataFrame(
        [{"fast": fast, "slow": slow, **one} for (fast, slow), one in zip(rows, found, strict=True)]
    )
    (pd.concat([pd.read_parquet(file), new]) if file.exists() else new).to_parquet(file)


def with_joblib(objective: Callable[..., dict[str, float]], runs: int, folder: Path) -> pd.DataFrame:
    file, rows = folder / "joblib.parquet", pairs(runs)
    append(rows, Parallel(n_jobs=PROCESSES)(delayed(objective)(*row) for row in rows), file)
    return pd.read_parquet(file)


def with_ray(objective: Callable[..., dict[str, float]], runs: int, folder: Path) -> pd.DataFrame:
    ray = pytest.importorskip("ray")
    tune = pytest.importorskip("ray.tune")
    ray.init(num_cpus=PROCESSES, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    try:
        space = {"row": tune.grid_search(pairs(runs))}
        settings = tune.TuneConfig(max_concurrent_trials=PROCESSES)
        keeping = tune.RunConfig(storage_path=str(folder), verbose=0)
        tuner = tune.Tuner(
            lambda config: objective(*config["row"]),
            param_space=space,
            tune_config=settings,
            run_config=keeping,
        )
        found = [(result.config["row"], result.metrics) for result in tuner.fit()]
    finally:
        ray.shutdown()
    names = ("total_return", "max_drawdown", "sharpe")
    append(
        [row for row, _ in found],
        [{name: one[name] for name in names} for _, one in found],
        folder / "ray.parquet",
    )
    return pd.read_parquet(folder / "ray.parquet")


def _part_of_study(objective: Callable[..., dict[str, float]], rows: list[Pair], journal: str) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal))
    study = optuna.load_study(study_name="x", storage=storage)
    for fast, slow in rows:
        study.enqueue_trial({"fast": fast, "slow": slow})

    def trial(chosen: Any) -> float:
        fast, slow = chosen.suggest_int("fast", 5, 250), chosen.suggest_int("slow", 255, 9_999)
        found = objective(fast, slow)
        for name, value in found.items():
            chosen.set_user_attr(name, float(value))
        return float(found["sharpe"])

    study.optimize(trial, n_trials=len(rows))


def with_optuna(objective: Callable[..., dict[str, float]], runs: int, folder: Path) -> pd.DataFrame:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal, rows = str(folder / "optuna.log"), pairs(runs)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal))
    study = optuna.create_study(study_name="x", storage=storage, direction="maximize")
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        parts = [
            pool.submit(_part_of_study, objective, rows[at::PROCESSES], journal) for at in range(PROCESSES)
        ]
        for part in parts:
            part.result()
    return pd.DataFrame([{**trial.params, **trial.user_attrs} for trial in study.get_trials()])


def with_ours(
    objective: Callable[..., dict[str, float]], runs: int, folder: Path, lake: Lake
) -> pd.DataFrame:
    strategy = "own.py:own" if objective is by_pandas else "sma_cross"
    (folder / "own.py").write_text(OBJECTIVE)
    (folder / "sweep.toml").write_text(CONFIG.format(strategy=strategy, last=254 + runs // FASTS))
    sweep = sl.run(folder / "sweep.toml", lake=lake, workers=PROCESSES)
    names = "param_fast as fast, param_slow as slow, total_return, max_drawdown, sharpe"
    question = f"select {names} from metrics where sweep_id = $id"  # noqa: S608
    return lake.refresh().sql(question, {"id": sweep.sweep_id}).df()


RUNNERS = {"joblib": (with_joblib, 10**9), "ray tune": (with_ray, 50), "optuna": (with_optuna, 400)}
"""With how many runs each may be asked for: of some a run takes half a second."""
OBJECTIVES = {"pandas": (by_pandas, 1), "kernel": (by_kernel, 25)}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("runner", RUNNERS)
def test_beside(runner: str, objective: str, tmp_path: Path) -> None:
    lake = market_lake(tmp_path)
    (peer, most), (call, times) = RUNNERS[runner], OBJECTIVES[objective]
    runs = RUNS * times
    peer_runs = min(runs, most)
    begun = time.monotonic()
    theirs = peer(call, peer_runs, tmp_path)
    peer_seconds = time.monotonic() - begun
    begun = time.monotonic()
    ours = with_ours(call, runs, tmp_path, lake)
    seconds = time.monotonic() - begun
    both = theirs.astype({"fast": int, "slow": int}).merge(
        ours.astype({"fast": int, "slow": int}), on=["fast", "slow"], suffixes=("_peer", "")
    )
    assert (len(theirs), len(ours), len(both)) == (peer_runs, runs, peer_runs)
    for name in ("total_return", "max_drawdown", "sharpe"):
        np.testing.assert_allclose(both[name], both[f"{name}_peer"], rtol=1e-9, atol=1e-9)
    rate, peer_rate = runs / seconds, peer_runs / peer_seconds
    line = f"{objective:<8} ours {rate:>10,.0f} /s   {runner:<9} {peer_rate:>8,.0f} /s"
    print(f"\n{line}   x {rate / peer_rate:,.1f}")
    verdict = {"runner": runner, "objective": objective, "runs": runs, "peer_runs": peer_runs}
    print(json.dumps(verdict | {"rate": rate, "peer_rate": peer_rate, "ratio": rate / peer_rate}))

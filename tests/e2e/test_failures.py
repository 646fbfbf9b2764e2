"""A run that fails is told with its cause and stops no other; a worker that dies loses nothing."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import dask
import pandas as pd
import psutil
import pytest
from distributed import Client, LocalCluster

import sweeplake as sl
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.execution import blocks
from sweeps.execution.budget import TooManyFailuresError
from sweeps.execution.cluster import connected
from tests.e2e.processes import sweeplake
from tests.e2e.stored import journalled, stored

MOODY = """
    import numpy as np

    def moody(bars, ind, *, period: int, mood: str = "good"):
        if mood == "raises" and period % 2:
            return deeper(period)
        state = bars.close > ind.sma(period)
        if mood == "short":
            return state[:-1]
        if mood == "infinite":
            return np.where(state, np.inf, 0.0)
        if mood == "nothing":
            return None
        if mood == "leaves":
            raise SystemExit(3)
        if mood == "interrupts":
            raise KeyboardInterrupt("enough")
        return state

    def deeper(period):
        raise ValueError(f"no mood for {period}")
    """


def moody(write: Callable[..., Path], moods: str) -> Path:
    return write(
        sweep__toml=f"""
        name = "moody"
        strategy = "moody.py:moody"
        symbols = ["AAA"]
        timeframe = "1d"
        [grid]
        period = {{ start = 2, stop = 21, step = 1 }}
        mood = {moods}
        [details]
        keep = "all"
        """,
        moody__py=MOODY,
    )


def failures_of(sweep: Sweep) -> pd.DataFrame:
    found = stored(sweep.lake, "failures", sweep.sweep_id)
    parameters = pd.DataFrame(found["params"].map(json.loads).tolist())
    return pd.concat([found, parameters], axis=1)


def test_a_strategy_that_raises_fails_those_runs_alone(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    sweep = sl.run(moody(write, '["good", "raises"]'), lake=small_lake, client=client)
    failures, metrics = failures_of(sweep), stored(small_lake, "metrics", sweep.sweep_id)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.failed) == ("finished_with_failures", 10)
    assert sorted(failures["period"]) == list(range(3, 22, 2))
    assert set(failures["mood"]) == {"raises"}
    assert set(failures["cause"]) == {"raised"}
    first = failures[failures["period"] == 7].iloc[0]
    assert first["error"] == "ValueError: no mood for 7"
    assert "return deeper(period)" in first["traceback"]
    assert 'raise ValueError(f"no mood for {period}")' in first["traceback"]
    assert "evaluate.py" not in first["traceback"]
    assert len(metrics) == 30
    assert not set(metrics["run_id"]) & set(failures["run_id"])


@pytest.mark.parametrize(
    ("mood", "cause", "said"),
    [
        ("short", "bad_signals", "shape (299,)"),
        ("infinite", "bad_signals", "inf"),
        ("nothing", "bad_signals", "nothing"),
        ("leaves", "raised", "SystemExit: 3"),
        ("interrupts", "raised", "KeyboardInterrupt: enough"),
    ],
)
def test_what_is_no_signal_fails_those_runs_alone(
    small_lake: Lake, client: Client, write: Callable[..., Path], mood: str, cause: str, said: str
) -> None:
    sweep = sl.run(moody(write, f'["good", "{mood}"]'), lake=small_lake, client=client)
    failures = failures_of(sweep)
    assert sorted(failures["period"]) == list(range(2, 22))
    assert set(failures["mood"]) == {mood}
    assert set(failures["cause"]) == {cause}
    assert failures["error"].str.contains(said, regex=False).all()
    assert len(stored(small_lake, "metrics", sweep.sweep_id)) == 20


def test_the_summary_counts_failures_by_cause(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    sweep = sl.run(moody(write, '["good", "raises", "short"]'), lake=small_lake, client=client)
    causes = {row["cause"]: row["runs"] for row in sweep.summary().failures.to_pylist()}
    assert causes == {"bad_signals": 20, "raised": 10}
    assert sweep.status()["failed"] == 30


def test_the_command_exits_1_and_the_summary_shows_why(small_lake: Lake, write: Callable[..., Path]) -> None:
    config = moody(write, '["good", "raises", "short"]')
    lake = ("--lake", small_lake.url)
    done = sweeplake("run", config, *lake, "--workers", "1", "--fresh", "--json", cwd=config.parent)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["failed"]) == ("finished_with_failures", 30)
    shown = sweeplake("summary", document["sweep_id"], *lake, cwd=config.parent)
    assert shown.returncode == 0, shown.stderr
    assert "bad_signals" in shown.stdout
    assert "raised" in shown.stdout
    assert "no mood for" in shown.stdout


SLOW = """
    import time

    def slow(bars, ind, *, period: int):
        time.sleep(0.02)
        return bars.close > ind.sma(period)
    """
SLOW_SWEEP = """
    name = "slow"
    strategy = "slow.py:slow"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    period = { start = 1, stop = 200, step = 1 }
    """


def test_a_worker_killed_midway_loses_and_doubles_no_run(
    small_lake: Lake, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "FIRST_RUNS", 5)
    monkeypatch.setattr(blocks, "MOST_RUNS", 5)
    config = write(sweep__toml=SLOW_SWEEP, slow__py=SLOW)
    with connected(workers=2) as client:
        victim = psutil.Process(min(client.run(_pid).values()))
        killer = Timer(1.0, victim.send_signal, [signal.SIGKILL])
        killer.start()
        sweep = sl.run(config, lake=small_lake, client=client)
        killer.join()
    assert not victim.is_running()
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished", 200)
    metrics = stored(small_lake, "metrics", sweep.sweep_id)
    assert sorted(metrics["param_period"]) == list(range(1, 201))
    assert journalled(small_lake, sweep.sweep_id)[0] == 200


def _pid() -> int:
    import os

    return os.getpid()


DEADLY = """
    import os

    def deadly(bars, ind, *, period: int):
        if period == 33 and os.environ.get("DEADLY") == "yes":
            os._exit(1)
        return bars.close > ind.sma(period)
    """
DEADLY_SWEEP = SLOW_SWEEP.replace("slow", "deadly")


def test_a_sweep_whose_runs_all_kill_their_worker_stops_early(
    small_lake: Lake, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "FIRST_RUNS", 2)
    monkeypatch.setattr(blocks, "MOST_RUNS", 2)
    deadly = DEADLY.replace("period == 33", "period > 2")
    config = write(sweep__toml=DEADLY_SWEEP, deadly__py=deadly)
    with (
        dask.config.set({"distributed.nanny.environ": {"DEADLY": "yes"}}),
        connected(workers=1) as client,
        pytest.raises(TooManyFailuresError, match="3 were allowed") as raised,
    ):
        sl.run(config, lake=small_lake, client=client, max_failures=3)
    assert raised.value.failed < 10


LEAKY = """
    import numpy as np

    held = []

    def leaky(bars, ind, *, period: int):
        held.append(np.ones(1_000_000))
        return bars.close > ind.sma(period)
    """


def test_a_strategy_whose_memory_is_never_given_back_is_computed_in_one_worker_after_another(
    small_lake: Lake, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST_RUNS", 20)
    config = write(sweep__toml=SLOW_SWEEP.replace("slow", "leaky"), leaky__py=LEAKY)
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, memory_limit="900MB", dashboard_address=":0", silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        sweep = sl.run(config, lake=small_lake, client=client)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished", 200)


def test_a_strategy_that_kills_its_worker_loses_that_run_alone(
    small_lake: Lake, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "FIRST_RUNS", 10)
    monkeypatch.setattr(blocks, "MOST_RUNS", 10)
    config = write(sweep__toml=DEADLY_SWEEP, deadly__py=DEADLY)
    quick = {"distributed.nanny.environ": {"DEADLY": "yes"}}
    with dask.config.set(quick), connected(workers=2) as client:
        sweep = sl.run(config, lake=small_lake, client=client)
    failures, metrics = failures_of(sweep), stored(small_lake, "metrics", sweep.sweep_id)
    assert list(failures["period"]) == [33]
    assert list(failures["cause"]) == ["crashed"]
    assert sorted(metrics["param_period"]) == [*range(1, 33), *range(34, 201)]
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.failed) == ("finished_with_failures", 1)

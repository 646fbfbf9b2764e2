"""Hostile strategies: what dies, hangs or takes all memory fails alone, by its cause; all else is there."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

import sweeplake as sl
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.execution import child
from sweeps.execution.cluster import connected
from sweeps.execution.context import Limits
from sweeps.execution.embedded import LOCAL_CONFIG
from sweeps.spec.grid import IndexArray
from tests.e2e.stored import stored

MOODS = {
    "raises": ("raised", "ValueError: no mood"),
    "hangs": ("timeout", "did not come back within 4 s (`limits.run_seconds`)"),
    "spins": ("timeout", "did not come back within 4 s (`limits.run_seconds`)"),
    "crashes": ("crashed", "it ended its process (Segmentation fault)"),
    "leaves": ("crashed", "it ended its process (exit code 7)"),
    "bomb": ("memory", "it took more than 500 MB (`limits.memory_mb`): MemoryError: Unable to allocate"),
    "interrupts": ("raised", "KeyboardInterrupt: enough"),
    "nonsense": ("bad_signals", "inf"),
}
MOOD = """
def mood_of(period, depth):
    return POISON.get((period, depth), "good")

def act(mood):
    if mood == "raises":
        raise ValueError("no mood")
    if mood == "interrupts":
        raise KeyboardInterrupt("enough")
    if mood == "hangs":
        time.sleep(1000)
    if mood == "spins":
        while True:
            pass
    if mood == "crashes":
        os.kill(os.getpid(), 11)
    if mood == "leaves":
        os._exit(7)
    if mood == "bomb":
        kept = []
        while True:
            kept.append(np.empty(500_000_000))  # none of it is touched
"""
SIGNALS = """
def hostile(bars, ind, *, period: int, depth: int):
    mood = mood_of(period, depth)
    act(mood)
    if mood == "nonsense":
        return np.where(bars.close > 0, np.inf, 0.0)
    return bars.close > ind.sma(period) * (1 + depth / 1000)
"""
BACKTESTER = """
from sweeplake import backtester

@backtester
def hostile(bars, *, period: int, depth: int):
    mood = mood_of(period, depth)
    act(mood)
    return {"sharpe": np.inf if mood == "nonsense" else float(period)}
"""
ENDLESS = """
import sweeplake as sl

@sl.bar_by_bar
def hostile(t, bars, rows, account, memory, *, period: int, depth: int):
    total = 0.0
    if period == 3 and depth == 2:
        while total >= 0.0:
            total = total * 0.5 + bars.close[t]
    return 1 if total >= 0.0 else 0
"""
SWEEP = """
name = "hostile"
strategy = "hostile.py:hostile"
symbols = ["AAA"]
timeframe = "1d"
[grid]
period = {{ start = 2, stop = {periods}, step = 1 }}
depth = {{ start = 1, stop = {depths}, step = 1 }}
[limits]
run_seconds = 4
memory_mb = 500
"""


def hostile(
    write: Callable[..., Path], poison: dict[tuple[int, int], str], body: str, periods: int, depths: int
) -> Path:
    head = f"import os, time\nimport numpy as np\nPOISON = {poison!r}\n"
    return write(sweep__toml=SWEEP.format(periods=periods + 1, depths=depths), hostile__py=head + MOOD + body)


def failures_of(sweep: Sweep) -> dict[tuple[int, int], tuple[str, str]]:
    found = stored(sweep.lake, "failures", sweep.sweep_id)
    parameters = pd.DataFrame(found["params"].map(json.loads).tolist())
    keys = zip(parameters["period"], parameters["depth"], strict=True)
    return dict(zip(keys, zip(found["cause"], found["error"], strict=True), strict=True))


def assert_contained(sweep: Sweep, poison: dict[tuple[int, int], str], runs: int) -> None:
    failures = failures_of(sweep)
    assert failures.keys() == poison.keys()
    for key, mood in poison.items():
        cause, said = MOODS[mood]
        assert failures[key][0] == cause, (mood, failures[key])
        assert said in failures[key][1]
    assert len(stored(sweep.lake, "metrics", sweep.sweep_id)) == runs - len(poison)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.failed) == ("finished_with_failures", len(poison))


@pytest.mark.parametrize(
    "body", [pytest.param(SIGNALS, id="signals"), pytest.param(BACKTESTER, id="backtester")]
)
def test_every_kind_of_harm_fails_its_own_run_alone(
    small_lake: Lake, write: Callable[..., Path], body: str
) -> None:
    poison = {(3 + 2 * place, 5): mood for place, mood in enumerate(MOODS)}
    config = hostile(write, poison, body, periods=40, depths=10)
    with pytest.MonkeyPatch.context() as patch, connected(workers=2) as client:
        if body == BACKTESTER:
            patch.setitem(MOODS, "nonsense", ("bad_result", "infinite"))
        assert_contained(sl.run(config, lake=small_lake, client=client), poison, 400)


def test_a_compiled_strategy_that_never_comes_back_fails_alone(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    config = hostile(write, {}, ENDLESS, periods=5, depths=4)
    with connected(workers=1) as client:
        sweep = sl.run(config, lake=small_lake, client=client)
    assert_contained(sweep, {(3, 2): "hangs"}, 20)


STOPPING = """
import os, signal

def hostile(bars, ind, *, period: int, depth: int):
    if (period, depth) == (3, 2):
        os.kill(os.getpid(), signal.SIGSTOP)
    return bars.close > ind.sma(period) * (1 + depth / 1000)
"""


def test_a_strategy_that_stops_its_process_fails_alone(
    small_lake: Lake, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LOCAL_CONFIG, "distributed.scheduler.worker-ttl", "5s")
    config = hostile(write, {}, STOPPING, periods=5, depths=4)
    with connected(workers=2) as client:
        sweep = sl.run(config, lake=small_lake, client=client)
    assert_contained(sweep, {(3, 2): "hangs"}, 20)


IMPORTING = """
import multiprocessing, os, threading, time

if {where}:
    {harm}

def hostile(bars, ind, *, period: int, depth: int):
    return bars.close > ind.sma(period) * (1 + depth / 1000)
"""


def test_a_module_that_kills_the_worker_that_imports_it_is_imported_apart(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    on_worker = IMPORTING.format(where='"Dask" in threading.current_thread().name', harm="os._exit(3)")
    config = hostile(write, {}, on_worker, periods=5, depths=4)
    with connected(workers=2) as client:
        sweep = sl.run(config, lake=small_lake, client=client)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished", 20)


@dataclass(frozen=True)
class Hangs:
    """What does not come back where it is loaded."""

    limits: Limits
    bundle: None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def open(self) -> Callable[[IndexArray], None]:
        time.sleep(1000)
        raise AssertionError


def test_a_module_that_hangs_where_it_is_imported_apart_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LOAD_SECONDS", 3.0)
    with pytest.raises(child.ApartError, match="cannot be loaded in a process apart: it did not come back"):
        child.Child(Hangs(Limits(1.0, 500_000_000)))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_of_ten_thousand_runs_the_25_that_do_harm_fail_alone(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    moods = ("raises", "hangs", "crashes", "bomb", "nonsense")
    poison = {(7 + 3 * place, 2 + 3 * place): moods[place % 5] for place in range(25)}
    config = hostile(write, poison, SIGNALS, periods=100, depths=100)
    begun = time.monotonic()
    with connected(workers=2) as client:
        sweep = sl.run(config, lake=small_lake, client=client)
    print(f"{time.monotonic() - begun:.0f} s")
    assert_contained(sweep, poison, 10_000)

"""A strategy that is asked bar by bar, from a file beside its configuration, through a whole sweep."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client
from numba.core import event

import sweeplake as sl
from sweeplake.lake import Lake
from sweeps.bars.store import load_bars
from sweeps.execution import blocks
from sweeps.strategies.indicators import Indicators
from tests.contracts.source import ROOT
from tests.e2e.processes import sweeplake
from tests.e2e.stored import metrics_of, stored

FILE = '''
import levels
import sweeplake as sl

def averages(bars, ind, *, fast, slow):
    return {"fast": ind.sma(fast), "slow": ind.sma(slow)}

@sl.bar_by_bar(rows=averages, short=True)
def both_ways(t, bars, rows, account, memory, *, fast: int, slow: int, fragile: bool = False):
    """Say something new only where the averages cross."""
    if fragile and t > levels.LAST:
        raise ValueError("too late")
    wish = 1.0 if rows.fast[t] > rows.slow[t] else -1.0
    if wish == memory[0]:
        return account.side
    memory[0] = wish
    return int(wish)
'''
CONFIG = """
name = "both ways"
strategy = "mine.py:both_ways"
symbols = ["AAPL", "GOOG"]
timeframe = "1d"
start = 2006-01-01
[grid]
fast = [3, 5, 8, 13]
slow = [21, 34, 200]
[execution]
direction = ["long", "both"]
fill = ["close", "next_open"]
fee_bps = 5.0
slippage_bps = 2.0
borrow_rate = 0.01
[exits]
stop_loss = ["off", 0.04]
[details]
keep = "all"
"""
COMPILED: Counter[str] = Counter()


class _Counting(event.Listener):
    """Counts in a worker what numba compiles there, by the function's name."""

    def on_start(self, what: event.Event) -> None:
        COMPILED[what.data["dispatcher"].py_func.__name__] += 1

    def on_end(self, what: event.Event) -> None:
        """Nothing ends that was not begun."""


_counting = _Counting()


def _count() -> None:
    COMPILED.clear()
    event.register("numba:compile", _counting)


def _counted() -> dict[str, int]:
    event.unregister("numba:compile", _counting)
    return dict(COMPILED)


@pytest.fixture
def counted(client: Client) -> Iterator[Callable[[], dict[str, dict[str, int]]]]:
    """What each worker compiles during a test."""
    client.run(_count)
    done: dict[str, dict[str, int]] = {}

    def counts() -> dict[str, dict[str, int]]:
        if not done:
            done.update(client.run(_counted))
        return done

    yield counts
    counts()


def test_a_sweep_equals_that_of_the_array_that_says_the_same(
    demo_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    file = write(mine__toml=CONFIG, mine__py=FILE, levels__py="LAST = 10\n")
    asked = sl.run(file, lake=demo_lake, client=client)
    given = sl.run({**_document(CONFIG), "strategy": "sma_cross"}, lake=demo_lake, client=client)
    names = ["param_fast", "param_slow", "param_direction", "param_fill", "param_stop_loss"]
    mine, theirs = (
        metrics_of(sweep).sort_values(["symbol", *names]).reset_index() for sweep in (asked, given)
    )
    assert len(mine) == 192
    skipped = {"run_id", "strategy", "param_fragile"}
    for column in theirs.columns.difference(skipped):
        if theirs[column].dtype.kind == "f":
            np.testing.assert_allclose(mine[column], theirs[column], rtol=1e-9, atol=1e-9, err_msg=column)
        elif column in {"block_sums", "block_sumsqs"}:
            np.testing.assert_allclose(
                np.stack(mine[column].to_list()), np.stack(theirs[column].to_list()), rtol=1e-4, atol=1e-7
            )
        else:
            assert mine[column].tolist() == theirs[column].tolist(), column
    one, other = (_trades(demo_lake, sweep) for sweep in (asked, given))
    ours = dict(zip(mine["run_id"], theirs["run_id"], strict=True))
    one = one.assign(run_id=one["run_id"].map(ours))
    order = ["run_id", "trade"]
    one, other = (frame.sort_values(order, ignore_index=True) for frame in (one, other))
    for column in (
        "side",
        "entry_time",
        "exit_time",
        "entry_price",
        "exit_price",
        "pnl",
        "exit_reason",
        "mae",
    ):
        assert one[column].tolist() == other[column].tolist(), column


def test_details_agree_with_the_metrics_and_name_the_rows(
    demo_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    file = write(mine__toml=CONFIG.replace('keep = "all"', "n = 3"), mine__py=FILE, levels__py="LAST = 10\n")
    sweep = sl.run(file, lake=demo_lake, client=client)
    runs = stored(demo_lake, "metrics", sweep.sweep_id).set_index("run_id")
    trades, equity = _trades(demo_lake, sweep), stored(demo_lake, "equity", sweep.sweep_id)
    kept = trades["run_id"].unique()
    assert len(kept) == 6
    assert (trades.groupby("run_id").size() == runs.loc[sorted(kept), "num_trades"]).all()
    last = equity.sort_values("time").groupby("run_id")["equity"].last()
    assert last.tolist() == runs.loc[last.index, "final_equity"].tolist()
    run = runs.loc[kept[0]]
    bars = load_bars(demo_lake.tables.snapshot(["bars"]), run["symbol"], "1d")
    fast, place = (
        Indicators(bars).sma(int(run["param_fast"])),
        {t: i for i, t in enumerate(bars.time.tolist())},
    )
    for trade in trades[trades["run_id"] == kept[0]].itertuples():
        lag = 1 if run["param_fill"] == "next_open" else 0
        bar = place[trade.entry_time.value // 1000] - lag
        assert json.loads(trade.entry_indicators)["fast"] == fast[bar]


def test_a_worker_compiles_the_function_once_however_many_blocks_it_runs(
    demo_lake: Lake,
    client: Client,
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[[], dict[str, dict[str, int]]],
) -> None:
    monkeypatch.setattr(blocks, "MOST_RUNS", 8)
    monkeypatch.setattr(blocks, "FIRST_RUNS", 8)
    text = FILE.replace("both_ways", "once_a_worker")
    file = write(
        mine__toml=CONFIG.replace("both_ways", "once_a_worker"), mine__py=text, levels__py="LAST = 1\n"
    )
    sweep = sl.run(file, lake=demo_lake, client=client)
    assert len(stored(demo_lake, "metrics", sweep.sweep_id)) == 192
    compiled = {worker: counts.get("once_a_worker", 0) for worker, counts in counted().items()}
    assert len(compiled) == 2
    assert set(compiled.values()) == {1}
    assert all(counts.get("run_asked", 0) <= 1 for counts in counted().values())


def test_a_run_that_raises_fails_alone_and_shows_their_own_line(
    demo_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = CONFIG.replace("slow = [21, 34, 200]", "slow = [21, 34]\nfragile = [false, true]")
    file = write(mine__toml=config, mine__py=FILE, levels__py="LAST = 2000\n")
    sweep = sl.run(file, lake=demo_lake, client=client)
    runs = stored(demo_lake, "metrics", sweep.sweep_id)
    failures = stored(demo_lake, "failures", sweep.sweep_id)
    assert (len(runs), len(failures)) == (128, 128)
    assert not runs["param_fragile"].any()
    assert set(failures["cause"]) == {"raised"}
    assert set(failures["error"]) == {"ValueError: too late"}
    assert all('mine.py", line 12' in told and "sweeps/" not in told for told in failures["traceback"])


def test_it_runs_on_a_command_line_of_its_own_from_the_example(demo_lake: Lake, tmp_path: Path) -> None:
    for name in ("patient_cross.toml", "patient_cross.py"):
        shutil.copy(ROOT / "configs" / name, tmp_path)
    config = tmp_path / "patient_cross.toml"
    config.write_text(config.read_text().replace('["AAPL", "GOOG", "IBM", "MSFT"]', '["AAPL"]'))
    lake = ("--lake", demo_lake.url)
    planned = sweeplake("plan", config, *lake, cwd=tmp_path)
    assert "bar by bar, the strategy asked at every close" in planned.stdout + planned.stderr
    done = sweeplake("run", config, *lake, "--workers", "1", "--fresh", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["computed"], told["failed"]) == ("finished", 864, 0)


def _document(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def _trades(lake: Lake, sweep: Any) -> Any:
    return stored(lake, "trades", sweep.sweep_id)

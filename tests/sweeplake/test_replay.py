"""Replay: a stored run computed again from its lineage, and held against what is stored."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from distributed import Client

import sweeplake as sl
from queries.errors import BadValueError, UnknownNameError
from queries.show import StoredRun as Stored
from queries.sweep import sweep_row
from sweeplake.replaying import again
from sweeps.execution import resume
from sweeps.execution.replay import differences
from sweeps.strategies.contract import Strategy
from sweeps.strategies.errors import BrokenStrategyError
from sweeps.strategies.source import StrategySource
from tests.e2e.market import made_bars
from tests.sweeplake.asking import Ask

KINDS = {
    "array.py:array": """
import sweeplake as sl

@sl.strategy
def array(bars, ind, *, period: int = 3):
    return bars.close > ind.sma(period)
""",
    "asked.py:asked": """
import sweeplake as sl

def averages(bars, ind, *, period):
    return {"mean": ind.sma(period)}

@sl.bar_by_bar(rows=averages)
def asked(t, bars, rows, account, memory, *, period: int = 3):
    return 1 if bars.close[t] > rows.mean[t] else 0
""",
    "whole.py:whole": """
import sweeplake as sl

@sl.backtester
def whole(bars, *, period: int = 3):
    equity = 10_000.0 * bars.close / bars.close[0]
    return sl.Backtest({"edge": period / 7}, None, equity)
""",
}


@pytest.fixture
def own(swept: Path, tmp_path: Path) -> Path:
    """A copy of the lake, to change."""
    shutil.copytree(swept, tmp_path / "lake")
    return tmp_path / "lake"


def ids(lake: sl.Lake, **filters: str) -> list[str]:
    return [str(name) for name in lake.search(limit=0, **filters).run_id]


def test_every_run_of_a_lake_is_what_its_inputs_give_again(swept: Path) -> None:
    with sl.open(swept) as lake:
        found = sl.replay(ids(lake), lake=lake)
        assert len(found) == 28 + 3
        assert [item for item in found if not item.identical] == []
        assert sum(item.with_trades for item in found) == 2 * 3
        assert {item.since + item.changed + item.differences for item in found} == {()}
        assert sl.replay(ids(lake)[:1], lake=swept) == found[:1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_strategy_of_ones_own_replays_from_the_lake_alone(
    own: Path, client: Client, tmp_path: Path, kind: str
) -> None:
    (tmp_path / kind.partition(":")[0]).write_text(KINDS[kind])
    (tmp_path / "sweep.toml").write_text(
        f'name = "replayed"\nstrategy = "{kind}"\nsymbols = "*"\ntimeframe = "1d"\n'
        "[grid]\nperiod = [2, 3, 5]\n[details]\nn = 1\n"
    )
    sweep = sl.run(tmp_path / "sweep.toml", lake=own, client=client)
    (tmp_path / kind.partition(":")[0]).unlink()
    with sl.open(own) as lake:
        found = sl.replay(ids(lake, sweep=sweep.sweep_id), lake=lake)
        assert [item.identical for item in found] == [True] * 6
        assert sum(item.with_trades for item in found) == 2


def test_trades_that_no_sweep_stored_are_those_that_one_would_have_stored(
    own: Path, client: Client, files: Path
) -> None:
    text = (files / "cross.toml").read_text()
    with sl.open(own) as lake:
        names = ids(lake, strategy="sma_cross")
        computed = {name: lake.run(name) for name in names}
        bare = [name for name in names if not computed[name].has_details]
        assert len(bare) == 28 - 2 * 3
        frames = {name: (computed[name].trades, computed[name].equity) for name in names}
        (files / "all.toml").write_text(text.partition("[details]")[0] + '[details]\nkeep = "all"\n')
        sl.run(files / "all.toml", lake=own, client=client)
        lake.refresh()
        for name in names:
            stored = lake.run(name)
            assert stored.has_details
            assert stored.path_metrics == computed[name].path_metrics
            for before, frame in zip((stored.trades, stored.equity), frames[name], strict=True):
                pd.testing.assert_frame_equal(
                    frame.drop(columns=["sweep_id", "date"]), before.drop(columns=["sweep_id", "date"])
                )


def test_what_differs_is_named(swept: Path) -> None:
    with sl.open(swept) as lake:
        run_id = lake.sweep(lake.sweeps().sweep_id[1]).best(1, "composite_score").run_id[0]
        stored = lake.run(run_id).stored
        now = again(lake, stored)
        assert differences(stored, now) == ()
        sharpe = stored.run["sharpe"][0].as_py()
        at = stored.run.column_names.index("sharpe")
        for factor, named in ((1 + 1e-12, False), (1.001, True)):
            other = stored.run.set_column(at, "sharpe", pa.array([sharpe * factor]))
            found = differences(replace(stored, run=other), now)
            assert bool(found) == named
        assert found[0].startswith("sharpe was ")
        own_metric = stored.run.append_column("metric_gone", pa.array([0.5]))
        assert differences(replace(stored, run=own_metric), now) == ("metric_gone was 0.5 and is None",)
        assert stored.trades is not None
        prices = pc.add(stored.trades["exit_price"], 1e-9)
        place = stored.trades.column_names.index("exit_price")
        moved = replace(stored, trades=stored.trades.set_column(place, "exit_price", prices))
        assert differences(moved, now) == ("trades: exit_price differs",)
        fewer = Stored(stored.run, stored.details, stored.trades[:-1], stored.equity)
        assert differences(fewer, now)[0].startswith("trades: ")


def test_a_corrected_bar_is_named_and_the_run_replays_on_what_it_read(
    own: Path, ask: Ask, tmp_path: Path
) -> None:
    known = made_bars(200, 0)
    later = known.iloc[-20:].assign(time=known["time"].iloc[-20:] + pd.Timedelta(days=20))
    longer = pd.concat([known, later], ignore_index=True)
    longer.to_csv(tmp_path / "longer.csv", index=False)
    sl.ingest([tmp_path / "longer.csv"], lake=own, symbol="AAA")
    with sl.open(own) as lake:
        run_id = ids(lake, strategy="fragile")[0]
    assert sl.replay([run_id], lake=own)[0].since == (), "later bars are no correction"
    corrected = longer.copy()
    corrected.loc[100, "close"] = corrected.loc[100, ["high", "low"]].mean()
    corrected.to_csv(tmp_path / "corrected.csv", index=False)
    sl.ingest([tmp_path / "corrected.csv"], lake=own, symbol="AAA")
    (found,) = sl.replay([run_id], lake=own)
    assert (found.identical, found.since) == (True, ("bars of AAA were corrected",))
    answer = ask("replay", run_id, "--lake", own)
    assert answer.code == 0
    assert "since then bars of AAA were corrected: a new sweep would compute other runs" in answer.err
    assert "1 run of 1 identical, 0 with trades and equity" in answer.err


def test_an_input_that_is_gone_is_named(
    own: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made_bars(200, 7).to_csv(tmp_path / "other.csv", index=False)
    with sl.open(own) as lake:
        state = sweep_row(lake.catalog, lake.sweep_id("latest"))
        run_id = ids(lake, strategy="fragile")[0]
    with monkeypatch.context() as patch:
        patch.setattr(resume, "SIMULATION_VERSION", 10_000)
        (found,) = sl.replay([run_id], lake=own)
        assert found.identical is None
        assert "simulation version" in found.changed[0]
    sl.ingest([tmp_path / "other.csv"], lake=own, symbol="AAA", replace=True)
    bars = json.loads(state["bars"])["AAA"]
    for name in bars["files"]:
        (own / "bars" / name).unlink()
    answer = ask("replay", run_id, "--lake", own, "--json")
    assert answer.code == 1
    (document,) = answer.json["runs"]
    assert (document["run_id"], document["identical"]) == (run_id, None)
    assert document["changed"][0].startswith("the bars file ")
    told = ask("show", run_id, "--lake", own)
    assert told.code == 0
    assert "not stored, and cannot be computed again: the bars file " in told.err
    assert ask("show", run_id, "--lake", own, "--json").json["trades"] is None
    with sl.open(own) as lake, pytest.raises(BadValueError, match="cannot be computed again"):
        _ = lake.run(run_id).trades


def test_an_unknown_run_is_refused(swept: Path, ask: Ask) -> None:
    with pytest.raises(UnknownNameError, match="unknown run"):
        sl.replay(["f" * 32], lake=swept)
    assert ask("replay", "f" * 32, "--lake", swept).code == 2


NOISY = """
import sweeplake as sl

@sl.strategy
def noisy(bars, ind, *, period: int = 3):
    print("hello from the strategy")
    return bars.close > ind.sma(period)
"""


def test_what_a_strategy_prints_is_no_result(own: Path, client: Client, tmp_path: Path, ask: Ask) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    config = {"name": "noisy", "strategy": "noisy.py:noisy", "symbols": ["AAA"], "timeframe": "1d"}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in config.items())
    (tmp_path / "noisy.toml").write_text(text + '[grid]\nperiod = [3]\n[details]\nkeep = "none"\n')
    sweep = sl.run(tmp_path / "noisy.toml", lake=own, client=client)
    with sl.open(own) as lake:
        (run_id,) = ids(lake, sweep=sweep.sweep_id)
    for words in (("show", run_id), ("replay", run_id)):
        answer = ask(*words, "--lake", own, "--json")
        assert answer.code == 0
        assert answer.json
        assert "hello" in answer.err


def test_a_strategy_that_does_not_load_here_hides_nothing_that_is_stored(
    swept: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sl.open(swept) as lake:
        broken, sound = ids(lake, strategy="fragile")[0], ids(lake, strategy="sma_cross")[0]
    load = StrategySource.load

    def loaded(source: StrategySource) -> Strategy:
        if source.name == "fragile":
            raise BrokenStrategyError("fragile.py", "Traceback\n  no module named x")
        return load(source)

    monkeypatch.setattr(StrategySource, "load", loaded)
    answer = ask("show", broken, "--lake", swept)
    assert answer.code == 0
    assert "window" in answer.out
    assert "cannot be computed again: " in answer.err
    assert "no module named x" in answer.err
    document = ask("replay", broken, sound, "--lake", swept, "--json").json
    assert [run["identical"] for run in document["runs"]] == [None, True]


def test_a_pinned_lake_is_not_watched(swept: Path, ask: Ask) -> None:
    answer = ask("status", "--watch", "--version", 1, "--lake", swept)
    assert (answer.code, answer.out) == (2, "")

"""Luck: a real sweep's answer, in Python and on the command line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from lake.sweep_log import record_state
from queries import summary as summaries
from queries.luck.trials import SweepTrials, sweep_trials
from queries.sweep import sweep_row
from sweeplake.correlating import correlations
from tests.sweeplake.asking import Ask, refused

KEEP_ALL = """
name = "all"
strategy = "sma_cross"
symbols = "*"
timeframe = "1d"
[grid]
fast = [2, 3, 4]
slow = [7, 11, 30]
[details]
keep = "all"
"""


@pytest.fixture(scope="module")
def whole(bars_lake: Path, client: Client, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A lake with a sweep whose equity is all stored, and the sweep."""
    folder = tmp_path_factory.mktemp("luck")
    shutil.copytree(bars_lake, folder / "lake")
    (folder / "all.toml").write_text(KEEP_ALL)
    with sl.open(folder / "lake") as lake:
        return folder / "lake", sl.run(folder / "all.toml", lake=lake, client=client).sweep_id


def _mean_correlation(curves: pd.DataFrame) -> float:
    found = curves.corr().to_numpy()
    return float(found[~np.eye(len(found), dtype=bool)].mean())


def test_trials_correlate_as_their_stored_curves_do(whole: tuple[Path, str]) -> None:
    folder, sweep_id = whole
    with sl.open(folder) as lake:
        query = "select symbol, right(run_id, 16) as cell, time, equity from equity"
        equity = lake.catalog.arrow(query).to_pandas()
        found = correlations(lake, sweep_id)
        one = correlations(lake, sweep_id, "BBB")
    curves = {
        symbol: pd.DataFrame({cell: curve["equity"].to_numpy() for cell, curve in rows.groupby("cell")})
        .pct_change()
        .iloc[1:]
        for symbol, rows in equity.sort_values("time").groupby("symbol")
    }
    for symbol, returns in curves.items():
        assert found[symbol] == pytest.approx(_mean_correlation(returns), rel=1e-9)
    assert found[""] == pytest.approx(_mean_correlation((curves["AAA"] + curves["BBB"]) / 2), rel=1e-9)
    assert one == {"BBB": found["BBB"]}


def test_a_sweep_keeps_its_trials(whole: tuple[Path, str]) -> None:
    folder, sweep_id = whole
    with sl.open(folder) as lake:
        kept = SweepTrials.from_text(sweep_row(lake.catalog, sweep_id)["trials"])
        there = sweep_trials(lake.catalog, sweep_id)
    assert kept.symbols.keys() == {"AAA", "BBB"}
    assert kept.pooled == there.pooled == ("AAA", "BBB")
    pairs = [(kept.symbols[name], there.symbols[name]) for name in kept.symbols]
    for before, now in (*pairs, (kept.overall, there.overall)):
        assert before is not None
        assert now is not None
        assert before.trials == now.trials == 9
        assert before.variance == pytest.approx(now.variance)


def test_trials_count_when_their_runs_are_gone(whole: tuple[Path, str], tmp_path: Path, ask: Ask) -> None:
    shutil.copytree(whole[0], tmp_path / "lake")
    options = ("--lake", tmp_path / "lake")
    before = ask("luck", whole[1], "--symbol", "AAA", *options, "--json").json["luck"][0]
    query = "select run_id from metrics where symbol = 'AAA' order by sharpe limit 1"
    worst = ask("sql", query, "--format", "json", *options).json[0]["run_id"]
    assert ask("delete", worst, "--yes", *options).code == 0
    after = ask("luck", whole[1], "--symbol", "AAA", *options, "--json").json["luck"][0]
    assert after["overfitting"] is None
    for name in ("trials", "variance", "sharpe", "run_ids"):
        assert after[name] == before[name]


def test_the_command_answers_for_each_symbol_and_over_all(whole: tuple[Path, str], ask: Ask) -> None:
    answer = ask("luck", "latest", "--lake", whole[0])
    assert answer.code == 0
    for name in ("AAA", "BBB", "all 2 symbols"):
        assert f"\n{name}: Of 9 trials the best Sharpe ratio, " in answer.out
    found = ask("luck", whole[1], "--lake", whole[0], "--trials", "lake", "--json").json["luck"]
    assert [item["symbol"] for item in found] == ["AAA", "BBB", ""]
    for item in found:
        assert 1.0 <= item["effective_trials"] <= item["trials"] == 9
        assert 0.0 <= item["overfitting"]["pbo"] <= 1.0
        assert item["overfitting"]["splits"] == 12_870


def test_what_is_not_there_is_refused(whole: tuple[Path, str], ask: Ask) -> None:
    refused(ask("luck", "latest", "--lake", whole[0], "--symbol", "AAB"), "AAB", 'did you mean "AAA"')
    refused(ask("luck", "none", "--lake", whole[0]), "unknown sweep")


def test_what_cannot_be_computed_again_counts_as_independent(
    whole: tuple[Path, str], tmp_path: Path, ask: Ask
) -> None:
    shutil.copytree(whole[0], tmp_path / "lake")
    with sl.open(tmp_path / "lake") as lake:
        state = sweep_row(lake.catalog, whole[1])
        del state["at"]
        record_state(lake.tables, {**state, "strategy_code": "another"})
    (item, *_) = ask("luck", "latest", "--lake", tmp_path / "lake", "--json").json["luck"]
    assert (item["correlation"], item["effective_trials"]) == (None, 9.0)


def test_the_document_is_plain_json(whole: tuple[Path, str]) -> None:
    with sl.open(whole[0]) as lake:
        (luck,) = lake.sweep(whole[1]).luck("AAA")
    assert json.loads(json.dumps(luck.to_document()))["symbol"] == "AAA"


def _grid(folder: Path, slows: str) -> Path:
    file = folder / f"{len(slows)}.toml"
    file.write_text(KEEP_ALL.replace("[7, 11, 30]", slows).replace('keep = "all"', 'keep = "none"'))
    return file


def test_a_resumed_and_an_extended_sweep_have_the_answer_of_a_whole_one(
    bars_lake: Path, client: Client, tmp_path: Path
) -> None:
    found = []
    for name in ("whole", "resumed", "extended"):
        shutil.copytree(bars_lake, tmp_path / name)
        with sl.open(tmp_path / name) as lake:
            if name == "extended":
                sl.run(_grid(tmp_path, "[7, 11]"), lake=lake, client=client)
            most = 5 if name == "resumed" else None
            sweep = sl.run(_grid(tmp_path, "[7, 11, 20, 30]"), lake=lake, client=client, max_runs=most)
            if most:
                sweep = sl.resume(sweep.sweep_id, lake=lake, client=client)
            found.append([(luck.run_ids, luck.trials, luck.overfitting) for luck in sweep.luck()])
    assert found[0] == found[1] == found[2]
    assert [trials for _, trials, _ in found[0]] == [12, 12, 12]


def test_a_summary_of_too_many_runs_names_what_tells_of_luck(
    ask: Ask, swept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = sl.open(swept).sweep()
    assert "sweeplake luck" not in ask("summary", sweep.sweep_id, "--lake", swept).err
    monkeypatch.setattr(summaries, "_MOST_RUNS", 2)
    last = ask("summary", sweep.sweep_id, "--lake", swept).err.splitlines()[-1]
    assert last == f"whether the best run is luck: sweeplake luck {sweep.sweep_id} --lake {swept}"
    assert f"sweeplake luck {sweep.sweep_id}" in sweep.summary()._repr_html_()

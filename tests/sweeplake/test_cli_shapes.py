"""What programs rely on: the shapes of `--json`, the exit codes, and nothing else on standard output."""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest
from distributed import Client

import sweeplake as sl
from lake.schemas import METRIC_NAMES
from tests.sweeplake.asking import Answer, Ask, refused, tree

RUN = {"run_id", "sweep_id", "strategy", "symbol", "timeframe", "date", "params", "metrics"}
PARAMS = {"fast", "slow", "stop_loss"}


def _is_rows(answer: Answer) -> list[dict]:
    assert (answer.code, set(answer.json)) == (0, {"rows"})
    rows = answer.json["rows"]
    for row in rows:
        assert set(row) == RUN
        assert set(METRIC_NAMES) <= set(row["metrics"])
        assert datetime.fromisoformat(row["date"]).tzinfo is not None
    return rows


def _values(rows: Iterable[dict], metric: str) -> list[float]:
    return [row["metrics"][metric] for row in rows]


def test_best_gives_the_best_runs_first(ask: Ask, swept: Path) -> None:
    rows = _is_rows(ask("best", "--lake", swept, "-n", 4, "--strategy", "sma_cross", "--json"))
    assert len(rows) == 4
    assert _values(rows, "sharpe") == sorted(_values(rows, "sharpe"), reverse=True)
    assert set(rows[0]["params"]) == PARAMS
    assert isinstance(rows[0]["params"]["fast"], int)


def test_best_takes_a_metric_in_its_natural_direction(ask: Ask, swept: Path) -> None:
    rows = _is_rows(ask("best", "--lake", swept, "--metric", "max_drawdown", "--symbol", "BBB", "--json"))
    assert {row["symbol"] for row in rows} == {"BBB"}
    assert _values(rows, "max_drawdown") == sorted(_values(rows, "max_drawdown"))


def test_best_takes_a_sweep_and_least_trades(ask: Ask, swept: Path) -> None:
    options = ("--sweep", "latest", "--min-trades", 20, "--json")
    rows = _is_rows(ask("best", "--lake", swept, *options))
    assert {row["strategy"] for row in rows} == {"fragile"}
    assert min(_values(rows, "num_trades")) >= 20


def test_search_takes_every_filter(ask: Ask, swept: Path) -> None:
    words = (
        "--strategy sma_cross --symbol AAA --timeframe 1d --min-sharpe -9 --max-drawdown 0.9 --min-trades 1"
    )
    times = ("--since", "2020-01-01", "--until", "2100-01-01T00:00:00Z")
    order = ("--where", "param_fast < 8", "--sort", "calmar", "--asc", "--limit", 3, "--json")
    rows = _is_rows(ask("search", "--lake", swept, *words.split(), *times, *order))
    assert len(rows) == 3
    assert _values(rows, "calmar") == sorted(_values(rows, "calmar"))
    assert all(row["params"]["fast"] < 8 for row in rows)


def test_a_limit_of_zero_is_all(ask: Ask, swept: Path) -> None:
    assert len(_is_rows(ask("search", "--lake", swept, "--limit", 0, "--sort", "date", "--json"))) == 31


def test_an_answer_without_runs_is_an_answer(ask: Ask, swept: Path) -> None:
    answer = ask("search", "--lake", swept, "--min-sharpe", 99, "--json")
    assert (answer.code, answer.json, answer.err) == (0, {"rows": []}, "")


def test_lookup_finds_the_run_of_its_parameters(ask: Ask, swept: Path) -> None:
    named = ("--param", "fast=5", "--param", "slow=20", "--param", "stop_loss=off")
    rows = _is_rows(
        ask("lookup", "--lake", swept, "--strategy", "sma_cross", "--symbol", "AAA", *named, "--json")
    )
    assert [row["params"] for row in rows] == [{"fast": 5, "slow": 20, "stop_loss": None}]


def test_status_gives_the_newest_sweep_first(ask: Ask, swept: Path) -> None:
    sweeps = ask("status", "--lake", swept, "--json").json["sweeps"]
    assert [sweep["name"] for sweep in sweeps] == ["Some runs fail", "Cross of two averages"]
    assert [sweep["status"] for sweep in sweeps] == ["finished_with_failures", "finished"]
    counts = [(sweep["runs"], sweep["done"], sweep["failed"]) for sweep in sweeps]
    assert counts == [(4, 3, 1), (28, 28, 0)]


def test_status_of_one_sweep(ask: Ask, swept: Path) -> None:
    newest, oldest = (sweep["sweep_id"] for sweep in ask("status", "--lake", swept, "--json").json["sweeps"])
    for given, expected in (("latest", newest), (newest, newest), (oldest, oldest)):
        sweeps = ask("status", given, "--lake", swept, "--json").json["sweeps"]
        assert [sweep["sweep_id"] for sweep in sweeps] == [expected]


def test_summary_tells_counts_quantiles_best_and_failures(ask: Ask, swept: Path) -> None:
    found = ask("summary", "latest", "--lake", swept, "--json").json
    assert (found["name"], found["metric"], found["failed"]) == ("Some runs fail", "sharpe", 1)
    assert set(found["best"][0]) == RUN
    assert {"metric", "median", "runs"} <= set(found["quantiles"][0])
    assert [failure["runs"] for failure in found["failures"]] == [1]
    assert "Of 3 trials the best Sharpe ratio" in found["luck"][0]["verdict"]


def test_show_tells_all_of_a_run(ask: Ask, swept: Path) -> None:
    oldest = ask("status", "--lake", swept, "--json").json["sweeps"][1]["sweep_id"]
    chosen = ("--sweep", oldest, "--metric", "composite_score", "-n", 1)
    winner = ask("best", "--lake", swept, *chosen, "--json").json["rows"][0]
    found = ask("show", winner["run_id"], "--lake", swept, "--json").json
    curves = {"yearly_returns", "drawdowns", "exit_reasons"}
    assert set(found) == RUN | {"path", "trades", "equity"} | curves
    assert found["params"] == winner["params"]
    assert len(found["trades"]) == found["metrics"]["num_trades"]
    assert len(found["equity"]) == 200
    assert set(found["trades"][0]["entry_indicators"]) == {"sma_fast", "sma_slow"}
    assert "ulcer_index" in found["path"]


def test_show_computes_details_that_are_not_stored(ask: Ask, swept: Path) -> None:
    run_id = ask("best", "--lake", swept, "--strategy", "fragile", "--json").json["rows"][0]["run_id"]
    answer = ask("show", run_id, "--lake", swept, "--json")
    assert len(answer.json["trades"]) == answer.json["metrics"]["num_trades"]
    assert len(answer.json["equity"]) == 200
    assert answer.json["yearly_returns"]
    assert answer.json["exit_reasons"]
    assert "were computed now, from its sweep's bars and strategy" in answer.err


def test_plan_tells_the_cost_and_writes_nothing(ask: Ask, bars_lake: Path, files: Path) -> None:
    before = tree(bars_lake)
    answer = ask("plan", files / "cross.toml", "--lake", bars_lake, "--json")
    assert answer.code == 0
    plan = answer.json
    keys = ["runs", "reused", "to_compute", "undecided", "blocks", "estimate", "changed", "cautions"]
    assert list(plan) == keys
    assert (plan["changed"], plan["cautions"]) == ({}, [])
    assert (plan["runs"], plan["reused"], plan["to_compute"]) == (28, 0, 28)
    assert set(plan["estimate"]) == {"seconds", "memory_bytes", "lake_bytes"}
    assert min(plan["estimate"].values()) > 0
    assert tree(bars_lake) == before


def test_the_document_of_a_plan_has_its_cautions(ask: Ask, bars_lake: Path, files: Path) -> None:
    answer = ask("plan", files / "cross.toml", "--lake", bars_lake, "--workers", 100_000, "--json")
    (caution,) = answer.json["cautions"]
    assert "--workers" in caution


def test_a_plan_for_a_cluster_is_reckoned_there(
    ask: Ask, bars_lake: Path, files: Path, client: Client
) -> None:
    before = tree(bars_lake)
    words = ("plan", files / "fragile.toml", "--lake", bars_lake, "--scheduler")
    answer = ask(*words, client.scheduler.address, "--json")
    assert (answer.code, answer.json["runs"]) == (0, 4)
    one = ask(*words[:-1], "--workers", 1, "--json").json["estimate"]["memory_bytes"]
    assert answer.json["estimate"]["memory_bytes"] == pytest.approx(one, rel=0.1)
    assert tree(bars_lake) == before
    refused(ask(*words, client.scheduler.address, "--workers", 2), "--scheduler has its own workers")
    refused(ask(*words, "tcp://127.0.0.1:1"), "no scheduler answers")


def test_run_prints_one_document_and_its_progress_elsewhere(
    ask: Ask, bars_lake: Path, files: Path, client: Client, tmp_path: Path
) -> None:
    shutil.copytree(bars_lake, tmp_path / "lake")
    address = ("--scheduler", client.scheduler.address)
    answer = ask("run", files / "cross.toml", "--lake", tmp_path / "lake", *address, "--json")
    assert answer.code == 0
    counts = {"runs": 28, "computed": 28, "reused": 0, "failed": 0, "status": "finished"}
    assert set(answer.json) == {*counts, "sweep_id", "seconds", "best"}
    assert answer.json.items() >= counts.items()
    assert len(answer.json["best"]) == 10
    scores = _values(answer.json["best"], "composite_score")
    assert scores == sorted(scores, reverse=True)
    assert "28 of 28 runs" in answer.err


def test_a_sweep_with_failed_runs_exits_1_and_says_where_to_look(
    ask: Ask, bars_lake: Path, files: Path, client: Client, tmp_path: Path
) -> None:
    shutil.copytree(bars_lake, tmp_path / "lake")
    address = ("--scheduler", client.scheduler.address)
    answer = ask("run", files / "fragile.toml", "--lake", tmp_path / "lake", *address, "--fresh", "--json")
    assert answer.code == 1
    assert (answer.json["status"], answer.json["failed"]) == ("finished_with_failures", 1)
    assert f"1 run failed; see: sweeplake summary {answer.json['sweep_id']} --lake" in answer.err
    (failure,) = answer.json["failures"]
    assert (failure["runs"], failure["cause"]) == (1, "raised")
    answer = ask("run", files / "fragile.toml", "--lake", tmp_path / "lake", *address, "--fresh")
    assert answer.code == 1
    told = answer.out[answer.out.index("Failures by cause") :]
    assert "five is right out" in told


def test_an_embedded_cluster_of_so_many_workers_runs_a_sweep(
    ask: Ask, bars_lake: Path, files: Path, tmp_path: Path
) -> None:
    shutil.copytree(bars_lake, tmp_path / "lake")
    answer = ask("run", files / "cross.toml", "--lake", tmp_path / "lake", "--workers", 1)
    assert answer.code == 0
    assert answer.out.startswith("Best by composite_score\nstrategy   symbol  params")
    assert "28 runs on 2 symbols, 1 worker" in answer.err
    assert "next: sweeplake summary " in answer.err


def test_ingest_reports_what_became_of_each_symbol(ask: Ask, files: Path, tmp_path: Path) -> None:
    words = ("ingest", files / "AAA.csv", files / "BBB.csv", "--timeframe", "1d", "--lake", tmp_path / "lake")
    rows = ask(*words, "--json").json["rows"]
    assert [(row["symbol"], row["timeframe"], row["bars"], row["added"]) for row in rows] == [
        ("AAA", "1d", 200, 200),
        ("BBB", "1d", 200, 200),
    ]
    again = ask(*words, "--json").json["rows"]
    assert [row["unchanged"] for row in again] == [True, True]
    assert [row["fingerprint"] for row in again] == [row["fingerprint"] for row in rows]


def test_sql_prints_an_array_of_objects(ask: Ask, swept: Path) -> None:
    query = "select strategy, count(*) as runs from metrics group by strategy order by strategy"
    answer = ask("sql", query, "--format", "json", "--lake", swept)
    assert answer.json == [{"strategy": "fragile", "runs": 3}, {"strategy": "sma_cross", "runs": 28}]


@pytest.mark.parametrize("command", ["best", "search", "status"])
def test_a_lake_without_sweeps_answers_with_nothing(ask: Ask, bars_lake: Path, command: str) -> None:
    answer = ask(command, "--lake", bars_lake, "--json")
    assert (answer.code, list(answer.json.values())) == (0, [[]])
    told = ask(command, "--lake", bars_lake)
    assert (told.code, told.out) == (0, "")
    assert f"sweeplake run CONFIG --lake {bars_lake}" in told.err


def test_questions_change_nothing(ask: Ask, swept: Path) -> None:
    before = tree(swept)
    for words in ("status", "best", "search", "summary latest", "export metrics csv"):
        assert ask(*words.split(), "--lake", swept).code == 0
    assert tree(swept) == before


def test_python_and_the_command_line_agree(ask: Ask, swept: Path) -> None:
    rows = ask("best", "--lake", swept, "-n", 5, "--json").json["rows"]
    with sl.open(swept) as lake:
        assert list(lake.best(5).run_id) == [row["run_id"] for row in rows]

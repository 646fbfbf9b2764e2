"""The Python API: open, ingest, plan, run, and the questions of a lake, a sweep and a run."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from lake.lake import LakeMissingError
from queries.errors import RefusedSqlError, UnknownNameError
from sweeplake.cli.progress import describe
from sweeps.bars.errors import BarsInvalidError
from sweeps.execution import ledger, telling
from sweeps.execution.events import Ended, Event, Progressed, Reckoned, Started
from sweeps.spec.errors import ConfigError
from tests.sweeplake.asking import tree


@pytest.fixture
def lake(swept: Path) -> sl.Lake:
    return sl.open(swept)


@pytest.fixture
def own(bars_lake: Path, tmp_path: Path) -> Path:
    """A lake with bars, to write to."""
    shutil.copytree(bars_lake, tmp_path / "own")
    return tmp_path / "own"


def test_every_public_name_is_there_and_documented() -> None:
    for name in sl.__all__:
        assert getattr(sl, name).__doc__, name
        assert name in dir(sl)
    assert sorted(sl.__all__, key=lambda name: (not name.isupper(), name)) == sl.__all__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'heatmap'"):
        _ = sl.heatmap


def test_opening_creates_nothing(tmp_path: Path) -> None:
    opened = sl.open(tmp_path / "lake")
    assert repr(opened) == f"Lake('{tmp_path}/lake')"
    with pytest.raises(LakeMissingError, match="sweeplake ingest"):
        opened.best()
    assert not list(tmp_path.iterdir())


def test_the_environment_and_then_var_lake_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWEEPLAKE_LAKE", raising=False)
    assert sl.open().url == f"{tmp_path}/var/lake"
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(tmp_path / "mine"))
    assert sl.open().url == f"{tmp_path}/mine"


def test_one_file_is_ingested_by_its_name_alone(files: Path, tmp_path: Path) -> None:
    [report] = sl.ingest(str(files / "AAA.csv"), lake=tmp_path / "lake", timeframe="1d")
    assert (report.symbol, report.bars, report.added, report.unchanged) == ("AAA", 200, 200, False)
    [report] = sl.ingest(files / "AAA.csv", lake=sl.open(tmp_path / "lake"))
    assert report.unchanged


def test_an_ingest_of_a_bad_file_raises_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("time,open\n")
    with pytest.raises(BarsInvalidError, match=r"bad\.csv"):
        sl.ingest(tmp_path / "bad.csv", lake=tmp_path / "lake")
    assert not (tmp_path / "lake").exists()


def test_a_plan_tells_the_cost(bars_lake: Path, files: Path) -> None:
    plan = sl.plan(files / "cross.toml", lake=bars_lake, workers=2)
    assert (plan.runs, plan.reused, plan.to_compute) == (28, 0, 28)
    assert plan.blocks >= 2
    assert plan.estimate.seconds > 0


@pytest.mark.parametrize("keep", ["none", "top", "all"])
def test_a_plan_reckons_what_is_stored_within_a_factor(own: Path, client: Client, keep: str) -> None:
    """Of 200 bars neighbouring curves are alike, which a few do not tell; `make bench` is stricter."""
    document = {
        "name": "Many",
        "strategy": "sma_cross",
        "symbols": ["AAA", "BBB"],
        "timeframe": "1d",
        "grid": {"fast": list(range(2, 22)), "slow": list(range(30, 80))},
        "details": {"keep": keep, "n": 300},
    }
    plan = sl.plan(document, lake=own)
    sweep = sl.run(document, lake=own, client=client)
    names = ["metrics", "trades", "equity", "details"]
    tables = sweep.lake.tables.snapshot(names).tables
    stored = sum(file.size_bytes for name in names for file in tables[name].files)
    assert stored / 3 < plan.estimate.lake_bytes < stored * 3


def test_a_sweep_runs_from_a_file_a_document_or_a_model(own: Path, files: Path, client: Client) -> None:
    document = {
        "name": "From a document",
        "strategy": "sma_cross",
        "symbols": ["AAA"],
        "timeframe": "1d",
        "grid": {"fast": [2, 3], "slow": [10]},
    }
    sweep = sl.run(document, lake=own, client=client)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished", 2)
    with pytest.raises(ConfigError, match=r"configuration: grid\.fats"):
        sl.run({**document, "grid": {"fats": [1]}}, lake=own, client=client)
    again = sl.run(str(files / "cross.toml"), lake=sweep.lake, client=client)
    assert again.lake is sweep.lake
    assert len(again.lake.sweeps()) == 2


def test_an_observer_hears_of_every_event(own: Path, files: Path, client: Client) -> None:
    heard: list[Event] = []
    sweep = sl.run(files / "cross.toml", lake=own, client=client, observer=heard.append)
    kinds = [type(event) for event in heard]
    assert kinds[0] is Started
    assert kinds[-1] is Ended
    last = [event for event in heard if isinstance(event, Progressed)][-1]
    runs = sweep.lake.sql("select sharpe from metrics where sweep_id = $id", {"id": sweep.sweep_id}).df()
    assert (last.done, last.metric, last.best) == (len(runs), "sharpe", runs["sharpe"].max())


def test_it_tells_once_what_the_whole_sweep_costs(
    own: Path, files: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "BATCH_SECONDS", 0.0)  # every block is a commit
    monkeypatch.setattr(telling, "RECKONED_AFTER", 0.0)
    heard: list[Event] = []
    sweep = sl.run(files / "cross.toml", lake=own, client=client, observer=heard.append, fresh=True)
    [told] = [event for event in heard if isinstance(event, Reckoned)]
    assert sweep.outcome is not None
    assert 0 < told.seconds < 60
    assert told.blocks >= 1
    stored = [
        file for file in sweep.lake.tables.snapshot()["metrics"].files if sweep.sweep_id in str(file.minimum)
    ]
    assert told.lake_bytes == pytest.approx(sum(file.size_bytes for file in stored), rel=0.5)
    assert 2e8 < told.memory_bytes < 1e10
    assert describe(told).startswith("  about ")


def test_a_wrong_configuration_raises_and_touches_nothing(own: Path, files: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text((files / "cross.toml").read_text().replace("sma_cross", "sma_crss"))
    before = tree(own)
    for act in (sl.run, sl.plan):
        with pytest.raises(Exception, match='did you mean "sma_cross"'):
            act(bad, lake=own)
    assert tree(own) == before


def test_best_is_a_frame_of_the_best(lake: sl.Lake) -> None:
    best = lake.best(5, "calmar", strategy="sma_cross", min_trades=1)
    assert isinstance(best, pd.DataFrame)
    assert len(best) == 5
    assert best.calmar.is_monotonic_decreasing
    assert {"run_id", "param_fast", "sharpe", "created_at"} <= set(best.columns)


def test_search_filters_and_sorts(lake: sl.Lake) -> None:
    found = lake.search(strategy="sma_cross", where="param_fast = 2", sort="cagr", ascending=True, limit=0)
    assert len(found) == 12
    assert found.cagr.is_monotonic_increasing
    assert set(found.param_fast) == {2}
    with pytest.raises(UnknownNameError, match='did you mean "sharpe"'):
        lake.search(sort="sharp")


def test_lookup_by_parameters(lake: sl.Lake) -> None:
    found = lake.lookup("sma_cross", "AAA", {"fast": 5, "slow": 20, "stop_loss": None})
    assert list(found[["param_fast", "param_slow"]].iloc[0]) == [5, 20]
    assert len(found) == 1
    many = lake.lookup_many([sl.Lookup("sma_cross", "AAA", {"fast": 2}), sl.Lookup("fragile", "AAA")])
    assert many.groupby("request").size().to_dict() == {0: 6, 1: 3}


def test_sql_is_a_lazy_relation(lake: sl.Lake) -> None:
    query = "select count(*) as n from sma_cross where fast < $1"
    assert lake.sql(query, [5]).df().n[0] == 12


_GONE = "with gone as (delete from stored.held_metrics returning *) select count(*) as n from gone"


@pytest.mark.parametrize(
    "text",
    [
        "delete from stored.held_metrics",
        "with gone as (delete from stored.held_metrics returning *) select * from gone",
        "select 1; delete from stored.held_metrics",
        "explain analyze delete from stored.held_metrics",
        "create or replace view metrics as select 1 as one",
        "copy metrics to '{file}'",
        "create table kept as pivot metrics on symbol using count(*)",
        f"from json_execute_serialized_sql(json_serialize_sql('{_GONE}'))",
        f"from query('from json_execute_serialized_sql(json_serialize_sql(''{_GONE}''))')",
        f"""with x as (from "json_execute_serialized_sql"(json_serialize_sql('{_GONE}'))) pivot x on n""",
        "from enable_logging('QueryLog', storage := 'file', storage_path := '{file}')",
    ],
)
def test_sql_that_does_not_only_read_is_refused_and_not_run(lake: sl.Lake, tmp_path: Path, text: str) -> None:
    file = tmp_path / "file.parquet"
    with pytest.raises(RefusedSqlError, match="refused: "):
        lake.sql(text.format(file=file))
    assert lake.sql("select count(*) as n from metrics").df().n[0] == len(lake.search(limit=0))
    assert not file.exists()


def test_sql_may_pivot_by_rows_and_read_other_files(lake: sl.Lake, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("symbol,sector\nAAA,x\n")
    pivoted = lake.sql("pivot (select symbol from metrics) on symbol using count(*)").df()
    assert {"AAA", "BBB"} <= set(pivoted.columns)
    own = f"select sector from metrics join '{tmp_path / 'own.csv'}' using (symbol) group by all"  # noqa: S608
    assert lake.sql(own).fetchall() == [("x",)]


def test_sweeps_and_a_sweep(lake: sl.Lake) -> None:
    sweeps = lake.sweeps()
    assert list(sweeps.name) == ["Some runs fail", "Cross of two averages"]
    newest, oldest = lake.sweep(), lake.sweep(sweeps.sweep_id[1])
    assert newest.sweep_id == sweeps.sweep_id[0]
    assert repr(oldest) == f"Sweep('{oldest.sweep_id}': Cross of two averages, finished, 28 of 28 runs)"
    assert (oldest.metric, newest.metric) == ("composite_score", "sharpe")
    assert oldest.status()["detailed"] == len(oldest.lake.sql("from details").df())
    with pytest.raises(UnknownNameError, match="unknown sweep"):
        lake.sweep("none")


def test_a_sweep_answers_for_itself_alone(lake: sl.Lake) -> None:
    newest = lake.sweep("latest")
    assert set(newest.best(10).strategy) == {"fragile"}
    assert len(newest.search(limit=0)) == 3
    failures = newest.failures()
    assert list(failures.cause) == ["raised"]
    assert "five is right out" in failures.error[0]
    assert newest.summary().best.num_rows == 1


def test_a_run_has_all_that_is_stored(lake: sl.Lake) -> None:
    run_id = lake.sweep(lake.sweeps().sweep_id[1]).best(1, "composite_score").run_id[0]
    run = lake.run(run_id)
    assert run.run_id == run_id
    assert repr(run).startswith(f"StoredRun('{run_id}': sma_cross on ")
    assert set(run.params) == {"fast", "slow", "stop_loss"}
    assert run.has_details
    assert len(run.trades) == run.metrics["num_trades"]
    assert len(run.equity) == 200
    assert run.equity.equity.iloc[-1] == pytest.approx(run.metrics["final_equity"], rel=1e-9)
    assert {"ulcer_index", "avg_drawdown"} <= set(run.path_metrics)


def test_a_run_without_details_has_them_when_they_are_asked_for(lake: sl.Lake) -> None:
    run = lake.run(lake.best(1, strategy="fragile").run_id[0])
    assert not run.has_details
    assert len(run.trades) == run.metrics["num_trades"]
    assert run.equity.equity.iloc[-1] == pytest.approx(run.metrics["final_equity"], rel=1e-9)
    assert {"ulcer_index", "avg_drawdown"} <= set(run.path_metrics)


def test_an_unknown_run_is_told(lake: sl.Lake) -> None:
    with pytest.raises(UnknownNameError, match="unknown run"):
        lake.run("0" * 32)


def test_a_lake_reads_one_snapshot_until_it_is_refreshed(own: Path, files: Path, client: Client) -> None:
    with sl.open(own) as reader:
        assert len(reader.sweeps()) == 0
        sl.run(files / "cross.toml", lake=own, client=client)
        assert len(reader.sweeps()) == 0
        assert len(reader.refresh().sweeps()) == 1
    assert len(reader.sweeps()) == 1

"""What a notebook shows at the end of a cell, and relations as other libraries read them."""

import gc
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from distributed import Client

import sweeplake as sl
from lake.lake import open_lake
from tests.queries.conftest import put, put_runs, put_sweep, run_rows

HOSTILE = '<script>alert("1")</script>&amp;'


class Shown(HTMLParser):
    """Text and tags of a piece of HTML; every tag must be closed."""

    def __init__(self, shown: Any) -> None:
        super().__init__()
        self.text, self.tags, self._open = "", set[str](), list[str]()
        self.feed(shown._repr_html_())
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002
        self.tags.add(tag)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def lake(swept: Path) -> sl.Lake:
    return sl.open(swept)


def test_everything_that_ends_a_cell_shows_itself(lake: sl.Lake) -> None:
    ids = lake.sweeps().sweep_id
    sweep = lake.sweep(ids[1])
    shown: list[tuple[Any, str]] = [
        (lake, "Some runs fail"),
        (sweep, "finished"),
        (sweep.summary(), "Best by composite_score"),
        (lake.sweep(ids[0]).summary(), "five is right out"),
        (sweep.luck()[0], "Of 14 trials"),
        (sweep.sensitivity(), "eta_squared"),
        (sweep.correlated(5), "The best 5 runs are"),
        (sweep.diff(ids[0], "sharpe"), "What moved most"),
        (lake.run(sweep.best(1).run_id[0]), "stop_loss"),
    ]
    for item, text in shown:
        page = Shown(item)
        assert text in page.text
        assert page.tags <= {"style", "div", "table", "thead", "tbody", "tr", "th", "td"}
        assert len(repr(item)) < 400
        assert "\n" not in repr(item)


def test_a_lake_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert "there is no lake at" in Shown(sl.open(tmp_path / "none")).text


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    tables = open_lake(str(tmp_path / "lake"))
    known = [{"name": HOSTILE, "column": "param_a", "kind": "text", "section": "strategy"}]
    put_sweep(tables, HOSTILE, HOSTILE, runs=2, parameters=json.dumps(known), error=HOSTILE)
    rows = run_rows(HOSTILE, ["1" * 32, "2" * 32], {"param_a": [HOSTILE, "b"], "sharpe": [1.0, 2.0]})
    put_runs(tables, "x", HOSTILE, rows)
    failed = {"sweep_id": [HOSTILE], "run_id": ["3" * 32], "cause": ["raised"], "error": [HOSTILE]}
    put(tables, "failures", pa.table(failed), date="2026-01-02")
    lake = sl.open(tmp_path / "lake")
    sweep = lake.sweep(HOSTILE)
    for item in (lake, sweep, sweep.summary(), lake.run("1" * 32)):
        page = Shown(item)
        assert HOSTILE in page.text
        assert "script" not in page.tags


def test_a_relation_is_read_by_other_libraries(lake: sl.Lake) -> None:
    relation = lake.sql(
        "select symbol, param_fast as fast, sharpe from metrics where strategy = $1", ["sma_cross"]
    )
    arrow = relation.to_arrow_table()
    frame = relation.pl()
    assert isinstance(frame, pl.DataFrame)
    assert arrow.num_rows == len(relation.df()) == frame.height == relation.arrow().read_all().num_rows == 28
    assert frame["sharpe"].to_list() == arrow["sharpe"].to_pylist()
    assert relation.pl(lazy=True).select(pl.len()).collect().item() == 28
    best = relation.filter("fast = 5").order("sharpe desc").limit(2).project("symbol, sharpe")
    expected = frame.filter(pl.col("fast") == 5).sort("sharpe", descending=True).head(2)
    assert best.pl()["sharpe"].to_list() == expected["sharpe"].to_list()
    counts = relation.aggregate("symbol, count(*) as runs", "symbol").order("symbol").fetchall()
    assert counts == [("AAA", 14), ("BBB", 14)]


@pytest.mark.parametrize("config", ["cross.toml", "fragile.toml"])
def test_a_relation_reads_its_snapshot_also_after_a_refresh(
    bars_lake: Path, files: Path, client: Client, tmp_path: Path, config: str
) -> None:
    """A sweep of a new strategy makes all views anew, another one changes their files alone."""
    shutil.copytree(bars_lake, tmp_path / "lake")
    sl.run(files / "cross.toml", lake=sl.open(tmp_path / "lake"), client=client)
    lake = sl.open(tmp_path / "lake")
    asked, later = (lake.sql("select count(*) as runs from metrics") for _ in range(2))
    assert asked.fetchall() == [(28,)]
    sl.run(files / config, lake=sl.open(tmp_path / "lake"), client=client)
    lake.refresh()
    gc.collect()
    assert later.filter("runs > 0").pl()["runs"].to_list() == [28], "it was asked of the snapshot before"
    assert lake.sql("select count(*) as runs from metrics").fetchall()[0][0] > 28
    unasked = lake.sql("select 1")
    lake.close()
    with pytest.raises(duckdb.ConnectionException, match="closed"):
        unasked.df()

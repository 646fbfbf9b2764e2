"""A backtester's own metrics: ranked and shown by the name that it gave, and by their column's."""

import json
import re
from pathlib import Path

import pytest

import sweeplake as sl
from lake.lake import open_lake
from tests.queries.conftest import MEANREV, MEANREV_PARAMETERS, meanrev_rows, put_runs, put_sweep
from tests.sweeplake.asking import Ask

NAMES = ["edge", "metric_edge"]


def made(folder: Path, metric: str) -> Path:
    """A lake of one sweep whose details were chosen by its own metric, 0 to 9."""
    lake = open_lake(folder / "lake")
    config = json.dumps({"details": {"metric": metric}})
    bars = json.dumps({"007": {"bars": 654_321}})
    columns = {"config": config, "bars": bars, "parameters": MEANREV_PARAMETERS, "runs": 10}
    put_sweep(lake, MEANREV, "meanrev", **columns)
    put_runs(lake, "meanrev", "007", meanrev_rows("007", 10, 1))
    return folder / "lake"


@pytest.mark.parametrize("metric", NAMES)
def test_what_ranks_is_shown_by_either_name(ask: Ask, tmp_path: Path, metric: str) -> None:
    lake = made(tmp_path, metric)
    for words in (["best", "--metric", metric], ["search", "--sort", metric], ["summary", MEANREV]):
        best = re.search(r"rsi_period=11 smooth=no +(\S+) ", ask(*words, "--lake", lake).out)
        assert best is not None, words
        assert best[1] == "9"


@pytest.mark.parametrize("metric", NAMES)
def test_a_report_shows_what_ranks_and_the_bars_that_the_sweep_read(tmp_path: Path, metric: str) -> None:
    file = tmp_path / "report.html"
    with sl.open(made(tmp_path, metric)) as lake:
        lake.sweep(MEANREV).report(file)
    page = file.read_text()
    assert re.search(r"<dt>Best [Ee]dge</dt>\s*<dd>9.00</dd>", page)
    assert re.search(r"rsi_period 11, smooth false</td><td>9.00</td>", page)
    assert "654,321" in page

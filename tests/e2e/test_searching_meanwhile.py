"""Questions of a sweep that runs: each refresh shows one moment of it, whatever is committed meanwhile."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from queries.confine import ConfinedCatalog
from sweeplake.lake import Lake
from tests.e2e.sweeping import SLOW, SWEEP, sweeping

MOMENTS = 5
HALVES = """
    select count(*) as halves from details
    where trades <> (
        select count(*) from trades
        where trades.sweep_id = details.sweep_id and trades.run_id = details.run_id
    ) or equity_rows <> (
        select count(*) from equity
        where equity.sweep_id = details.sweep_id and equity.run_id = details.run_id
    )
"""
COUNTS = """
    select (select count(*) from metrics) as runs, (select count(*) from failures) as failed,
        (select count(*) from details) as detailed,
        (select count(distinct run_id) from metrics) as distinct_runs
"""


def test_a_search_while_a_sweep_runs_reads_one_moment(
    small_lake: Lake, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPLAKE_CACHE", str(tmp_path / "cache"))
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    seen: list[int] = []
    with sweeping(config, small_lake) as (process, sweep_id):
        began = time.monotonic()
        while len(set(seen)) < MOMENTS:
            assert process.poll() is None
            assert time.monotonic() - began < 120
            small_lake.refresh()
            if len(set(seen)) == MOMENTS // 2:
                small_lake.cache()
            found = small_lake.search(limit=0)
            time.sleep(0.5)  # for the driver to go on
            counts = small_lake.sql(COUNTS).df().iloc[0]
            assert small_lake.search(limit=0).equals(found)
            assert small_lake.best(7).equals(found.dropna(subset="sharpe").head(7))
            assert counts["runs"] == counts["distinct_runs"] == len(found)
            assert small_lake.sql(HALVES).fetchall() == [(0,)]
            state = small_lake.sweep(sweep_id).status()
            assert (state["done"], state["failed"], state["detailed"]) == (*counts[:3],)
            with ConfinedCatalog(small_lake.catalog.snapshot) as confined:
                assert confined.arrow(COUNTS).to_pylist() == [dict(counts)]
            seen.append(len(found))
    assert seen == sorted(seen)

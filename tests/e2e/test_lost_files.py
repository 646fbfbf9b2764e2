"""A file lost behind the lake's back: check names it, repair takes it out, resume computes what it held."""

from collections.abc import Callable
from pathlib import Path

import pytest

import sweeplake as sl
from sweeplake.lake import Lake
from tests.e2e.market import made_lake
from tests.e2e.processes import sweeplake

RUNS = "select run_id, sharpe, max_drawdown, num_trades from metrics order by run_id"
KEPT = "select run_id, count(*) as n, sum(pnl) as pnl from trades group by run_id order by run_id"


@pytest.fixture
def own_lake(tmp_path: Path) -> Lake:
    return made_lake(tmp_path, {"AAA": 300})


@pytest.mark.parametrize("table", ["metrics", "trades"])
def test_what_a_lost_file_held_is_computed_again(
    own_lake: Lake, write: Callable[..., Path], table: str
) -> None:
    config = write(
        sweep__toml="""
        name = "lost"
        strategy = "sma_cross"
        symbols = "*"
        timeframe = "1d"
        [grid]
        fast = { start = 2, stop = 9, step = 1 }
        slow = { start = 10, stop = 40, step = 5 }
        [details]
        keep = "all"
        """
    )
    sweep = sl.run(config, lake=own_lake)
    lake = own_lake.refresh()
    whole, trades = lake.sql(RUNS).fetchall(), lake.sql(KEPT).fetchall()
    file = lake.tables.snapshot([table])[table].files[0]
    Path(lake.url, table, file.path).unlink()

    def ask(*words: str) -> int:
        return sweeplake(*words, "--lake", lake.url, cwd=config.parent).returncode

    assert ask("check") == 1
    assert ask("check", "--repair", "--drop-damaged") == 1
    assert len(lake.refresh().sql(RUNS).fetchall()) < len(whole)
    assert ask("resume", sweep.sweep_id, "--workers", "1") == 0
    lake.refresh()
    assert lake.sql(RUNS).fetchall() == whole
    assert lake.sql(KEPT).fetchall() == trades
    assert ask("check", "--deep") == 0
    again = sweeplake("resume", sweep.sweep_id, "--lake", lake.url, cwd=config.parent)
    assert "is whole: nothing to do" in again.stderr

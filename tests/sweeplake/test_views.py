"""What runs, parameter sets and storage come to: the command line, Python and SQL tell the same."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

import sweeplake as sl
from lake.usage import bytes_by_table
from queries import leaderboard
from queries.errors import UnknownNameError
from sweeplake.cli.leaderboard import ORDERS
from tests.sweeplake.asking import Ask, refused


@pytest.fixture
def lake(swept: Path) -> sl.Lake:
    return sl.open(swept)


def _detailed(lake: sl.Lake) -> list[sl.StoredRun]:
    return [lake.run(run_id) for (run_id,) in lake.sql("select run_id from details order by 1").fetchall()]


def test_a_run_tells_what_the_views_tell_of_it(lake: sl.Lake) -> None:
    runs = _detailed(lake)
    assert len(runs) == 6
    for run in runs:
        for view, order, found in (
            ("daily_pnl", "day", run.daily_pnl()),
            ("monthly_returns", "month", run.monthly_returns()),
            ("yearly_returns", "year", run.yearly_returns()),
            ("drawdowns", "rank", run.drawdowns()),
            ("trades_by_exit_reason", "exit_reason", run.trades_by("exit_reason")),
            ("trades_by_weekday", "weekday", run.trades_by("weekday")),
        ):
            query = f"""
                select * exclude (sweep_id, run_id, strategy, symbol) from {view}
                where run_id = $1 order by {order}
            """  # noqa: S608
            told = lake.catalog.arrow(query, [run.run_id]).to_pandas()
            pd.testing.assert_frame_equal(found, told)


def test_curves_agree_with_metrics_and_trades(lake: sl.Lake) -> None:
    for run in _detailed(lake):
        days, falls, path = run.daily_pnl(), run.drawdowns(), run.path_metrics
        assert (1 + days.day_return).prod() - 1 == pytest.approx(run.metrics["total_return"], abs=1e-12)
        assert days.trades_closed.sum() == run.metrics["num_trades"]
        assert run.yearly_returns().pnl.sum() == pytest.approx(run.trades.pnl.sum(), rel=1e-9)
        assert falls.depth.max() == pytest.approx(run.metrics["max_drawdown"], rel=1e-12)
        assert falls.depth.mean() == pytest.approx(path["avg_drawdown"], rel=1e-12)
        assert falls.bars_under_water.max() == path["max_drawdown_bars"]
        assert falls.bars_under_water.mean() == pytest.approx(path["avg_drawdown_bars"])
        reasons = run.trades_by("exit_reason")
        assert reasons.trades.sum() == len(run.trades)


def test_the_profit_of_an_open_position_is_that_of_its_price(lake: sl.Lake) -> None:
    """The configuration has neither fees nor slippage: what a close is above the entry is the profit."""
    run = _detailed(lake)[0]
    symbol = run.document["symbol"]
    bars = lake.catalog.rows("select time, close from bars where symbol = $1", [symbol])
    close = {row["time"]: row["close"] for row in bars}
    checked = 0
    for trade in run.trades.itertuples():
        day = trade.entry_time
        while day < trade.exit_time:
            found = run.day_positions(day.date()).set_index("trade").loc[trade.trade]
            sign = 1 if trade.side == "long" else -1
            gain = sign * trade.quantity * (close[day] - trade.entry_price)
            assert found.pnl_so_far == pytest.approx(gain, abs=1e-6)
            assert (found.opened, found.closed) == (day == trade.entry_time, False)
            day, checked = day + timedelta(days=1), checked + 1
    assert checked > 50


def test_a_run_without_details_is_computed_for_its_curves(lake: sl.Lake) -> None:
    run = lake.run(lake.best(1, strategy="fragile").run_id[0])
    assert not run.has_details
    assert (1 + run.yearly_returns().year_return).prod() - 1 == pytest.approx(run.metrics["total_return"])
    assert len(run.day_positions(run.trades.entry_time[0].date())) >= 1


def test_show_prints_years_drawdowns_and_exit_reasons(ask: Ask, swept: Path, lake: sl.Lake) -> None:
    run_id = lake.best(1, strategy="fragile").run_id[0]
    for name in (run_id, _detailed(lake)[0].run_id):
        answer = ask("show", name, "--lake", swept)
        assert answer.code == 0
        trades, years, falls, reasons = (
            answer.out.index(f"\n{title}")
            for title in ("Trades (", "Years\n", "Deepest drawdowns\n", "Trades by exit reason\n")
        )
        assert trades < years < falls < reasons
        assert answer.out[falls:reasons].strip().count("\n") <= 6
    document = ask("show", run_id, "--lake", swept, "--json").json
    assert len(document["drawdowns"]) <= 5
    assert [year["year"] for year in document["yearly_returns"]] == sorted(
        {int(bar["time"][:4]) for bar in document["equity"]}
    )


def test_leaderboard_ranks_parameter_sets(ask: Ask, swept: Path, lake: sl.Lake) -> None:
    oldest = lake.sweeps().sweep_id[1]
    options = ("--sweep", oldest, "--metric", "composite_score", "--by", "worst", "-n", 4, "--min-symbols", 2)
    answer = ask("leaderboard", "--lake", swept, *options, "--json")
    assert (answer.code, set(answer.json)) == (0, {"metric", "rows"})
    rows = answer.json["rows"]
    worst = [row["worst"] for row in rows]
    assert worst == sorted(worst, reverse=True)
    assert [set(row["params"]) for row in rows] == [{"fast", "slow", "stop_loss"}] * 4
    assert {(row["symbols"], row["missing"]) for row in rows} == {(2, 0)}
    found = lake.sweep(oldest).leaderboard(4, "composite_score", order_by="worst", min_symbols=2)
    assert list(found.parameter_set) == [row["parameter_set"] for row in rows]
    told = ask("leaderboard", "--lake", swept, "--strategy", "fragile")
    assert told.out.startswith("Parameter sets by mean sharpe\nstrategy  timeframe  params")
    assert told.err.startswith("next: sweeplake show ")


def test_the_command_line_offers_every_order() -> None:
    assert leaderboard.ORDERS == ORDERS


def test_leaderboard_refuses_what_does_not_exist(ask: Ask, swept: Path, lake: sl.Lake) -> None:
    refused(ask("leaderboard", "--lake", swept, "--metric", "sharp"), 'did you mean "sharpe"')
    refused(ask("leaderboard", "--lake", swept, "--sweep", "none"), 'unknown sweep "none"')
    nothing = ask("leaderboard", "--lake", swept, "--min-symbols", 9)
    assert (nothing.code, nothing.out) == (0, "")
    assert "no parameter set passes" in nothing.err
    with pytest.raises(UnknownNameError, match="unknown order"):
        lake.leaderboard(order_by="median")


def test_storage_tells_tables_and_sweeps(ask: Ask, swept: Path, lake: sl.Lake) -> None:
    found = ask("storage", "--lake", swept, "--json").json
    sizes = {row["table_name"]: row["size_bytes"] for row in found["tables"]}
    expected = bytes_by_table(lake.tables.snapshot())
    assert sizes == {name: size for name, size in expected.items() if size}
    assert next(row for row in found["sweeps"] if row["table_name"] == "metrics")["row_count"] == 3
    assert len(lake.storage()) == len(found["sweeps"])
    newest = lake.sweep()
    mine = ask("storage", "--lake", swept, "--sweep", "latest", "--json").json["sweeps"]
    assert mine == newest.storage().to_dict("records")
    told = ask("storage", "--lake", swept)
    assert told.out.startswith("Tables\ntable_name  files")
    assert newest.sweep_id in told.out
    refused(ask("storage", "--lake", swept, "--sweep", "none"), 'unknown sweep "none"')


def test_a_lake_without_sweeps_has_bars_alone(ask: Ask, bars_lake: Path) -> None:
    assert ask("storage", "--lake", bars_lake, "--json").json["sweeps"] == []
    assert "Sweeps" not in ask("storage", "--lake", bars_lake).out
    assert ask("leaderboard", "--lake", bars_lake, "--json").json["rows"] == []

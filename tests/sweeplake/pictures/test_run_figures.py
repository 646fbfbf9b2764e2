"""Figures of a run show its tables, and say it where there is nothing to show."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import sweeplake as sl
from queries.errors import BadValueError
from sweeplake.pictures.calendar import by_month, calendar_figure
from sweeplake.pictures.equity import equity_figure
from sweeplake.pictures.theme import GAIN, LOSS
from sweeplake.pictures.trades import trades_figure
from tests.e2e.market import made_bars
from tests.sweeplake.pictures.made import HOSTILE, bars, curve, returns, trade, traded


@pytest.fixture(params=range(6))
def run(swept: str, request: pytest.FixtureRequest) -> sl.StoredRun:
    lake = sl.open(swept)
    ids = lake.sql("select run_id from details order by 1").fetchall()
    return lake.run(ids[request.param][0])


def _named(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data}


def _sentence(figure: go.Figure) -> str:
    assert not figure.data
    (only,) = figure.layout.annotations
    return str(only.text)


def test_equity_is_the_run_s(run: sl.StoredRun) -> None:
    traces = _named(run.plot.equity())
    assert list(traces) == ["Buy and hold", "Equity", "Drawdown", "Position"]
    assert (np.asarray(traces["Equity"].y) == run.equity["equity"].to_numpy()).all()
    assert (np.asarray(traces["Drawdown"].y) == -run.equity["drawdown"].to_numpy()).all()
    assert list(pd.to_datetime(list(traces["Equity"].x), utc=True)) == list(run.equity["time"])


def test_buying_and_holding_begins_at_the_capital_and_ends_at_its_metric(run: sl.StoredRun) -> None:
    held = np.asarray(_named(run.plot.equity())["Buy and hold"].y)
    capital = run.metrics["final_equity"] / (1 + run.metrics["total_return"])
    assert held[-1] == pytest.approx(capital * (1 + run.metrics["buy_hold_return"]), rel=1e-12)
    fill = run.bars["open"][1]  # at the next open, without costs
    assert held[1] == pytest.approx(capital * run.bars["close"][1] / fill, rel=1e-9)


def test_bars_are_those_of_the_window(run: sl.StoredRun) -> None:
    row = run.stored.run.to_pylist()[0]
    assert len(run.bars) == len(run.equity) == row["n_bars"]
    assert (run.bars["time"].iloc[0], run.bars["time"].iloc[-1]) == (row["period_start"], row["period_end"])
    assert (run.bars["time"] == run.equity["time"]).all()


def test_every_trade_is_on_the_price(run: sl.StoredRun) -> None:
    figure = run.plot.trades()
    traces = _named(figure)
    assert (np.asarray(traces.pop("Close").y) == run.bars["close"].to_numpy()).all()
    shown = []
    for name, trace in traces.items():
        points = list(zip(trace.x, trace.y, strict=True))
        assert points[2::3] == [(None, None)] * (len(points) // 3)
        won = name.endswith("won")
        shown += [
            (name.split(",")[0].lower(), won, *entry, *left)
            for entry, left in zip(points[::3], points[1::3], strict=True)
        ]
        assert trace.line.color == (GAIN if won else LOSS)
    trades = run.trades
    expected = [
        (side, pnl > 0, f"{entry:%Y-%m-%d}", price, f"{left:%Y-%m-%d}", sold)
        for side, pnl, entry, price, left, sold in zip(
            *(
                trades[name]
                for name in ("side", "pnl", "entry_time", "entry_price", "exit_time", "exit_price")
            ),
            strict=True,
        )
    ]
    assert sorted(shown) == sorted(expected)


def test_the_calendar_has_every_day_and_month(run: sl.StoredRun) -> None:
    days, months = run.plot.calendar().data
    daily = run.daily_pnl()
    shown = {
        name: value
        for names, values in zip(days.customdata, days.z, strict=True)
        for name, value in zip(names, values, strict=True)
        if name
    }
    assert shown == {f"{day:%Y-%m-%d}": value for day, value in zip(daily.day, daily.day_return, strict=True)}
    assert np.nansum(np.asarray(months.z)[:, :12]) == pytest.approx(run.monthly_returns().month_return.sum())
    assert list(np.asarray(months.z)[:, 12]) == list(run.yearly_returns().year_return)


def test_days_stand_in_their_week_and_weekday() -> None:
    # 2024 began on a Monday and was a leap year; 2025 began on a Wednesday.
    given = {"2024-01-01": 0.01, "2024-12-31": 0.02, "2025-01-03": None, "2025-01-06": -0.03}
    figure = calendar_figure("R", *returns(given))
    names = np.array(figure.data[0].customdata)
    place = {name: tuple(map(int, np.argwhere(names == name)[0])) for name in given}
    assert place == {"2024-01-01": (0, 0), "2024-12-31": (1, 52), "2025-01-03": (10, 0), "2025-01-06": (6, 1)}
    assert np.isnan(np.asarray(figure.data[0].z)[10, 0])
    assert names.shape == (11, 54)


def test_a_weekend_with_bars_has_rows() -> None:
    figure = calendar_figure("R", *returns({"2024-01-06": 0.01, "2024-01-07": 0.02}))
    assert np.asarray(figure.data[0].z)[5:7, 0].tolist() == [0.01, 0.02]


def test_months_without_bars_are_undefined() -> None:
    found = by_month(*returns({"2024-01-02": 0.01, "2024-03-01": 0.02, "2025-12-31": -0.5})[1:])
    assert found[0, [0, 2, 12]].tolist() == [0.01, 0.02, 0.03]
    assert found[1, [11, 12]].tolist() == [-0.5, -0.5]
    assert np.isnan(found).sum() == 21


def test_without_trades_the_price_stays_and_a_sentence_says_so() -> None:
    nothing = traded(trade(1, "long", 1.0))[:0]
    figure = trades_figure("T", nothing, bars([1.0, 2.0]), "told")
    assert list(_named(figure)) == ["Close"]
    assert [note.text for note in figure.layout.annotations] == ["It has no trades."]
    assert _sentence(trades_figure("T", nothing)) == "It has no trades."
    assert _sentence(trades_figure("T", nothing, bars([]))) == "It has no trades."


def test_without_bars_a_sentence_says_so() -> None:
    assert _sentence(equity_figure("E", curve([]))) == "It has no equity curve."
    assert _sentence(calendar_figure("C", *returns({}))) == "It has no equity curve."


def test_trades_without_a_price_are_drawn() -> None:
    figure = trades_figure("T", traded(trade(1, "long", 1.0), trade(2, "short", -1.0, "end_of_data")))
    assert list(_named(figure)) == ["Long, won", "Short, lost"]
    assert list(_named(figure)["Short, lost"].marker.symbol[:2]) == ["triangle-down", "circle-open"]
    assert list(_named(figure)["Long, won"].marker.symbol[:2]) == ["triangle-up", "circle"]


def test_what_a_backtester_does_not_tell_of_a_trade_is_left_out() -> None:
    whole = trade(1, "long", 1.0)
    unknown = dict.fromkeys(("side", "pnl", "return", "quantity", "mae", "mfe", "bars_held", "exit_reason"))
    figure = trades_figure(
        "T", traded(whole, {**whole, **unknown}, {**whole, "exit_time": None}), told="told"
    )
    assert list(_named(figure)) == ["Trade, P&amp;L not known", "Long, won"]
    assert [note.text for note in figure.layout.annotations] == ["1 of 3 trades have no time or price."]


def test_a_backtester_s_curve_has_no_position() -> None:
    figure = equity_figure("E", curve([100.0, 101.0]).assign(position=np.nan))
    assert list(_named(figure)) == ["Equity", "Drawdown"]


def test_axes_of_a_run_that_does_nothing_begin_at_zero() -> None:
    figure = equity_figure("E", curve([100.0, 100.0, 100.0]))
    assert list(figure.layout.yaxis2.range) == [-0.01, 0.0]
    assert figure.layout.yaxis3.rangemode == "tozero"
    assert list(equity_figure("E", curve([100.0, 50.0])).layout.yaxis2.range) == [-0.525, 0.0]


def test_the_calendar_s_days_have_a_scale() -> None:
    days, months = calendar_figure("R", *returns({"2024-01-01": 0.01, "2024-01-02": -0.02})).data
    assert (days.showscale, months.showscale) == (True, False)


def test_one_bar_is_a_point() -> None:
    assert {trace.mode for trace in equity_figure("E", curve([100.0])).data} == {"markers"}


def test_what_is_not_known_of_a_price_is_a_gap() -> None:
    figure = equity_figure("E", curve([100.0, 101.0]), np.array([np.nan, 101.0]))
    assert np.isnan(_named(figure)["Buy and hold"].y[0])


def test_a_ruined_run_ends_at_zero() -> None:
    figure = equity_figure("E", curve([100.0, 0.0, 0.0]))
    assert list(_named(figure)["Drawdown"].y) == [0.0, -1.0, -1.0]


def test_a_million_bars_stay_a_small_picture_with_every_trade() -> None:
    walk = (1000 + np.cumsum(np.random.default_rng(7).normal(size=1_000_000))).tolist()
    account = equity_figure("E", curve(walk, step="min"), np.array(walk))
    assert max(len(trace.x) for trace in account.data) <= 5002
    made = traded(*(trade(number, "long", 1.0) for number in range(1, 7001)))
    figure = _named(trades_figure("T", made, bars(walk, step="min")))
    assert len(figure["Close"].x) <= 5002
    assert len(figure["Long, won"].x) == 3 * 7000


def test_hostile_names_stay_text() -> None:
    made = traded({**trade(1, HOSTILE, 1.0), "exit_reason": HOSTILE})
    figure = trades_figure(HOSTILE, made)
    (trace,) = figure.data
    for text in (figure.layout.title.text, trace.name, *trace.hovertext[:2]):
        assert "<script" not in text
        assert "&lt;" in text


@pytest.fixture
def corrected(hostile: sl.StoredRun, tmp_path: Path) -> Path:
    """A copy of its lake, in which other bars took the place of those that it ran on."""
    shutil.copytree(hostile.lake.url.removeprefix("file://"), tmp_path / "lake")
    made_bars(600, 4).to_csv(tmp_path / "bars.csv", index=False)
    sl.ingest(tmp_path / "bars.csv", lake=tmp_path / "lake", symbol=HOSTILE, replace=True)
    return tmp_path / "lake"


def test_bars_are_those_that_the_sweep_read(hostile: sl.StoredRun, corrected: Path) -> None:
    with sl.open(corrected) as lake:
        assert lake.run(hostile.run_id).bars.equals(hostile.bars)
        now = lake.sql("select close from bars order by time").df()["close"]
        assert not (now == hostile.bars["close"]).any()


def test_without_its_bars_a_run_is_drawn_without_a_price(hostile: sl.StoredRun, corrected: Path) -> None:
    for inputs in json.loads(hostile.sweep["bars"]).values():
        for file in inputs["files"]:
            (corrected / "bars" / file).unlink()
    run = sl.open(corrected).run(hostile.run_id)
    assert run.has_details
    with pytest.raises(BadValueError, match="the bars that it ran on are not there any more"):
        run.bars  # noqa: B018
    assert list(_named(run.plot.equity())) == ["Equity", "Drawdown", "Position"]
    assert "Close" not in _named(run.plot.trades())

"""Curves: P&L by day, month and year, and drawdowns, worked out by hand and against plain Python."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.lake import Lake
from queries.catalog import Catalog
from queries.curves import Curves
from queries.errors import BadValueError, QueryFailedError, UnknownNameError
from tests.queries.detailed import Bar, Trade, at, detailed_run, put_detailed

BARS: list[Bar] = [
    ("2025-12-30T00:00", 1000.0),
    ("2025-12-31T00:00", 1100.0),
    ("2026-01-01T00:00", 990.0),
    ("2026-01-02T00:00", 1045.0),
    ("2026-01-02T12:00", 1210.0),
    ("2026-02-01T00:00", 1149.5),
]
TRADES: list[Trade] = [
    ("2025-12-31T00:00", "2026-01-02T00:00", "signal", 45.0),
    ("2026-01-02T00:00", "2026-02-01T00:00", "end_of_data", 104.5),
]


def curves(bars: list[Bar], trades: list[Trade] | None = None, capital: float = 1000.0) -> Curves:
    tables = detailed_run("r1", "s1", bars, trades or [], capital=capital)
    placed = {
        name: rows.append_column("strategy", [["cross"] * len(rows)]).append_column(
            "symbol", [["AAA"] * len(rows)]
        )
        for name, rows in tables.items()
    }
    return Curves(placed.pop("metrics"), placed)


def records(rows: Any, *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in rows.to_pylist()]


def test_each_day_is_held_against_the_equity_before_it() -> None:
    found = records(curves(BARS, TRADES).daily_pnl(), "day", "pnl", "trades_closed", "bars", "equity")
    assert found == [
        (date(2025, 12, 30), 0.0, 0, 1, 1000.0),
        (date(2025, 12, 31), 100.0, 0, 1, 1100.0),
        (date(2026, 1, 1), -110.0, 0, 1, 990.0),
        (date(2026, 1, 2), 220.0, 1, 2, 1210.0),
        (date(2026, 2, 1), -60.5, 1, 1, 1149.5),
    ]
    returns = curves(BARS).daily_pnl()["day_return"].to_pylist()
    assert returns == pytest.approx([0.0, 0.1, -0.1, 220 / 990, -0.05], abs=1e-15)


def test_months_and_years_have_drawdowns_of_their_own() -> None:
    months = curves(BARS, TRADES).monthly_returns()
    assert records(months, "month", "pnl", "trades_closed", "bars", "equity") == [
        (date(2025, 12, 1), 100.0, 0, 2, 1100.0),
        (date(2026, 1, 1), 110.0, 1, 3, 1210.0),
        (date(2026, 2, 1), -60.5, 1, 1, 1149.5),
    ]
    assert months["month_return"].to_pylist() == pytest.approx([0.1, 0.1, -0.05])
    assert months["max_drawdown"].to_pylist() == pytest.approx([0.0, 0.1, 0.05])
    years = curves(BARS, TRADES).yearly_returns()
    assert records(years, "year", "trades_closed", "bars") == [(2025, 0, 2), (2026, 2, 4)]
    assert years["year_return"].to_pylist() == pytest.approx([0.1, 0.045])
    assert years["max_drawdown"].to_pylist() == pytest.approx([0.0, 0.1])


def test_a_first_bar_that_lost_is_held_against_the_capital() -> None:
    [day] = curves([("2026-01-05T00:00", 900.0)]).daily_pnl().to_pylist()
    assert (day["pnl"], day["day_return"]) == pytest.approx((-100.0, -0.1), abs=1e-12)


def test_a_first_bar_without_profit_has_exactly_none() -> None:
    """0.3 / (1 + (0.3 / 0.1 - 1)) is not 0.1 to the last digit."""
    days = curves([("2026-01-05T00:00", 0.1), ("2026-01-06T00:00", 0.3)], capital=0.1).daily_pnl()
    assert days["pnl"].to_pylist()[0] == 0.0


def test_after_ruin_there_is_no_return() -> None:
    bars = [("2026-01-05T00:00", 500.0), ("2026-01-06T00:00", 0.0), ("2026-01-07T00:00", 0.0)]
    days = curves(bars).daily_pnl()
    assert days["pnl"].to_pylist() == [-500.0, -500.0, 0.0]
    assert days["day_return"].to_pylist() == [-0.5, -1.0, None]
    [month] = curves(bars).monthly_returns().to_pylist()
    assert (month["month_return"], month["max_drawdown"]) == (-1.0, 1.0)


def test_ruin_at_the_first_close_leaves_the_capital_unknown() -> None:
    [day] = curves([("2026-01-05T00:00", 0.0)]).daily_pnl().to_pylist()
    assert (day["pnl"], day["day_return"], day["equity"]) == (None, None, 0.0)


def test_drawdowns_have_peak_trough_and_recovery() -> None:
    first, second = curves(BARS).drawdowns().to_pylist()
    assert first == {
        "rank": 1,
        "peak_time": at("2025-12-31T00:00"),
        "trough_time": at("2026-01-01T00:00"),
        "recovery_time": at("2026-01-02T12:00"),
        "depth": pytest.approx(0.1),
        "bars_to_trough": 1,
        "bars_under_water": 2,
    }
    assert (second["rank"], second["recovery_time"], second["depth"]) == (2, None, pytest.approx(0.05))


def test_the_capital_is_a_peak_without_a_time_and_equal_troughs_count_once() -> None:
    values = [900.0, 800.0, 900.0, 800.0, 1000.0, 800.0]
    bars = [(f"2026-01-0{day}T00:00", value) for day, value in enumerate(values, 1)]
    first, second = curves(bars).drawdowns().to_pylist()
    assert (first["peak_time"], first["trough_time"]) == (None, at("2026-01-02T00:00"))
    assert (first["bars_to_trough"], first["bars_under_water"]) == (2, 4)
    assert (second["depth"], second["peak_time"]) == (first["depth"], at("2026-01-05T00:00"))


def test_a_curve_that_never_falls_has_no_drawdowns() -> None:
    assert curves([("2026-01-01T00:00", 1000.0), ("2026-01-02T00:00", 1001.0)]).drawdowns().num_rows == 0


def test_the_deepest_are_asked_for_by_number() -> None:
    found = curves(BARS)
    assert [found.drawdowns(n).num_rows for n in (0, 1, 5)] == [0, 1, 2]
    with pytest.raises(BadValueError, match="n = -1"):
        found.drawdowns(-1)


CURVE = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([0.5, 0.9, 1.0, 1.1, 1.25])), min_size=1, max_size=40
)


@settings(max_examples=25, deadline=None)
@given(CURVE)
def test_periods_and_drawdowns_are_those_of_plain_python(steps: list[tuple[int, float]]) -> None:
    time, equity, bars = at("2025-11-20T00:00"), 1000.0, []
    for hours, factor in steps:
        time, equity = time + timedelta(hours=hours), equity * factor
        bars.append((time, equity))
    found = curves([(moment.isoformat()[:16], value) for moment, value in bars])
    before = 1000.0
    expected = []
    for (year, month), inside in groupby(bars, key=lambda bar: (bar[0].year, bar[0].month)):
        values = [value for _, value in inside]
        peak, deepest = before, 0.0
        for value in values:
            peak = max(peak, value)
            deepest = max(deepest, 1 - value / peak)
        expected.append((date(year, month, 1), len(values), values[-1] / before - 1, deepest))
        before = values[-1]
    months = records(found.monthly_returns(), "month", "bars", "month_return", "max_drawdown")
    assert [row[:2] for row in months] == [row[:2] for row in expected]
    assert [row[2:] for row in months] == [pytest.approx(row[2:], abs=1e-12) for row in expected]
    assert records(found.drawdowns(), "depth", "bars_to_trough", "bars_under_water") == [
        (pytest.approx(depth, abs=1e-12), to_trough, under) for depth, to_trough, under in _drawdowns(bars)
    ]


def _drawdowns(bars: list) -> list[tuple[float, int, int]]:
    """Depth, bars to the trough, bars under water; the deepest first, then the earliest."""
    peak, stretch = 1000.0, 0
    losses: dict[int, list[float]] = defaultdict(list)
    for _, value in bars:
        if value >= peak:
            peak, stretch = value, stretch + 1
        else:
            losses[stretch].append(1 - value / peak)
    found = [(max(each), each.index(max(each)) + 1, len(each)) for each in losses.values()]
    return sorted(found, key=lambda item: -item[0])


def test_a_run_of_two_sweeps_comes_once_by_the_latest(lake: Lake) -> None:
    for sweep in ("s1", "s2"):
        put_detailed(lake, detailed_run("r1", sweep, BARS, TRADES))
    put_detailed(lake, detailed_run("r2", "s1", BARS[:3]))
    half = detailed_run("r3", "s2", BARS)
    del half["details"]
    put_detailed(lake, half)
    with Catalog(lake) as catalog:
        for view, each in (("daily_pnl", 5), ("monthly_returns", 3), ("drawdowns", 2), ("equity_latest", 6)):
            counted = catalog.rows(
                f"select run_id, sweep_id, count(*) as n from {view} group by all order by 1"  # noqa: S608
            )
            assert counted[0] == {"run_id": "r1", "sweep_id": "s2", "n": each}
            assert [row["run_id"] for row in counted] == ["r1", "r2"]
        weeks = catalog.rows("select period, bars from period_returns('week') where run_id = 'r1' order by 1")
        assert [(f"{row['period']:%m-%d}", row["bars"]) for row in weeks] == [("12-29", 5), ("01-26", 1)]
        with pytest.raises(QueryFailedError, match="fortnight"):
            catalog.rows("select * from period_returns('fortnight')")


def test_a_lake_without_runs_has_none_of_it(lake: Lake) -> None:
    lake.create()
    with Catalog(lake) as catalog:
        for view in ("daily_pnl", "monthly_returns", "yearly_returns", "drawdowns"):
            assert catalog.arrow(f"from {view}").num_rows == 0


def test_names_and_days_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UnknownNameError, match='did you mean "weekday"'):
        curves(BARS, TRADES).trades_by("weekdays")
    with pytest.raises(BadValueError, match=r"2026-13-01.*such as 2026-01-31"):
        curves(BARS, TRADES).day_positions("2026-13-01")

"""Trades by reason, hour and weekday, and the positions of one day, worked out by hand."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from lake.lake import open_lake
from queries.catalog import Catalog
from tests.queries.detailed import Bar, Trade, at, detailed_run, put_detailed

TRADES: list[Trade] = [
    ("2026-01-05T09:00", "2026-01-05T15:00", "signal", 30.0),  # a Monday
    ("2026-01-05T15:00", "2026-01-06T09:00", "stop_loss", -20.0),
    ("2026-01-06T09:00", "2026-01-06T15:00", "signal", -10.0),
    ("2026-01-11T15:00", "2026-01-12T09:00", "signal", 0.0),  # a Sunday
    ("2026-01-12T09:00", "2026-01-13T15:00", "end_of_data", 50.0),
]
BARS: list[Bar] = [
    ("2026-01-05T09:00", 1010.0),
    ("2026-01-05T15:00", 1025.0),
    ("2026-01-06T09:00", 1008.0),
    ("2026-01-06T15:00", 1000.0),
    ("2026-01-11T15:00", 1004.0),
    ("2026-01-12T09:00", 1020.0),
    ("2026-01-13T15:00", 1050.0),
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    lake = open_lake(str(Path(tmp_path_factory.mktemp("trades")) / "lake"))
    put_detailed(lake, detailed_run("r1", "s1", BARS, TRADES))
    put_detailed(lake, detailed_run("r1", "s2", BARS, TRADES))
    put_detailed(lake, detailed_run("r2", "s1", BARS))
    with Catalog(lake) as opened:
        yield opened


def test_trades_by_exit_reason(catalog: Catalog) -> None:
    found = catalog.rows("select * from trades_by_exit_reason order by exit_reason")
    measured = [
        (
            row["exit_reason"],
            row["trades"],
            row["win_rate"],
            row["mean_return"],
            row["total_pnl"],
            row["mean_bars_held"],
            row["profit_factor"],
        )
        for row in found
    ]
    assert measured == [
        ("end_of_data", 1, 1.0, 0.05, 50.0, 5.0, None),
        ("signal", 3, pytest.approx(1 / 3), pytest.approx(0.02 / 3), 20.0, pytest.approx(8 / 3), 3.0),
        ("stop_loss", 1, 0.0, -0.02, -20.0, 2.0, 0.0),
    ]
    assert {(row["run_id"], row["sweep_id"]) for row in found} == {("r1", "s2")}


def test_trades_by_hour_and_weekday_of_the_entry(catalog: Catalog) -> None:
    hours = catalog.rows("select hour, trades, total_pnl from trades_by_hour order by hour")
    assert [tuple(row.values()) for row in hours] == [(9, 3, 70.0), (15, 2, -20.0)]
    days = catalog.rows("select weekday, trades, total_pnl from trades_by_weekday order by weekday")
    assert [tuple(row.values()) for row in days] == [(1, 3, 60.0), (2, 1, -10.0), (7, 1, 0.0)]


def test_trades_by_anything(catalog: Catalog) -> None:
    found = catalog.rows("select part, trades from trades_by(pnl >= 0 and side = 'long') order by part")
    assert [tuple(row.values()) for row in found] == [(False, 2), (True, 3)]


def _on(catalog: Catalog, day: str | date) -> list[tuple]:
    rows = catalog.rows("select * from day_positions('r1', $1)", [day])
    assert [row["return_so_far"] for row in rows] == [
        pytest.approx(row["pnl_so_far"] / 1000.0) for row in rows
    ]
    return [(row["trade"], row["opened"], row["closed"], row["pnl_so_far"]) for row in rows]


def test_the_positions_of_a_day_are_the_trades_that_were_open_on_it(catalog: Catalog) -> None:
    """At the end of Monday equity is 1025: 30 were brought in by the first trade, the second has lost 5."""
    assert _on(catalog, "2026-01-05") == [(1, True, True, 30.0), (2, True, False, pytest.approx(-5.0))]
    assert _on(catalog, "2026-01-06") == [(2, False, True, -20.0), (3, True, True, -10.0)]
    assert _on(catalog, date(2026, 1, 11)) == [(4, True, False, pytest.approx(4.0))]
    assert _on(catalog, datetime(2026, 1, 12, 18)) == [  # noqa: DTZ001  a day has no zone
        (4, False, True, 0.0),
        (5, True, False, pytest.approx(20.0)),
    ]
    assert _on(catalog, "2026-01-13") == [(5, False, True, 50.0)]


def test_a_day_without_a_bar_has_the_last_close_before_it(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    trades: list[Trade] = [("2026-01-05T09:00", "2026-01-12T09:00", "signal", 20.0)]
    put_detailed(lake, detailed_run("r1", "s1", BARS, trades))
    with Catalog(lake) as catalog:
        assert _on(catalog, "2026-01-08") == [(1, False, False, pytest.approx(0.0))]
        assert _on(catalog, "2026-01-11") == [(1, False, False, pytest.approx(4.0))]


def test_of_several_open_trades_nobody_knows_whose_the_profit_is(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    trades: list[Trade] = [("2026-01-05T09:00", "2026-01-12T09:00", "signal", 20.0)] * 2
    put_detailed(lake, detailed_run("r1", "s1", BARS, trades))
    with Catalog(lake) as catalog:
        rows = catalog.rows("select pnl_so_far, closed from day_positions('r1', '2026-01-05')")
        assert rows == [{"pnl_so_far": None, "closed": False}] * 2


def test_a_day_before_or_after_all_trades_and_a_run_without_any_have_no_positions(catalog: Catalog) -> None:
    assert _on(catalog, "2026-01-04") == _on(catalog, "2026-01-08") == _on(catalog, "2026-01-14") == []
    assert catalog.rows("from day_positions('r2', '2026-01-05')") == []
    assert catalog.rows("from day_positions('nobody', '2026-01-05')") == []


def test_entry_times_are_utc_whatever_they_were_given_in(catalog: Catalog) -> None:
    first = catalog.rows("from day_positions('r1', '2026-01-05')")[0]
    assert first["entry_time"] == at("2026-01-05T09:00")

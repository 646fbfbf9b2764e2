"""Quantities, fees, slippage, borrow and ruin by hand."""

import pytest

from tests.golden.by_hand import expect, run
from tests.sweeps.simulation.cases import flat_bars, named

LONG, SHORT = 1, -1
AT_100 = flat_bars(*[100.0] * 10)
HOLD, SELL = "L.........", "S........."


@pytest.mark.parametrize(
    ("sizing", "quantity"),
    [
        ({"sizing_kind": "all_in"}, 1000 / 101),
        ({"sizing_kind": "all_in", "fee_fixed": 10}, 990 / 101),
        ({"sizing_kind": "fraction", "sizing_value": 0.5}, 500 / 101),
        ({"sizing_kind": "fraction", "sizing_value": 0.5, "fee_fixed": 10}, 490 / 101),
        ({"sizing_kind": "fraction", "sizing_value": 1.0}, 1000 / 101),
        ({"sizing_kind": "cash", "sizing_value": 303.0}, 3.0),
        ({"sizing_kind": "cash", "sizing_value": 313.0, "fee_fixed": 10}, 3.0),
        ({"sizing_kind": "units", "sizing_value": 2.5}, 2.5),
        ({"sizing_kind": "all_in", "lot_size": 1}, 9.0),
        ({"sizing_kind": "all_in", "lot_size": 4}, 8.0),
        (
            {"sizing_kind": "units", "sizing_value": 0.3, "lot_size": 0.1},
            0.3,
        ),  # 0.3 / 0.1 is 2.9999999999999996
    ],
)
@pytest.mark.parametrize("letters", [HOLD, SELL])
@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_a_quantity_pays_for_its_own_fees(letters, fill, sizing, quantity):
    sized = run(letters, AT_100, fee_bps=100, fill=fill, **sizing)
    assert sized.trades["quantity"].tolist() == pytest.approx([quantity], rel=1e-13)


@pytest.mark.parametrize("letters", [HOLD, SELL])
@pytest.mark.parametrize(
    "sizing",
    [
        {"sizing_kind": "units", "sizing_value": 11},
        {"sizing_kind": "units", "sizing_value": 10, "fee_bps": 1},
        {"sizing_kind": "cash", "sizing_value": 1001},
        {"sizing_kind": "fraction", "sizing_value": 1.001},
        {"sizing_kind": "all_in", "lot_size": 11},
        {"sizing_kind": "all_in", "fee_fixed": 1000},
    ],
)
def test_an_entry_beyond_free_cash_is_skipped_and_counted(letters, sizing):
    skipped = run(letters[0] * 2 + letters[2:], AT_100, **sizing)
    expect(skipped)
    assert named(skipped.metrics)["skipped_entries"] == 2
    assert skipped.equity.tolist() == [1000.0] * 10


def test_costs_are_paid_on_both_sides():
    window = flat_bars(100, 100, 110, 110, 110, 120, 120, 120, 120, 120)
    costly = run("L.l.......", window, sizing_kind="all_in", fee_bps=100, fee_fixed=5, slippage_bps=100)
    quantity = (1000 - 5) / (101 * 1.01)
    fees = quantity * 101 * 0.01 + 5 + quantity * 108.9 * 0.01 + 5
    expect(costly, (LONG, 0, 101, 2, 108.9, "signal"))
    assert costly.trades["gross_pnl"].tolist() == pytest.approx([quantity * 7.9])
    assert costly.trades["fees"].tolist() == pytest.approx([fees])
    assert costly.trades["pnl"].tolist() == pytest.approx([quantity * 7.9 - fees])
    assert costly.trades["return"].tolist() == pytest.approx([(quantity * 7.9 - fees) / (quantity * 101)])
    entry_fee = quantity * 101 * 0.01 + 5
    assert costly.equity[0] == pytest.approx(1000 - entry_fee - quantity)  # bought at 101, worth 100
    assert costly.equity[-1] == pytest.approx(1000 + quantity * 7.9 - fees)
    assert named(costly.metrics)["total_fees"] == pytest.approx(fees)


def test_slippage_worsens_every_fill_but_targets():
    window = flat_bars(100, 100, 110, 110, 90, 90, 90, 90, 90, 90)
    expect(run("L.l.......", window, slippage_bps=100), (LONG, 0, 101, 2, 110 * 0.99, "signal"))
    expect(run("S.s.......", window, slippage_bps=100), (SHORT, 0, 99, 2, 110 * 1.01, "signal"))
    expect(
        run("S.........", window, slippage_bps=100, stop_loss=0.05),
        (SHORT, 0, 99, 2, 110 * 1.01, "stop_loss"),
    )
    expect(
        run("L.........", window, slippage_bps=100, take_profit=0.05), (LONG, 0, 101, 2, 110, "take_profit")
    )
    expect(run("L.........", window, slippage_bps=100, max_bars=2), (LONG, 0, 101, 2, 110 * 0.99, "max_bars"))


def test_levels_start_from_the_entry_price_before_slippage():
    window = flat_bars(100, 96, 95, 94, 94, 94, 94, 94, 94, 94)
    expect(
        run("L.........", window, slippage_bps=100, stop_loss=0.05), (LONG, 0, 101, 2, 95 * 0.99, "stop_loss")
    )


def test_borrow_accrues_on_short_notional_at_each_close():
    # 0.5 a year of 10 bars is 0.05 a bar; the close of the exit counts, the close of the entry does not.
    window = flat_bars(100, 110, 120, 100, 100, 100, 100, 100, 100, 100)
    lent = run("S..s......", window, periods=10.0, borrow_rate=0.5, sizing_value=2.0)
    assert lent.trades["borrow_cost"].tolist() == pytest.approx([11 + 12 + 10])
    assert lent.trades["pnl"].tolist() == pytest.approx([-33])
    assert lent.trades["gross_pnl"].tolist() == [0]
    assert lent.equity[:4].tolist() == pytest.approx([1000, 1000 - 20 - 11, 1000 - 40 - 23, 1000 - 33])
    # Entered at the open of bar 1, its close counts; left at the open of bar 4, that close does not.
    later = run("S..s......", window, periods=10.0, borrow_rate=0.5, sizing_value=2.0, fill="next_open")
    assert later.trades["borrow_cost"].tolist() == pytest.approx([11 + 12 + 10])


def test_longs_do_not_borrow():
    held = run("L..l......", AT_100, periods=10.0, borrow_rate=0.5)
    assert held.trades["borrow_cost"].tolist() == [0.0]
    assert held.equity.tolist() == [1000.0] * 10


def test_equity_at_zero_ends_the_run():
    window = flat_bars(100, 100, 150, 200, 120, 100, 100, 100, 100, 100)
    ruined = run("S....L....", window, sizing_value=10.0, fee_bps=0)
    expect(ruined, (SHORT, 0, 100, 3, 200, "ruin"))
    assert ruined.equity.tolist() == [1000, 1000, 500, 0, 0, 0, 0, 0, 0, 0]
    assert ruined.position.tolist() == [-10, -10, -10, 0, 0, 0, 0, 0, 0, 0]
    metrics = named(ruined.metrics)
    assert metrics["ruined"] == 1
    assert metrics["total_return"] == -1
    assert metrics["cagr"] == -1
    assert metrics["max_drawdown"] == 1
    assert metrics["final_equity"] == 0
    assert metrics["worst_trade"] == -1
    assert metrics["exposure"] == 0.3


def test_equity_below_zero_is_zero_but_the_trade_says_what_was_lost():
    window = flat_bars(100, 100, 250, 200, 120, 100, 100, 100, 100, 100)
    ruined = run("S.........", window, sizing_value=9.0, fill="next_open", fee_bps=10)
    expect(ruined, (SHORT, 1, 100, 2, 250, "ruin"))
    assert ruined.trades["pnl"].tolist() == pytest.approx([-1350 - 0.9])  # the entry's fee, no exit costs
    assert ruined.equity.tolist() == pytest.approx([1000, 999.1, 0, 0, 0, 0, 0, 0, 0, 0])


def test_a_stop_that_loses_everything_ruins_at_the_close():
    window = flat_bars(100, 100, 250, 200, 120, 100, 100, 100, 100, 100)
    ruined = run("S....L....", window, sizing_value=10.0, stop_loss=0.1)
    expect(ruined, (SHORT, 0, 100, 2, 250, "stop_loss"))
    assert ruined.equity.tolist() == [1000, 1000, 0, 0, 0, 0, 0, 0, 0, 0]
    assert named(ruined.metrics)["ruined"] == 1

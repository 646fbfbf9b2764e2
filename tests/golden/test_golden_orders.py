"""Orders by hand: both fills, both sides, reversals, the first and the last bar."""

import numpy as np
import pytest

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT
from sweeps.simulation.kernel import SignalSet, trace
from tests.golden.by_hand import BARS, NOTHING, expect, run
from tests.sweeps.simulation.cases import bars_of, flat_bars, named, table

LONG, SHORT = 1, -1


def test_a_long_enters_and_exits_at_the_next_open():
    expect(run(".L....l.....", fill="next_open"), (LONG, 2, 103, 7, 92, "signal"))


def test_a_long_enters_and_exits_at_the_close():
    expect(run(".L....l....."), (LONG, 1, 103, 6, 91, "signal"))


def test_a_short_enters_and_exits_at_the_next_open():
    expect(run("...S..s.....", fill="next_open"), (SHORT, 4, 108, 7, 92, "signal"))


def test_a_short_enters_and_exits_at_the_close():
    expect(run("...S..s....."), (SHORT, 3, 108, 6, 91, "signal"))


def test_the_other_side_is_left_before_a_side_is_entered_at_the_next_open():
    expect(
        run(".L..S..L....", fill="next_open"),
        (LONG, 2, 103, 5, 101, "signal"),
        (SHORT, 5, 101, 8, 97, "signal"),
        (LONG, 8, 97, 11, 106, "end_of_data"),
    )


def test_the_other_side_is_left_before_a_side_is_entered_at_the_close():
    expect(
        run(".L..S..L...."),
        (LONG, 1, 103, 4, 102, "signal"),
        (SHORT, 4, 102, 7, 96, "signal"),
        (LONG, 7, 96, 11, 106, "end_of_data"),
    )


def test_a_reversal_is_sized_from_the_equity_after_the_exit():
    reversal = run("L.S.......", flat_bars(100, 100, 110, 110, 99, 99, 99, 99, 99, 99), sizing_kind="all_in")
    assert reversal.trades["quantity"].tolist() == [10.0, 10.0]  # 1000 / 100, then 1100 / 110
    assert reversal.equity.tolist() == [1000, 1000, 1100, 1100, 1210, 1210, 1210, 1210, 1210, 1210]
    assert reversal.position.tolist() == [10, 10, -10, -10, -10, -10, -10, -10, -10, -10]


def test_entering_the_side_that_is_held_does_nothing():
    expect(run(".L.L.l......"), (LONG, 1, 103, 5, 96, "signal"))


def test_the_exit_of_the_other_side_does_nothing():
    expect(run(".L.s.l......"), (LONG, 1, 103, 5, 96, "signal"))


def test_two_entries_on_one_bar_cancel_each_other():
    events = np.full(len(BARS), ENTER_LONG | ENTER_SHORT, dtype=np.uint8)
    assert trace(BARS, SignalSet(events), table()[0], 252.0).trades["side"].size == 0


def test_a_next_open_order_of_the_last_bar_is_dropped():
    expect(run("...........L", fill="next_open"))
    expect(run(".L.........l", fill="next_open"), (LONG, 2, 103, 11, 106, "end_of_data"))


def test_a_close_order_of_the_last_bar_fills():
    expect(run("...........L", fee_bps=100), (LONG, 11, 106, 11, 106, "end_of_data"))
    expect(run(".L.........l"), (LONG, 1, 103, 11, 106, "signal"))


def test_the_open_trade_at_the_end_is_marked_without_exit_costs():
    held = run("........L...", fee_bps=100, fee_fixed=2, slippage_bps=100)
    expect(held, (LONG, 8, 101, 11, 106, "end_of_data"))
    assert held.trades["fees"].tolist() == pytest.approx([1.01 + 2])
    assert held.trades["gross_pnl"].tolist() == pytest.approx([5])
    assert held.trades["pnl"].tolist() == pytest.approx([5 - 3.01])
    assert held.equity[-1] == pytest.approx(1000 + 5 - 3.01)
    assert named(held.metrics)["num_trades"] == 1


def test_a_window_without_signals_holds_its_capital():
    still = run(NOTHING)
    assert still.trades["side"].size == 0
    assert still.equity.tolist() == [1000.0] * 12
    assert still.position.tolist() == [0.0] * 12


def test_one_bar_is_a_window():
    single = run("L", bars_of((100, 101, 99, 100)))
    expect(single, (LONG, 0, 100, 0, 100, "end_of_data"))
    expect(run("L", bars_of((100, 101, 99, 100)), fill="next_open"))


@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_excursions_are_the_worst_and_best_prices_seen(fill):
    seen = run(".L....l.....", fill=fill)
    assert seen.trades["mae"].tolist() == pytest.approx([90 / 103 - 1])
    assert seen.trades["mfe"].tolist() == pytest.approx([110 / 103 - 1])


def test_the_entry_bar_is_seen_from_its_open_but_not_from_its_close():
    # Bar 3 reaches 110. Entered at its open it counts, entered at its close it does not.
    assert run("..Ll........", fill="next_open").trades["mfe"].tolist() == pytest.approx([110 / 105 - 1])
    assert run("...Ll.......").trades["mfe"].tolist() == pytest.approx([109 / 108 - 1])


def test_of_a_bar_left_at_the_open_the_open_alone_is_seen():
    # In at 105 (bar 3), out at the open of bar 4 (108), whose low of 101 is not seen; bar 3's low of 104 is.
    seen = run("..Ll........", fill="next_open")
    assert seen.trades["mae"].tolist() == pytest.approx([104 / 105 - 1])


def test_a_shorts_excursions_are_mirrored():
    seen = run("...S..s.....")
    assert seen.trades["mae"].tolist() == pytest.approx([-(109 / 108 - 1)])
    assert seen.trades["mfe"].tolist() == pytest.approx([-(90 / 108 - 1)])

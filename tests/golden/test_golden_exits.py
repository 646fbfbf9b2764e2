"""Every exit rule by hand, on both sides and with both fills."""

import numpy as np
import pytest

from tests.golden.by_hand import BARS, expect, only_at, run
from tests.sweeps.simulation.cases import bars_of, named

LONG, SHORT = 1, -1
FILLS = pytest.mark.parametrize(("fill", "entered"), [("next_open", 2), ("close", 1)])
GAP_DOWN = bars_of(*[(100, 101, 99, 100)] * 4, (90, 92, 88, 91), *[(91, 93, 90, 92)] * 5)
GAP_UP = bars_of(*[(100, 101, 99, 100)] * 4, (110, 112, 108, 111), *[(111, 113, 110, 112)] * 5)


@FILLS
def test_a_long_stop_fills_at_its_level(fill, entered):
    expect(run(".L..........", fill=fill, stop_loss=0.05), (LONG, entered, 103, 5, 97.85, "stop_loss"))


def test_a_short_stop_fills_at_its_level():
    # In at the open of bar 7 (92), whose high of 97 is beyond 96.6; in at the close of bar 6 (91): 95.55.
    expect(run("......S.....", fill="next_open", stop_loss=0.05), (SHORT, 7, 92, 7, 96.6, "stop_loss"))
    expect(run("......S.....", stop_loss=0.05), (SHORT, 6, 91, 7, 95.55, "stop_loss"))


def test_a_next_open_entry_may_be_stopped_on_its_own_bar():
    expect(run("....L.......", fill="next_open", stop_loss=0.05), (LONG, 5, 101, 5, 95.95, "stop_loss"))


def test_a_close_entry_is_checked_from_the_bar_after():
    # Bar 5 has been at 95 before it closed at 96: that low is the past.
    expect(run(".....L......", stop_loss=0.005), (LONG, 5, 96, 6, 95.52, "stop_loss"))


@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_an_open_beyond_the_stop_fills_at_the_open(fill):
    entered = 1 if fill == "next_open" else 0
    expect(run("L.........", GAP_DOWN, fill=fill, stop_loss=0.05), (LONG, entered, 100, 4, 90, "stop_loss"))
    expect(run("S.........", GAP_UP, fill=fill, stop_loss=0.05), (SHORT, entered, 100, 4, 110, "stop_loss"))


@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_an_open_beyond_the_target_fills_at_the_open(fill):
    entered = 1 if fill == "next_open" else 0
    expect(
        run("L.........", GAP_UP, fill=fill, take_profit=0.05), (LONG, entered, 100, 4, 110, "take_profit")
    )
    expect(
        run("S.........", GAP_DOWN, fill=fill, take_profit=0.05), (SHORT, entered, 100, 4, 90, "take_profit")
    )


def test_a_long_target_fills_at_its_level():
    expect(run(".......L....", fill="next_open", take_profit=0.06), (LONG, 8, 97, 9, 102.82, "take_profit"))
    expect(run(".......L....", take_profit=0.06), (LONG, 7, 96, 9, 101.76, "take_profit"))


def test_a_short_target_fills_at_its_level():
    expect(run("...S........", fill="next_open", take_profit=0.06), (SHORT, 4, 108, 4, 101.52, "take_profit"))
    expect(run("...S........", take_profit=0.06), (SHORT, 3, 108, 4, 101.52, "take_profit"))


def test_a_short_target_of_the_whole_price_is_never_reached():
    expect(run("...S........", take_profit=1.0), (SHORT, 3, 108, 11, 106, "end_of_data"))


def test_a_stop_comes_before_a_target_on_one_bar():
    # Bar 3, entered at its open of 105, reaches both 104.055 and 109.2.
    both = {"fill": "next_open", "take_profit": 0.04}
    expect(run("..L.........", stop_loss=0.009, **both), (LONG, 3, 105, 3, 104.055, "stop_loss"))
    expect(run("..L.........", stop_loss=0.010, **both), (LONG, 3, 105, 3, 109.2, "take_profit"))


@FILLS
def test_a_long_trailing_stop_follows_the_peak_of_the_bars_before(fill, entered):
    # Peaks 103, 106, 110: at bar 4 the level is 104.5.
    expect(
        run(".L..........", fill=fill, trailing_stop=0.05), (LONG, entered, 103, 4, 104.5, "trailing_stop")
    )


def test_the_peak_takes_the_bars_high_after_the_check():
    # Bar 3 goes to 110 and to 104: with its own high the level of 104.5 would fire on it.
    expect(run("..L.........", trailing_stop=0.05), (LONG, 2, 105, 4, 104.5, "trailing_stop"))


def test_a_short_trailing_stop_follows_the_trough():
    # Troughs 95, 90: at bar 7 the level is 94.5.
    expect(
        run("....S.......", fill="next_open", trailing_stop=0.05), (SHORT, 5, 101, 7, 94.5, "trailing_stop")
    )
    expect(run("....S.......", trailing_stop=0.05), (SHORT, 4, 102, 7, 94.5, "trailing_stop"))


@FILLS
def test_an_atr_stop_reads_its_signal_bar(fill, entered):
    stopped = run(".L..........", fill=fill, atr_stop_multiple=2.0, atr=only_at(1, 3.0, elsewhere=9.0))
    expect(stopped, (LONG, entered, 103, 5, 97, "atr_stop"))


def test_a_short_atr_stop_is_mirrored():
    stopped = run("......S.....", atr_stop_multiple=2.0, atr=only_at(6, 3.0, elsewhere=9.0))
    expect(stopped, (SHORT, 6, 91, 7, 97, "atr_stop"))


@FILLS
def test_a_strategy_stop_reads_its_signal_bar(fill, entered):
    stopped = run(".L..........", fill=fill, stop_distance=only_at(1, 4.0, elsewhere=50.0))
    expect(stopped, (LONG, entered, 103, 5, 99, "strategy_stop"))


@pytest.mark.parametrize("unknown", [np.nan, np.inf, 0.0, -1.0])
@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_without_a_distance_at_the_signal_bar_there_is_no_entry_and_no_skip(fill, unknown):
    values = only_at(1, unknown, elsewhere=3.0)
    for stopless in (
        run(".L..........", fill=fill, atr_stop_multiple=2.0, atr=values),
        run(".L..........", fill=fill, stop_distance=values),
    ):
        expect(stopless)
        assert named(stopless.metrics)["skipped_entries"] == 0


def test_an_atr_that_no_stop_uses_is_not_asked():
    expect(run(".L....l.....", atr=only_at(1, np.nan, elsewhere=3.0)), (LONG, 1, 103, 6, 91, "signal"))


def test_of_several_stops_the_nearest_fires():
    three = {"stop_loss": 0.05, "atr_stop_multiple": 2.0, "atr": only_at(1, 3.0, 3.0)}
    expect(run(".L..........", **three), (LONG, 1, 103, 5, 97.85, "stop_loss"))
    expect(
        run(".L..........", stop_distance=only_at(1, 4.0, 4.0), **three),
        (LONG, 1, 103, 5, 99, "strategy_stop"),
    )
    expect(run(".L..........", trailing_stop=0.05, **three), (LONG, 1, 103, 4, 104.5, "trailing_stop"))


def test_of_equal_stops_the_first_named_is_the_reason():
    # In at 100, short: 5% and a distance of 5 are both 105, which bar 9 just reaches.
    five = only_at(8, 5.0, 5.0)
    expect(
        run("........S...", fill="next_open", stop_loss=0.05, stop_distance=five),
        (SHORT, 9, 100, 9, 105, "stop_loss"),
    )
    expect(
        run("........S...", fill="next_open", trailing_stop=0.05, stop_distance=five),
        (SHORT, 9, 100, 9, 105, "trailing_stop"),
    )
    expect(
        run("........S...", fill="next_open", atr_stop_multiple=1.0, atr=five, stop_distance=five),
        (SHORT, 9, 100, 9, 105, "atr_stop"),
    )


def test_max_bars_leaves_k_bars_after_the_entry():
    expect(run(".L..........", fill="next_open", max_bars=3), (LONG, 2, 103, 5, 101, "max_bars"))
    expect(run(".L..........", max_bars=3), (LONG, 1, 103, 4, 102, "max_bars"))
    expect(run("...S........", max_bars=2), (SHORT, 3, 108, 5, 96, "max_bars"))


def test_a_signal_names_the_exit_that_max_bars_would_have_made():
    expect(run(".L..l.......", max_bars=3), (LONG, 1, 103, 4, 102, "signal"))


@FILLS
def test_the_end_of_a_session_closes_at_its_close(fill, entered):
    last = np.zeros(len(BARS), dtype=bool)
    last[[3, 7, 11]] = True
    expect(run(".L....l.....", fill=fill, session_last=last), (LONG, entered, 103, 3, 108, "session_end"))


def test_nothing_enters_at_the_close_that_ends_a_session():
    last = np.zeros(len(BARS), dtype=bool)
    last[3] = True
    expect(run("...L..l.....", session_last=last))
    expect(run("...L..l.....", fill="next_open", session_last=last), (LONG, 4, 108, 7, 92, "signal"))


def test_nothing_enters_at_the_close_of_a_bar_where_a_level_closed_a_position():
    expect(run(".L...L......", stop_loss=0.05), (LONG, 1, 103, 5, 97.85, "stop_loss"))
    expect(
        run(".L...L......", fill="next_open", stop_loss=0.05),
        (LONG, 2, 103, 5, 97.85, "stop_loss"),
        (LONG, 6, 96, 6, 91.2, "stop_loss"),
    )


def test_after_a_stop_only_a_new_signal_enters():
    expect(
        run(".L......L...", stop_loss=0.05),
        (LONG, 1, 103, 5, 97.85, "stop_loss"),
        (LONG, 8, 100, 11, 106, "end_of_data"),
    )


def test_a_levels_bar_is_seen_at_its_open_and_its_exit_price():
    stopped = run(".L..........", stop_loss=0.05)  # bar 5: open 101, out at 97.85, its low of 95 is not seen
    assert stopped.trades["mae"].tolist() == pytest.approx([97.85 / 103 - 1])
    assert stopped.trades["mfe"].tolist() == pytest.approx([110 / 103 - 1])

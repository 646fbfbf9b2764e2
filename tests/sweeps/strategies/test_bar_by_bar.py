"""A strategy that is asked at every close: what it is told, what it may do, and what it may not."""

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from numba import njit

from sweeps.bars.frame import Bars
from sweeps.simulation.codes import EXIT_REASONS
from sweeps.strategies.asking import signals_of
from sweeps.strategies.compile_errors import StrategyCompileError
from sweeps.strategies.errors import LookaheadError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.lookahead import prove_causal
from sweeps.strategies.wishes import WishError, compiled_wish
from tests.golden.by_hand import BARS, expect
from tests.sweeps.simulation.cases import table
from tests.sweeps.strategies.asked import asked, strategy_of, traced

DAY = 86_400_000_000
BY_HAND = Bars("HAND", "1d", DAY * np.arange(12), BARS.open, BARS.high, BARS.low, BARS.close, np.arange(12.0))
ONE = {"sizing_kind": "units", "sizing_value": 1.0}


def cautious(t, bars, rows, account, memory, *, rest: int = 2, give: float = 5.0):
    """Always in, out when a close is so far below the entry; after a loss it rests for some bars."""
    if account.side == 0:
        return 0 if account.last_pnl < 0.0 and t - account.last_exit_bar <= rest else 1
    return 1 if bars.close[t] > account.entry_price - give else 0


CAUTIOUS = strategy_of(cautious)


def test_a_rest_after_a_loss_by_hand_at_the_close():
    resting = traced(CAUTIOUS, BY_HAND, table(fill="close", **ONE))
    expect(resting, (1, 0, 100, 6, 91, "signal"), (1, 9, 104, 11, 106, "end_of_data"))
    eager = traced(CAUTIOUS, BY_HAND, table(fill="close", **ONE), rest=0)
    expect(eager, (1, 0, 100, 6, 91, "signal"), (1, 7, 96, 11, 106, "end_of_data"))


def test_a_rest_after_a_loss_by_hand_at_the_next_open():
    resting = traced(CAUTIOUS, BY_HAND, table(fill="next_open", **ONE))
    expect(resting, (1, 1, 101, 6, 96, "signal"), (1, 10, 106, 11, 106, "end_of_data"))


def test_after_a_stop_a_wish_enters_again_by_hand():
    resting = traced(CAUTIOUS, BY_HAND, table(fill="close", stop_loss=0.05, **ONE))
    expect(resting, (1, 0, 100, 5, 95, "stop_loss"), (1, 8, 100, 11, 106, "end_of_data"))
    eager = traced(CAUTIOUS, BY_HAND, table(fill="close", stop_loss=0.05, **ONE), rest=0)
    expect(eager, (1, 0, 100, 5, 95, "stop_loss"), (1, 6, 91, 11, 106, "end_of_data"))


def test_an_account_tells_what_is_known_at_its_close():
    def telling(t, bars, rows, account, memory, *, at: int = 0):
        if t == at:
            raise ValueError(
                account.side,
                account.quantity,
                account.entry_price,
                account.entry_bar,
                account.equity,
                account.trades,
                account.last_pnl,
                account.last_return,
                account.last_exit_bar,
                account.last_reason,
            )
        return 1 if t < 3 or t > 6 else -1

    strategy, settings = strategy_of(telling, short=True), table(fill="next_open", stop_loss=0.05, **ONE)
    told = {
        at: asked(strategy, BY_HAND, settings, direction="both", at=at)[0].errors[0].args for at in range(12)
    }
    nan = pytest.approx(float("nan"), nan_ok=True)
    assert told[0] == (0, 0.0, nan, -1, 1000.0, 0, nan, nan, -1, -1)
    assert told[1] == (1, 1.0, 101.0, 1, 1002.0, 0, nan, nan, -1, -1)
    assert told[3] == (1, 1.0, 101.0, 1, 1007.0, 0, nan, nan, -1, -1)
    signal, stop = EXIT_REASONS.index("signal"), EXIT_REASONS.index("stop_loss")
    assert told[4] == (-1, 1.0, 108.0, 4, 1013.0, 1, 7.0, pytest.approx(7 / 101), 4, signal)
    assert told[7] == (-1, 1.0, 108.0, 4, 1019.0, 1, 7.0, pytest.approx(7 / 101), 4, signal)
    assert told[8] == (1, 1.0, 97.0, 8, 1021.0, 2, 11.0, pytest.approx(11 / 108), 8, signal)
    assert stop not in {one[-1] for one in told.values()}


def test_bars_and_rows_end_at_the_bar_that_is_asked_about():
    def prepared(bars, ind):
        return {"twice": bars.close * 2.0}

    def looking(t, bars, rows, account, memory, *, at: int = 0):
        if t == at:
            raise ValueError(
                len(bars.time),
                len(bars.volume),
                len(rows.twice),
                bars.time[-1],
                bars.open[-1],
                bars.high[t],
                bars.low[t],
                bars.close[t],
                bars.volume[t],
                rows.twice[-1],
            )
        return 0

    strategy = strategy_of(looking, rows=prepared)
    for start, at in ((0, 0), (0, 7), (4, 4), (4, 11)):
        told = asked(strategy, BY_HAND, start=start, at=at)[0].errors[0].args
        b, n = BARS, at + 1
        prices = (b.open[at], b.high[at], b.low[at], b.close[at])
        assert told == (n, n, n, at * DAY, *prices, float(at), 2.0 * b.close[at])


@pytest.mark.parametrize("offset", [1, -40])
def test_a_stray_index_fails_the_run_instead_of_reading_other_memory(walk: Callable[..., Bars], offset: int):
    def peeking(t, bars, rows, account, memory, *, offset: int = 0, of: int = 0):
        if of == 0:
            return 1 if bars.close[t + offset] > 100.0 else 0
        memory[offset] = 1.0
        return 0

    for of in (0, 1):
        made, _ = asked(strategy_of(peeking), walk(30), offset=offset if of == 0 else 8 * offset, of=of)
        assert isinstance(made.errors[0], IndexError)


def test_bars_cannot_be_written():
    def writing(t, bars, rows, account, memory):
        bars.close[t] = 1.0
        return 0

    with pytest.raises(StrategyCompileError, match=r"test_bar_by_bar\.py, line"):
        compiled_wish(strategy_of(writing), ())


def test_memory_is_kept_from_bar_to_bar_and_zero_when_a_run_starts():
    def counting(t, bars, rows, account, memory):
        memory[2] += 1.0
        return 1 if memory[2] == 3.0 else 0

    settings = np.repeat(table(fill="close"), 3, axis=0)
    made, _ = asked(strategy_of(counting, memory=3), BY_HAND, settings)
    assert np.flatnonzero(made.orders).tolist() == [2, 3]
    assert (made.outcome.metrics == made.outcome.metrics[0])[:, 0].all()
    assert len(made.ledger) == 1


def test_it_is_asked_first_where_its_rows_are_known(walk: Callable[..., Bars]):
    def prepared(bars, ind, *, period):
        late = np.where(np.arange(len(bars)) < 7, np.nan, 1.0)
        return {"mean": ind.sma(period), "late": late}

    def always(t, bars, rows, account, memory, *, period: int = 5):
        return 1

    strategy, bars = strategy_of(always, rows=prepared), walk(40)
    for period, first in ((5, 7), (20, 19)):
        said = signals_of(strategy, Indicators(bars), {"period": period}, "long")
        assert np.flatnonzero(said.events).tolist() == [first]
        assert said.warm == first
        assert set(said.indicators) == {"mean", "late"}
        shorter = signals_of(strategy, Indicators(bars), {"period": period}, "long", 10)
        assert np.flatnonzero(shorter.events).tolist() == [max(first - 10, 0)]


def test_one_row_of_settings_that_raises_stops_no_other(walk: Callable[..., Bars]):
    def poor(t, bars, rows, account, memory):
        if account.equity < 900.0:
            raise ArithmeticError("poor")
        return 1

    settings = np.concatenate([table(initial_capital=capital) for capital in (1000.0, 800.0, 2000.0, 10.0)])
    made, _ = asked(strategy_of(poor), walk(50, closes=[100.0] * 50), settings)
    assert {row: str(error) for row, error in made.errors.items()} == {1: "poor", 3: "poor"}
    assert np.isnan(made.outcome.metrics[[1, 3]]).all()
    assert np.isfinite(made.outcome.metrics[[0, 2], 0]).all()


def test_a_wish_that_is_no_position_is_named_with_its_bar(walk: Callable[..., Bars]):
    def wild(t, bars, rows, account, memory):
        return 2 if t == 17 else 0

    made, _ = asked(strategy_of(wild), walk(30))
    error = made.errors[0]
    assert isinstance(error, WishError)
    assert str(error) == (
        "strategy wild returned a bad signal: 2 at bar 17, expected only -1, 0, 1 or a boolean"
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_what_a_function_calls_and_allocates_works(walk: Callable[..., Bars]):
    @njit
    def spread(values):
        return values.max() - values.min()

    def ranging(t, bars, rows, account, memory, *, window: int = 5, on: bool = True):
        if t < window or not on:
            return 0
        recent = bars.close[t - window : t + 1]
        copy = np.sort(recent)
        return 1 if spread(recent) > 5.0 and copy[-1] >= np.median(recent) else 0

    bars = walk(80)
    made, _ = asked(strategy_of(ranging), bars, table(fill="close"))
    wide = [t >= 5 and np.ptp(bars.close[t - 5 : t + 1]) > 5.0 for t in range(80)]
    assert made.errors == {}
    held = np.flatnonzero(np.diff(np.array([False, *wide]).astype(int)))
    assert np.flatnonzero(made.orders).tolist() == held.tolist()
    assert not asked(strategy_of(ranging), bars, on=False)[0].orders.any()


def test_a_function_under_njit_is_taken_as_it_is(walk: Callable[..., Bars]):
    @njit(error_model="numpy")
    def dividing(t, bars, rows, account, memory, *, by: float = 0.0):
        return 1 if bars.close[t] / by == np.inf else 0

    made, _ = asked(strategy_of(dividing), walk(20), table(fill="close"))
    assert made.errors == {}
    assert np.flatnonzero(made.orders).tolist() == [0]


@pytest.mark.parametrize("used", [1, 0])
def test_rows_that_look_ahead_are_found_even_if_no_wish_shows_it(bars: Bars, used: int):
    def scaled(bars, ind):
        return {"part": bars.close / bars.close.max()}

    def high(t, bars, rows, account, memory, *, used: int = 1):
        return 1 if rows.part[t] > 0.7 and used == 1 else 0

    with pytest.raises(LookaheadError, match="strategy high looks ahead"):
        prove_causal(strategy_of(high, rows=scaled), bars, [{"used": used}], seed=1)


def test_honest_rows_are_proven(bars: Bars):
    def honest(bars, ind):
        return {"z": ind.zscore(20), "mean": ind.sma(20), "change": np.diff(bars.close, prepend=np.nan)}

    def low(t, bars, rows, account, memory):
        memory[0] += rows.change[t]
        return 1 if rows.z[t] < -1.0 or (account.side == 1 and memory[0] > 0.0) else 0

    prove_causal(strategy_of(low, rows=honest), bars, [{}], seed=1)

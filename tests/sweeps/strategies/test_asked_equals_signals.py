"""Asked bar by bar or given as an array: the same strategy makes the same runs, to the last bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sweeps.bars.frame import Bars
from sweeps.simulation.asked import simulate_asked, trace_asked
from sweeps.simulation.kernel import simulate, trace
from sweeps.simulation.metric_names import METRIC_NAMES
from sweeps.simulation.window import PriceWindow, SignalSet
from sweeps.strategies.contract import Direction
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.registry import resolve
from tests.sweeps.simulation.cases import table
from tests.sweeps.strategies.asked import asker_of, nothing, strategy_of

START = 20
EXITS: dict[str, dict[str, Any]] = {
    "no exits": {},
    "stop": {"stop_loss": 0.03},
    "target": {"take_profit": 0.04},
    "trailing": {"trailing_stop": 0.05, "stop_loss": 0.04},
    "atr": {"atr_stop_multiple": 1.5},
    "age": {"max_bars": 7},
    "all": {"stop_loss": 0.05, "take_profit": 0.06, "trailing_stop": 0.04, "max_bars": 20},
    "costs": {"fee_bps": 20.0, "fee_fixed": 3.0, "slippage_bps": 5.0, "borrow_rate": 0.2, "max_bars": 30},
    "lots": {"sizing_kind": "units", "sizing_value": 9.0, "lot_size": 1.0, "fee_fixed": 15.0},
    "ruin": {"sizing_kind": "all_in", "borrow_rate": 8.0},
}


def averages(bars: Any, ind: Any, *, fast: int, slow: int) -> dict[str, Any]:
    return {"fast": ind.sma(fast), "slow": ind.sma(slow)}


def crossing(t, bars, rows, account, memory, *, fast: int = 5, slow: int = 12):
    """Say something new only where the averages cross, as an array's changes do."""
    wish = 1.0 if rows.fast[t] > rows.slow[t] else -1.0
    if wish == memory[0]:
        return account.side
    memory[0] = wish
    return int(wish)


CROSSING = strategy_of(crossing, rows=averages, short=True)


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("direction", ["long", "short", "both"])
@pytest.mark.parametrize("exits", EXITS)
@pytest.mark.parametrize("sessions", ["no sessions", "sessions"])
def test_both_ways_make_the_same_run(
    walk: Callable[..., Bars],
    folder: Any,
    write: Any,
    fill: str,
    direction: Direction,
    exits: str,
    sessions: str,
) -> None:
    write(
        folder,
        {
            "array.py": """
            import numpy as np
            from sweeps.strategies import strategy
            @strategy(short=True)
            def crossing(bars, ind, *, fast: int = 5, slow: int = 12):
                return np.where(ind.sma(fast) > ind.sma(slow), 1, -1)
            """
        },
    )
    array = resolve("array.py:crossing", folder)
    traded = 0
    for seed in range(3):
        bars = walk(400, seed)
        ind, part = Indicators(bars), bars.between(START, len(bars))
        window = PriceWindow(part.open, part.high, part.low, part.close)
        further: dict[str, Any] = (
            {"session_last": np.arange(len(window)) % 9 == 8} if sessions == "sessions" else {}
        )
        if exits == "atr":
            further["atr"] = ind.atr(30)[START:]  # not known at first: entries are refused
        settings = table(fill=fill, **EXITS[exits])
        said = evaluate(array, ind, {"fast": 5, "slow": 12}, direction, START)
        signals, silent = SignalSet(said.events, **further), nothing(window, **further)
        asker = asker_of(CROSSING, bars, direction, START)
        one = simulate(window, signals, settings, 252.0)
        other = simulate_asked(window, silent, asker, settings, 252.0)
        assert other.errors == {}
        for name in ("metrics", "block_sums", "block_sumsqs", "status"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other.outcome, name), err_msg=name)
        mine, theirs = (
            trace_asked(window, silent, asker, settings[0], 252.0),
            trace(window, signals, settings[0], 252.0),
        )
        np.testing.assert_array_equal(mine.equity, theirs.equity)
        np.testing.assert_array_equal(mine.position, theirs.position)
        for name, column in theirs.trades.items():
            np.testing.assert_array_equal(mine.trades[name], column, err_msg=name)
        traded += one.metrics[0, METRIC_NAMES.index("num_trades")]
    assert traded > 3


def test_a_row_called_stop_distance_stops_as_that_of_signals_does(walk: Callable[..., Bars]) -> None:
    def stopped(bars: Any, ind: Any) -> dict[str, Any]:
        return {"fast": ind.sma(5), "slow": ind.sma(12), "stop_distance": ind.atr(10)}

    from sweeps.strategies.asking import signals_of

    strategy, bars = strategy_of(crossing, rows=stopped, short=True), walk(400)
    said = signals_of(strategy, Indicators(bars), {"fast": 5, "slow": 12}, "both")
    np.testing.assert_array_equal(said.stop_distance, Indicators(bars).atr(10))
    window = PriceWindow(bars.open, bars.high, bars.low, bars.close)
    silent = nothing(window, stop_distance=said.stop_distance)
    run = trace_asked(window, silent, asker_of(strategy, bars, "both"), table(fill="next_open")[0], 252.0)
    assert {"strategy_stop", "signal"} <= set(run.trades["exit_reason"])


def test_a_boolean_means_what_it_does_in_an_array(walk: Callable[..., Bars]) -> None:
    def above(t, bars, rows, account, memory):
        return bars.close[t] > bars.open[t]

    bars = walk(200)
    window = PriceWindow(bars.open, bars.high, bars.low, bars.close)
    strategy = strategy_of(above, short=True)
    for direction, sides in (("long", {1}), ("short", {-1}), ("both", {-1, 1})):
        run = trace_asked(
            window, nothing(window), asker_of(strategy, bars, direction), table(fill="close")[0], 252.0
        )
        assert set(run.trades["side"].tolist()) == sides
        held = np.sign(run.position)
        expected = np.where(bars.close > bars.open, 1 if 1 in sides else 0, -1 if -1 in sides else 0)
        np.testing.assert_array_equal(held, expected)

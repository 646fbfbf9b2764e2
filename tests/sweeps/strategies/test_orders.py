"""Orders in bits are the events of `evaluate`, whatever a strategy returns."""

from contextlib import nullcontext
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.bars.frame import Bars
from sweeps.simulation.engine import new_words
from sweeps.simulation.hopping.packing import pack_events
from sweeps.strategies.contract import Above, Direction, Signals, Strategy
from sweeps.strategies.errors import SignalError
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.events import to_events
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import OrderBook
from sweeps.strategies.registry import BUILTIN, resolve

BARS = 333
DIRECTIONS: tuple[Direction, ...] = ("long", "short", "both")


def bars() -> Bars:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, BARS)))
    return Bars("X", "1d", np.arange(BARS) * 86_400_000_000, close, close * 1.01, close * 0.99, close, close)


def assert_same_orders(strategy: Strategy, parameters: dict[str, Any], start: int) -> None:
    for direction in DIRECTIONS:
        kinds = 2 if direction == "long" else 4
        words, expected = new_words(1, kinds, BARS - start), new_words(1, kinds, BARS - start)[0]
        words[:] = 2**64 - 1  # nothing of what was there before may stay
        refused: SignalError | None = None
        try:
            said = evaluate(strategy, Indicators(bars()), parameters, direction, start)
        except SignalError as error:
            refused = error
        book = OrderBook(strategy, Indicators(bars()), start, words[:1])
        book.ask([(parameters, direction)])
        if refused is not None:
            assert str(book.errors[0]) == str(refused)
            continue
        assert not book.errors
        distance = book.stops.of(0)
        pack_events(said.events, expected)
        assert np.array_equal(words[0], expected), direction
        assert (distance is None) == (said.stop_distance is None)
        if distance is not None:
            assert np.array_equal(distance, said.stop_distance, equal_nan=True)


@pytest.mark.parametrize("start", [0, 1, 64, 100])
@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_strategies(name: str, start: int) -> None:
    strategy = resolve(name, Path())
    assert_same_orders(strategy, {p.name: p.default for p in strategy.parameters}, start)


ANSWERS = {
    "boolean": "ind.sma(5) > ind.sma(20)",
    "above": "Above(ind.sma(5), ind.sma(20))",
    "above of other types": "Above(ind.sma(5).astype('float32'), ind.sma(20))",
    "whole numbers": "np.sign(np.nan_to_num(ind.sma(5) - ind.sma(20))).astype(int)",
    "state in signals": "Signals(state=bars.close > ind.sma(20), indicators={'a': ind.sma(20)})",
    "reversed view": "(bars.close[::-1] > 100)[::-1]",
    "entries alone": "Signals(entries=bars.close > ind.sma(20))",
    "entries and exits": "(bars.close > ind.sma(20), Above(ind.sma(20), bars.close), None, None)",
    "four wishes": "Signals(None, Above(30.5, ind.rsi(5)), ind.rsi(5) > 60, "
    "Above(ind.rsi(5), 70), ind.rsi(5) < 40, stop_distance=ind.atr(3))",
    "wishes that meet": "Signals(entries=bars.close > 100, exits=bars.close > 101, "
    "short_entries=bars.close > 99, short_exits=bars.close > 102)",
    "whole wishes": "Signals(entries=(bars.close > 100).astype(int), short_entries=bars.close < 99)",
    "state and stop": "Signals(state=bars.close > ind.sma(20), stop_distance=ind.atr(5))",
}


@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_a_strategy_returns(answer: str, start: int, tmp_path: Path) -> None:
    head = "import numpy as np\nfrom sweeplake import Above, Signals, strategy\n"
    text = f"{head}@strategy(short=True)\ndef mine(bars, ind):\n    return {ANSWERS[answer]}\n"
    (tmp_path / "mine.py").write_text(text)
    assert_same_orders(resolve("mine.py:mine", tmp_path), {}, start)


def test_a_diagnostic_of_another_length_is_refused(tmp_path: Path) -> None:
    answer = "Signals(bars.close > 1, indicators={'a': [1.0]})"
    text = f"from sweeplake import Signals\ndef mine(bars, ind):\n    return {answer}\n"
    (tmp_path / "mine.py").write_text(text)
    strategy = resolve("mine.py:mine", tmp_path)
    book = OrderBook(strategy, Indicators(bars()), 0, new_words(1, 2, BARS))
    book.ask([({}, "long")])
    with pytest.raises(SignalError, match='indicator "a"'):
        raise book.errors[0]


def test_above_is_the_comparison_that_it_stands_for() -> None:
    left, right = np.array([1.0, np.nan, 3.0]), np.array([0.0, 1.0, 3.0])
    assert np.asarray(Above(left, right)).tolist() == [True, False, False]
    assert isinstance(Signals(state=Above(left, right)).state, Above)


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(0, 320), st.integers(0, 80))
def test_random_states_and_wishes(seed: int, count: int, warm: int, start: int) -> None:
    rng = np.random.default_rng(seed)
    start = min(start, count - 1)
    states, wishes = rng.random(count) < 0.5, rng.random((4, count)) < rng.choice([0.1, 0.5, 0.9])
    rows = rng.integers(0, 3, (2, count)).astype(float)
    answers = (states, Above(*rows), Above(rows[0], 1.0), Above(1, rows[1]), Signals(None, *wishes))
    for answer, direction in product(answers, DIRECTIONS):
        used = SimpleNamespace(warm=0)
        ind: Any = SimpleNamespace(bars=range(count), recording=partial(nullcontext, used))
        said = partial(said_anyway, answer, used, warm)
        strategy: Any = SimpleNamespace(name="mine", short=True, columns=None, function=said)
        words, expected = new_words(1, 4, count - start), new_words(1, 4, count - start)[0]
        OrderBook(strategy, ind, start, words).ask([({}, direction)])
        events, _ = to_events(answer, direction, short_allowed=True, warm=warm, n=count, start=start)
        pack_events(events, expected)
        assert np.array_equal(words[0], expected), (answer, direction)


def said_anyway(answer: Any, used: SimpleNamespace, warm: int, *_: Any) -> Any:
    used.warm = warm  # as an indicator does that is known from there on
    return answer

"""Strategies that say nothing of columns are tried with them, and never give other orders than alone."""

from pathlib import Path

import numpy as np
import pytest

from sweeps.simulation.engine import new_words
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import OrderBook
from sweeps.strategies.questions import Questions, Trust
from tests.sweeps.strategies.column_cases import BARS, assert_equal, bars, mine

COUNTED = "mine.calls = getattr(mine, 'calls', 0) + 1\n    "


FORGIVING = """low = 50
    try:
        low = {7: 30}.get(a, low)
    except TypeError:
        pass
    return ind.rsi(3) > low"""
MANY = 500
ALONE = 25  # each of 9 + 20 values once, which the first 20 sets have, and five more sets


def many() -> Questions:
    places = np.arange(MANY)
    return Questions({"a": places % 9 + 1, "x": places % 20 / 20}, np.zeros(MANY, np.int64))


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("return ind.sma(a) > ind.sma(9)", 1 + ALONE),
        ("return ind.sma(a) >= ind.sma(9)", 1 + MANY),
        ("return (ind.sma(a) > ind.sma(9)) & (bars.close > 90)", 1 + MANY),
        ("return ind.sma(a if a > 3 else 3) > ind.sma(9)", 1 + MANY),
        ("a += 1\n    return ind.sma(a) > ind.sma(9)", 1 + ALONE),
        ("return ind.rsi(a + 1) > 60 / (a - 3)", 1 + MANY),
        ("return ind.rsi(a + 1) > 60 // (a - 3)", 1 + MANY),
        ("return ind.sma(a) > (ind.sma(9) if isinstance(x, float) else ind.sma(4))", 1 + ALONE + MANY),
        ("return ind.sma(np.max(a)) > ind.sma(9)", 1 + ALONE),
        (
            "return Signals(ind.sma(a) > 90, stop_distance=ind.atr(3 if type(a) is int else 4))",
            1 + ALONE + MANY,
        ),
        ("return ind.rsi(3) > (30 + (7**a) ** (4 * a) % 97)", 1 + ALONE),
        (FORGIVING, 1 + MANY),
    ],
)
def test_a_strategy_that_says_nothing_is_tried_and_else_asked_for_each_set(
    body: str, calls: int, tmp_path: Path
) -> None:
    strategy = mine(tmp_path, COUNTED + body, declared="")
    trust = Trust()
    book = OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS), trust)
    book.ask(many())
    assert strategy.function.calls == calls
    assert trust.refused == (calls == 1 + ALONE + MANY)
    alone = OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS))
    alone.ask(list(many()))
    assert_equal(book, alone)
    assert len(book.errors) < MANY


def test_a_strategy_that_once_differed_is_not_asked_columns_again(tmp_path: Path) -> None:
    strategy = mine(
        tmp_path, COUNTED + "return ind.sma(3 if isinstance(a, int) else 4) > ind.sma(9)", declared=""
    )
    trust = Trust()
    for _ in range(2):
        OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS), trust).ask(many())
    assert strategy.function.calls == 1 + ALONE + 2 * MANY


@pytest.mark.parametrize(
    "answer",
    [
        "room",
        "Signals(room)",
        "Signals(entries=room, exits=~room)",
        "Above(row, 0.0)",
        "(room, bars.close > 99)",
    ],
)
def test_a_strategy_may_fill_the_same_array_for_every_set(answer: str, tmp_path: Path) -> None:
    body = (
        "room, row = mine.__dict__.setdefault('held', (np.empty(len(bars), bool), np.empty(len(bars))))\n"
        "    np.greater(ind.sma(int(a)), ind.sma(9), out=room)\n"
        "    np.subtract(ind.sma(int(a)), ind.sma(9), out=row)\n"
        f"    return {answer}"
    )
    strategy = mine(tmp_path, body, declared=", columns=False")
    asked = Questions({"a": np.arange(1, 9), "x": np.ones(8)}, np.zeros(8, np.int64))
    book = OrderBook(strategy, Indicators(bars()), 0, new_words(8, 4, BARS))
    book.ask(asked)
    for place, question in enumerate(asked):
        alone = OrderBook(strategy, Indicators(bars()), 0, new_words(1, 4, BARS))
        alone.ask([question])
        np.testing.assert_array_equal(book.words[place], alone.words[0])
    assert len({row.tobytes() for row in book.words}) == 8


def test_a_strategy_that_takes_no_columns_is_never_tried(tmp_path: Path) -> None:
    strategy = mine(tmp_path, COUNTED + "return ind.sma(a) > ind.sma(9)", declared=", columns=False")
    asked = Questions({"a": np.arange(50) % 9 + 1, "x": np.ones(50)}, np.zeros(50, np.int64))
    OrderBook(strategy, Indicators(bars()), 0, new_words(50, 4, BARS)).ask(asked)
    assert strategy.function.calls == 50

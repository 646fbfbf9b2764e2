"""Strategies that say nothing of columns are tried with them, and never give other orders than alone."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from sweeps.simulation.engine import new_words
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import CHECKED, OrderBook
from sweeps.strategies.questions import Questions, Trust, exact_column
from tests.sweeps.strategies.column_cases import BARS, assert_equal, bars, books, mine

COUNTED = "mine.calls = getattr(mine, 'calls', 0) + 1\n    "


FORGIVING = """low = 50
    try:
        low = {7: 30}.get(a, low)
    except TypeError:
        pass
    return ind.rsi(3) > low"""
MANY = 500
ALONE = 25  # each of 9 + 20 values once, which the first 20 sets have, and five more sets
TRIED = 2  # a set alone, and all at once


def many() -> Questions:
    places = np.arange(MANY)
    return Questions({"a": places % 9 + 1, "x": places % 20 / 20}, np.zeros(MANY, np.int64))


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("return ind.sma(a) > ind.sma(9)", TRIED + ALONE),
        ("return ind.sma(a) >= ind.sma(9)", TRIED + MANY),
        ("return (ind.sma(a) > ind.sma(9)) & (bars.close > 90)", TRIED + MANY),
        ("return ind.sma(a if a > 3 else 3) > ind.sma(9)", TRIED + MANY),
        ("a += 1\n    return ind.sma(a) > ind.sma(9)", TRIED + ALONE),
        ("return ind.rsi(a + 1) > 60 / (a - 3)", TRIED + MANY),
        ("return ind.rsi(a + 1) > 60 // (a - 3)", TRIED + MANY),
        ("return ind.sma(a) > (ind.sma(9) if isinstance(x, float) else ind.sma(4))", MANY),
        ("return ind.sma(a) > (ind.sma(9) if x.__sizeof__() < 30 else ind.sma(4))", TRIED + ALONE + MANY),
        ("return ind.sma(np.max(a)) > ind.sma(9)", TRIED + ALONE),
        (
            "return Signals(ind.sma(a) > 90, stop_distance=ind.atr(3 if a.__sizeof__() < 30 else 4))",
            TRIED + ALONE + MANY,
        ),
        ("return ind.rsi(3) > (30 + (7**a) ** (4 * a) % 97)", TRIED + ALONE),
        (FORGIVING, MANY),
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
    assert trust.refused == (calls == TRIED + ALONE + MANY)
    alone = OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS))
    alone.ask(list(many()))
    assert_equal(book, alone)
    assert len(book.errors) < MANY


def test_a_strategy_that_once_differed_is_not_asked_columns_again(tmp_path: Path) -> None:
    strategy = mine(
        tmp_path, COUNTED + "return ind.sma(3 if a.__sizeof__() < 30 else 4) > ind.sma(9)", declared=""
    )
    trust = Trust()
    for _ in range(2):
        OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS), trust).ask(many())
    assert strategy.function.calls == TRIED + ALONE + 2 * MANY


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


GRID = [(p, a, b) for p in range(2, 60) for a in (False, True) for b in (True, False)]
LEFT_OUT = [cell for cell in GRID if not (cell[1] and cell[2] and cell[0] % 7 != 3)]
OF_ONE_VALUE = {
    "is": "30 + 25 * (a is True and b is True)",
    "if": "55 if a and b else 30",
    "isinstance": "30 + 25 * (isinstance(a, bool) and a and b)",
    "attributes": "30 + tried(lambda: 25 * (a & b).real * (p.real > 0))",
    "shift": "30 + tried(lambda: 25 * (a & b) * ((p << 0) > 0))",
    "rows": "30 + tried(lambda: (np.nanmax(ind.rsi(p)), 25 * (a & b))[1])",
    "a row's shape": "30 + tried(lambda: (ind.rsi(p).shape, 25 * (a & b))[1])",
    "a comparison": "30 + tried(lambda: ((ind.rsi(p) > 3) & (ind.rsi(p) > 2), 25 * (a & b))[1])",
    "a copy": "30 + tried(lambda: 25 * (a & b) * (copy.deepcopy([p])[0] in (3, 10, 17, 24)))",
    "text": "30 + tried(lambda: 25 * (a & b) * (f'{p}' > '2'))",
    "divmod": "30 + tried(lambda: 25 * (a & b) * (divmod(p, 90)[1] > 0))",
    "math.trunc": "30 + tried(lambda: 25 * (a & b) * (math.trunc(p) > 0))",
    "a power's rest": "30 + tried(lambda: 25 * (a & b) * (pow(p, 2, 7) >= 0))",
    "a list": "30 + tried(lambda: 25 * (a & b) * (len([1] * p) > 0))",
    "np.where": "30 + tried(lambda: 25 * (a & b) * (np.where(p > 0, 1, 0)))",
    "np.divmod": "30 + tried(lambda: 25 * (a & b) * (np.divmod(p, 2)[0] >= 0))",
    "an error of one value": "30 + tried(lambda: 25 * (a & b) * (1 / (p - 59) < 9))",
    "an indicator's error of one value": "30 + 25 * (a & b) * tried(lambda: ind.sma(p - 2) is not None)",
    "an unknown indicator": "30 + tried(lambda: ind.none(p)) + 25 * (a & b)",
}
TRYING = """import copy, math
    from tests.sweeps.strategies.column_cases import tried
    return ind.rsi(p) < {level}"""


@pytest.mark.parametrize("use", OF_ONE_VALUE)
def test_what_is_only_seen_in_few_combinations_is_as_alone(use: str, tmp_path: Path) -> None:
    level = OF_ONE_VALUE[use]
    strategy = mine(tmp_path, TRYING.format(level=level), "p: int, a: bool, b: bool", declared="")
    columns = dict(zip(("p", "a", "b"), map(exact_column, zip(*LEFT_OUT, strict=True)), strict=True))
    assert_equal(*books(strategy, Questions(columns, np.zeros(len(LEFT_OUT), np.int64)), 0))


KINDS = [
    "int(r) if isinstance(r, float) else r",
    "np.floor(r) if type(r) is float else r",
    "np.floor(r) if r.__class__ is float else r",
    "[r, np.floor(r)][kind(r, float)]",
]


@pytest.mark.parametrize("level", KINDS)
def test_the_kind_of_what_a_strategy_computes_is_as_alone(level: str, tmp_path: Path) -> None:
    body = f"r = a * x\n    return ind.rsi(14) > ({level})\n\n\nkind = isinstance"
    strategy = mine(tmp_path, body, declared="")
    fast, k = np.meshgrid([10, 12, 14, 15, 16, 17, 18, 20], [1.0, 2.0, 2.5, 3.0])
    asked = Questions({"a": fast.ravel(), "x": k.ravel()}, np.zeros(32, np.int64))
    assert_equal(*books(strategy, asked, 0))


def test_a_sum_of_numbers_is_as_alone(tmp_path: Path) -> None:
    body = "return ind.rsi(14) > 50 + 20 * (sum((x, y, 0.3)) == 0.6)"
    strategy = mine(tmp_path, body, "x: float, y: float", declared="")
    x, y = np.arange(30.0), np.arange(30.0)
    x[17], y[11] = 0.1, 0.2
    asked = Questions({"x": np.repeat(x, 30), "y": np.tile(y, 30)}, np.zeros(900, np.int64))
    assert_equal(*books(strategy, asked, 0))


CATCHING = {
    "except": """try:
        ratio = tp / sl
    except ZeroDivisionError:
        ratio = 0.0""",
    "finally": """ratio = 0.0
    try:
        ratio = tp / sl
    finally:
        return ind.rsi(14) > 50 + 10 * (ratio > 3)""",
    "suppress": """import contextlib
    ratio = 0.0
    with contextlib.suppress(ZeroDivisionError):
        ratio = tp / sl""",
    "warnings": """import warnings
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        ratio = np.divide(tp, sl)
    ratio = 0.0 if said else ratio""",
    "in a helper": """ratio = of(tp, sl)
    return ind.rsi(14) > 50 + 10 * (ratio > 3)


def of(tp, sl):
    try:
        return tp / sl
    except ZeroDivisionError:
        return 0.0


def unused(ratio, ind):
    pass""",
}


@pytest.mark.parametrize("way", CATCHING)
def test_an_error_of_one_value_that_is_caught_decides_for_no_other(way: str, tmp_path: Path) -> None:
    body = f"{CATCHING[way]}\n    return ind.rsi(14) > 50 + 10 * (ratio > 3)"
    strategy = mine(tmp_path, body, "tp: float, sl: float", declared="")
    tp, sl = np.meshgrid([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0], indexing="ij")
    asked = Questions({"tp": tp.ravel(), "sl": sl.ravel()}, np.zeros(12, np.int64))
    assert_equal(*books(strategy, asked, 0))


def test_a_stop_may_be_filled_into_the_same_array_again(tmp_path: Path) -> None:
    body = (
        "room = mine.__dict__.setdefault('room', np.empty(len(bars)))\n"
        "    room[:] = (bars.high - bars.low) * (3 if mode == 'b' and flag else 2)\n"
        "    return Signals(ind.rsi(p) > 50 + q, stop_distance=room)"
    )
    strategy = mine(tmp_path, body, "p: int, q: float, mode: str, flag: bool", declared="")
    cells = list(product([5, 7, 9], [1.0, 2.0, 3.0], "abcd", [False, True]))
    columns = dict(zip(("p", "q", "mode", "flag"), map(exact_column, zip(*cells, strict=True)), strict=True))
    book, alone = books(strategy, Questions(columns, np.zeros(len(cells), np.int64)), 0)
    assert len(book.unpacked.order), "it was asked in columns"
    assert_equal(book, alone)


def test_flags_and_texts_are_plain_values_in_columns(tmp_path: Path) -> None:
    body = (
        "level = {'low': 30, 'high': 60}[mode]\n    if flip:\n        return ind.rsi(p) > level\n"
        "    return Signals(ind.rsi(p) < level, stop_distance=x * ind.atr(p))"
    )
    strategy = mine(
        tmp_path, COUNTED + body, "p: int, x: float, flip: bool, mode: str", declared=", columns=True"
    )
    rng = np.random.default_rng(4)
    columns = {
        "p": rng.integers(2, 30, MANY),
        "x": rng.uniform(1, 3, MANY),
        "flip": rng.random(MANY) < 0.5,
        "mode": exact_column(rng.choice(["low", "high"], MANY).tolist()),
    }
    asked = Questions(columns, rng.choice([0, 1, 2], MANY))
    book, alone = books(strategy, asked, 77)
    assert strategy.function.calls == 4 * TRIED + CHECKED + MANY
    assert_equal(book, alone)
    assert not book.errors


@pytest.mark.parametrize("kept", ["ind.sma(50)", "ind.rsi(14) > 50"])
def test_what_a_strategy_keeps_between_calls_is_of_arrays(kept: str, tmp_path: Path) -> None:
    body = f"if not hasattr(mine, 'kept'):\n        mine.kept = {kept}\n    kept = mine.kept\n"
    answer = "ind.sma(a) > kept" if "sma" in kept else "kept"
    strategy = mine(tmp_path, body + f"    return {answer}", declared="")
    book = OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS))
    book.ask(many())
    assert not book.errors


def test_a_row_that_is_changed_after_it_was_compared_counts_as_it_was(tmp_path: Path) -> None:
    body = (
        "level = np.full(len(bars), 40.0)\n    entries = ind.rsi(a + 1) < level\n    level += 20\n"
        "    return Signals(None, entries, ind.rsi(a + 1) > level)"
    )
    strategy = mine(tmp_path, body)
    asked = Questions({"a": np.arange(MANY) % 9 + 1, "x": np.ones(MANY)}, np.zeros(MANY, np.int64))
    assert_equal(*books(strategy, asked, 0))


def test_a_long_axis_is_trusted_once_all_of_it_was_asked_alone(tmp_path: Path) -> None:
    strategy = mine(tmp_path, COUNTED + "return ind.rsi(7) > a", declared="")
    asked, trust = (
        Questions({"a": np.arange(MANY) % 97, "x": np.arange(MANY)}, np.zeros(MANY, np.int64)),
        Trust(),
    )
    OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS), trust).ask(asked)
    assert strategy.function.calls == TRIED + MANY
    OrderBook(strategy, Indicators(bars()), 0, new_words(MANY, 4, BARS), trust).ask(asked)
    assert strategy.function.calls == 2 * TRIED + MANY + CHECKED

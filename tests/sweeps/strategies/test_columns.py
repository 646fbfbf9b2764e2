"""A strategy that takes columns gives every set the orders that it gives the set alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.simulation.engine import new_words
from sweeps.strategies import columns
from sweeps.strategies.column import Column, distinct
from sweeps.strategies.column_orders import ColumnOrders
from sweeps.strategies.column_proof import prove_columns
from sweeps.strategies.columns import Call, ColumnIndicators, Rows
from sweeps.strategies.errors import (
    ColumnsDifferError,
    ColumnsError,
    ColumnsRefusedError,
    TooManyRowsError,
)
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import CHECKED, OrderBook
from sweeps.strategies.questions import Questions
from sweeps.strategies.registry import BUILTIN, resolve
from tests.sweeps.strategies.column_cases import BARS, assert_equal, bars, books, mine, questions

RANGES = {
    "sma_cross": {"fast": (1, 20), "slow": (2, 400)},
    "rsi_meanrev": {"rsi_period": (2, 12), "oversold": (20.0, 50.0), "overbought": (50.0, 80.0)},
    "bollinger_atr": {"window": (2, 40), "entry_z": (0.5, 2.5), "atr_period": (1, 30), "k_sl": (0.5, 4.0)},
    "donchian_breakout": {"entry_window": (1, 40), "exit_window": (1, 340)},
    "macd_cross": {"fast": (1, 12), "slow": (2, 40), "signal": (1, 9)},
}


@settings(max_examples=120)
@given(
    st.sampled_from(BUILTIN), st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0, 1, 64, 100])
)
def test_built_ins_answer_columns_as_they_answer_single_sets(
    name: str, seed: int, sets: int, start: int
) -> None:
    asked = questions(np.random.default_rng(seed), sets, RANGES[name])
    ColumnOrders(resolve(name, Path()), Indicators(bars()), start, asked)
    one, other = books(resolve(name, Path()), asked, start)
    assert_equal(one, other)
    assert not one.errors


BODIES = {
    "rows with gaps": "return Above(ind.sma(a, of='gaps'), ind.ema(a + 2, of='gaps'))",
    "a level": "return Above(ind.zscore(a + 1), x - 1.5)",
    "under a level": "return (Above(x, ind.zscore(a + 1)), Above(ind.zscore(a + 1), 0), None, None)",
    "a row of all": "return Above(bars.close, ind.sma(20))",
    "booleans of all": "return bars.close > 100",
    "own": "return ind.memo('own', lambda bars, a: bars.close > np.roll(bars.close, a), a)",
    "stop of all": "return Signals(Above(ind.sma(a), ind.sma(9)), stop_distance=ind.atr(3))",
    "stop of each": "return Signals(Above(ind.sma(a), ind.sma(9)), stop_distance=ind.atr(a) * x)",
    "operators": "return Signals(None, ind.rsi(a + 1) < 40 + x, bars.close > ind.sma(a),"
    " ind.sma(a) > ind.sma(9), x < ind.rsi(5))",
    "four wishes": "up = Above(ind.rsi(a + 1), 50 + x)\n    down = Above(50 - x, ind.rsi(a + 1))\n"
    "    return Signals(None, down, up, up, down, stop_distance=2 * ind.atr(a))",
}


@pytest.mark.parametrize("start", [0, 77])
@pytest.mark.parametrize("body", BODIES)
def test_whatever_columns_mode_allows(body: str, start: int, tmp_path: Path) -> None:
    strategy = mine(tmp_path, BODIES[body])
    for seed in range(8):
        rng = np.random.default_rng(seed)
        asked = questions(rng, 40, {"a": (1, 9), "x": (0.0, 3.0)})
        if body in ("under a level", "booleans of all", "own"):
            asked = Questions(asked.columns, np.zeros(40, np.int64))
        ColumnOrders(strategy, Indicators(bars()), start, asked)
        one, other = books(strategy, asked, start)
        assert_equal(one, other)


def test_a_strategy_is_called_once_for_all_sets_and_once_more_for_each_of_some(
    tmp_path: Path,
) -> None:
    strategy = mine(tmp_path, "mine.calls = getattr(mine, 'calls', 0) + 1\n    return Above(ind.sma(a), x)")
    asked = questions(np.random.default_rng(1), 50, {"a": (1, 9), "x": (0.0, 3.0)})
    OrderBook(strategy, Indicators(bars()), 0, new_words(50, 4, BARS)).ask(asked)
    assert strategy.function.calls == 2 + CHECKED  # a set before, all at once


def test_a_value_that_is_refused_fails_its_set_alone(tmp_path: Path) -> None:
    strategy = mine(tmp_path, "return Above(ind.sma(a - 3), ind.sma(9))")
    asked = Questions({"a": np.arange(1, 31), "x": np.ones(30)}, np.zeros(30, np.int64))
    one, other = books(strategy, asked, 0)
    assert sorted(one.errors) == [0, 1, 2]
    assert_equal(one, other)


def test_a_negative_stop_is_refused_as_for_single_sets(tmp_path: Path) -> None:
    strategy = mine(tmp_path, "return Signals(Above(ind.sma(a), 1), stop_distance=(x - 2) * ind.atr(3))")
    asked = Questions({"a": np.ones(30, int), "x": np.arange(30) / 10}, np.zeros(30, np.int64))
    one, other = books(strategy, asked, 0)
    assert sorted(one.errors) == list(range(20))
    assert_equal(one, other)


def test_a_set_that_is_answered_otherwise_alone_is_found_out(tmp_path: Path) -> None:
    strategy = mine(tmp_path, "return Above(ind.sma(9 if isinstance(a, int) else 3), ind.sma(5))")
    asked = Questions({"a": np.arange(1, 31), "x": np.ones(30)}, np.zeros(30, np.int64))
    with pytest.raises(ColumnsDifferError, match=r"strategy mine declares columns=True.*other orders.*a = 1"):
        OrderBook(strategy, Indicators(bars()), 0, new_words(30, 4, BARS)).ask(asked)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return ind.sma(a) >= ind.sma(9)", "has a row for each set, and takes no greater_equal"),
        (
            "return (ind.sma(a) > 9) & (bars.close > 9)",
            "a comparison of rows is a state.* takes no and\\(\\)",
        ),
        ("return np.where(ind.sma(a) > 9, 1, -1)", "a comparison of rows is a state.* takes no array\\(\\)"),
        ("return bars.close > ind.sma(a if a > 2 else 2)", "takes no bool"),
        ("return bars.close > x", "takes no greater of arrays"),
    ],
)
def test_a_strategy_that_takes_no_columns_is_refused_before_a_sweep(
    body: str, reason: str, tmp_path: Path
) -> None:
    sets = [{"a": 3, "x": 1.0}, {"a": 4, "x": 2.0}, {"a": 5, "x": 2.0}]
    with pytest.raises(ColumnsRefusedError, match=f"strategy mine declares columns=True.*{reason}"):
        prove_columns(mine(tmp_path, body), bars(), sets)


def test_a_strategy_that_answers_otherwise_alone_is_refused_before_a_sweep(tmp_path: Path) -> None:
    strategy = mine(tmp_path, "return Above(ind.sma(9 if isinstance(a, int) else 3), ind.sma(5))")
    with pytest.raises(ColumnsDifferError):
        prove_columns(strategy, bars(), [{"a": 3, "x": 1.0}, {"a": 4, "x": 2.0}])
    prove_columns(resolve("sma_cross", Path()), bars(), [{"fast": 3, "slow": 9}, {"fast": 4, "slow": 9}])


@pytest.mark.parametrize("sets", [BARS, BARS + 1])
def test_a_column_is_never_taken_for_a_row(sets: int, tmp_path: Path) -> None:
    strategy = mine(tmp_path, "return Above(bars.close, 95 + x)")
    asked = questions(np.random.default_rng(2), sets, {"a": (1, 9), "x": (0.0, 30.0)})
    assert_equal(*books(strategy, asked, 0))


def test_sets_are_asked_in_halves_where_their_rows_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "MOST_BYTES", 8 * BARS * 7)
    strategy = mine(tmp_path, "mine.calls = getattr(mine, 'calls', 0) + 1\n    return Above(ind.sma(a), x)")
    asked = Questions({"a": np.arange(1, 25), "x": np.ones(24)}, np.zeros(24, np.int64))
    assert_equal(*books(strategy, asked, 0))
    assert (
        strategy.function.calls == 14 + 4 * 6 + 24
    )  # 24, 12, 6, 6, 12, 6, 6, each after one alone; six alone each; all alone


MISUSES: dict[str, Any] = {
    "greater_equal": lambda rows, _: rows >= 1,
    "add": lambda rows, _: rows + rows,
    "multiply": lambda rows, _: rows * rows,
    "twice": lambda rows, column: rows * column * column,
    "row": lambda rows, _: rows * np.ones(BARS),
    "where": lambda rows, _: np.where([True], rows, 0),
    "array": lambda rows, _: np.asarray(rows),
    "maximum": np.maximum,
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_what_is_not_allowed_says_what_is(misuse: str) -> None:
    column = Column.of(np.arange(1, 5), [])
    call = Call(4, BARS)
    rows = ColumnIndicators(Indicators(bars()), 4, call).sma(column)
    with pytest.raises(ColumnsError, match=r"columns mode: .* take columns=True away"):
        MISUSES[misuse](rows, column)
    assert call.refused


def test_rows_are_distinct_and_warm_by_set() -> None:
    view = ColumnIndicators(Indicators(bars()), 5, Call(5, BARS))
    rows = view.sma(Column.of(np.array([3, 5, 3, 9, 5]), []))
    assert isinstance(rows, Rows)
    assert len(rows.rows) == 3
    assert [int(np.isfinite(rows.rows[row]).argmax()) for row in rows.of_set] == [2, 4, 2, 8, 4]
    line, average, _ = view.macd(
        Column.of(np.array([3, 3, 3, 4, 4]), []), 9, signal=Column.of(np.array([2, 2, 5, 5, 5]), [])
    )
    assert len(line.rows) == len(average.rows) == 3
    assert view.warm.tolist() == [9, 9, 12, 12, 12]
    with pytest.raises(ColumnsError, match=r"no ind\.recording"):
        view.recording()


@given(st.lists(st.integers(0, 99), min_size=1, max_size=50), st.sampled_from([100, 10_000]))
def test_distinct_keys_stand_where_they_are_first(keys: list[int], size: int) -> None:
    codes, first = distinct(np.array(keys), size)
    assert [keys[first[code]] for code in codes] == keys
    assert [keys.index(keys[at]) for at in first] == first.tolist()
    assert len(set(keys)) == len(first)


def test_the_rows_of_answers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST_BYTES", 8 * BARS * 10)
    periods = Column.of(np.arange(5, 9), [])
    ColumnIndicators(Indicators(bars()), 4, Call(4, BARS)).sma(periods)
    with pytest.raises(TooManyRowsError):
        ColumnIndicators(Indicators(bars()), 4, Call(4, BARS)).macd(3, periods)

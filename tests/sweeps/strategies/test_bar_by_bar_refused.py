"""Strategies that cannot be asked bar by bar: what is wrong with them, and where."""

from typing import Any

import pytest

from sweeps.bars.frame import Bars
from sweeps.strategies.asking import signals_of
from sweeps.strategies.compile_errors import StrategyCompileError
from sweeps.strategies.errors import SignalError, StrategyDefinitionError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.registry import resolve
from tests.sweeps.strategies.asked import strategy_of


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("return bars.clsoe[t]", ["line 6", "Unknown attribute 'clsoe'"]),
        ("return 1 if rows.fast[t] > 0 else 0", ["line 6", "fast"]),
        ("return 1 if undefined_name > 0 else 0", ["mine.py, line", "undefined_name"]),
        ("return 'long'", ["mine.py, line 4", "unicode_type", "expected -1, 0 or 1"]),
        ("return 0.5", ["mine.py, line 4", "float64", "expected -1, 0 or 1"]),
        ("memory[0] = 1.0", ["mine.py, line 4", "none", "expected -1, 0 or 1"]),
        ("return helper(t)", ["line 6", "helper"]),
    ],
)
def test_what_numba_cannot_compile_is_named_with_file_and_line(
    folder: Any, write: Any, bars: Bars, body: str, parts: list[str]
):
    text = f"""\
import sweeplake as sl
def helper(t):
    return t
@sl.bar_by_bar
def mine(t, bars, rows, account, memory):
    {body}
"""
    write(folder, {"mine.py": text})
    strategy = resolve("mine.py:mine", folder)
    with pytest.raises(StrategyCompileError) as caught:
        signals_of(strategy, Indicators(bars), {}, "long")
    for part in ["strategy mine cannot be compiled: mine.py", *parts]:
        assert part in str(caught.value)
    assert "\x1b" not in str(caught.value)
    with pytest.raises(StrategyCompileError, match=r"mine\.py"):
        signals_of(strategy, Indicators(bars), {}, "long")


@pytest.mark.parametrize(
    ("mark", "signature", "reason"),
    [
        ("", "t, bars, account", "is called as f(t, bars, rows, account, memory, *, parameters)"),
        ("", "t, bars, rows, account, memory, *, mode: str = 'a'", "parameter mode is text"),
        ("memory=-1", "t, bars, rows, account, memory", "memory=-1"),
        ("memory=1.5", "t, bars, rows, account, memory", "memory=1.5"),
        ("rows=3", "t, bars, rows, account, memory", "rows=3"),
        ("rows=abs", "t, bars, rows, account, memory", "g(bars, ind, *, parameters)"),
        (
            "rows=averages",
            "t, bars, rows, account, memory, *, fats: int = 3",
            'its rows read fast, which is none of its parameters; did you mean "fats"?',
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_when_it_is_loaded(
    folder: Any, write: Any, mark: str, signature: str, reason: str
):
    text = f"""\
import sweeplake as sl
def averages(bars, ind, *, fast):
    return {{}}
@sl.bar_by_bar({mark})
def mine({signature}):
    return 0
"""
    write(folder, {"mine.py": text})
    with pytest.raises(StrategyDefinitionError) as caught:
        resolve("mine.py:mine", folder)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (lambda bars, _: bars.close, "its rows are ndarray, expected arrays by name"),
        (lambda bars, _: {"a": bars.close[1:]}, 'row "a" has shape (599,)'),
        (lambda bars, _: {"a": bars.close.astype(str)}, 'row "a" holds <U'),
        (lambda bars, _: {"a b": bars.close}, 'row "a b": name it'),
        (lambda bars, _: {"class": bars.close}, 'row "class": name it'),
        (lambda bars, _: {"stop_distance": -bars.close}, "stop_distance is -"),
    ],
)
def test_rows_that_are_none_are_refused(bars: Bars, rows: Any, reason: str):
    def idle(t, bars, rows, account, memory):
        return 0

    with pytest.raises(SignalError) as caught:
        signals_of(strategy_of(idle, rows=rows), Indicators(bars), {}, "long")
    assert reason in str(caught.value)

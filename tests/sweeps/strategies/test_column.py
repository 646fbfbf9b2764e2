"""A column calculates for each set what Python and NumPy calculate for the set alone, or raises."""

import itertools
import operator
import pickle
import resource
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from sweeps.simulation.engine import new_words
from sweeps.strategies.column import Column
from sweeps.strategies.errors import ColumnsError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import OrderBook
from sweeps.strategies.questions import Questions, exact_column
from tests.sweeps.strategies.column_cases import BARS, assert_equal, bars, books, mine

VALUES: dict[str, list[Any]] = {
    "flag": [False, True],
    "whole": [-3, 0, 1, 2, 63, 2**31, 2**62],
    "huge": [1, 2**70],
    "part": [-1.5, -0.0, 0.0, 0.1, 0.5, 2.0, 1e200],
    "word": ["sma", "ema"],
}
LEAVES = (*VALUES, "other", "2", "-1", "0.5", "True", "'ema'")
BINARY = ["+", "-", "*", "/", "//", "%", "&", "|", "^", "<", "<=", "==", "!=", ">", ">="]
UNARY = ["-{}", "+{}", "~{}", "abs({})", "round({})", "np.sqrt({})", "np.negative({})", "np.sign({})"]
PAIRS = [
    *(f"{{}} {sign} {{}}" for sign in BINARY),
    *(f"np.{one}({{}}, {{}})" for one in ("maximum", "add", "hypot")),
    *(f"({{}}) ** (({{}}) {end})" for end in ("% 5", "% 5 - 3", "> 0")),
]


def expressions() -> st.SearchStrategy[str]:
    def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        one = st.builds(lambda form, a: form.format(f"({a})"), st.sampled_from(UNARY), inner)
        two = st.builds(
            lambda form, a, b: form.format(f"({a})", f"({b})"), st.sampled_from(PAIRS), inner, inner
        )
        return one | two

    return st.recursive(st.sampled_from(LEAVES), deeper, max_leaves=5)


@contextmanager
def little_memory() -> Iterator[None]:
    """Let nobody take more than a GiB above what is taken: a text times 2**31 is one of 6 GiB."""
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    taken = int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0]) << 10
    resource.setrlimit(resource.RLIMIT_DATA, (taken + (1 << 30), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def alone(function: Callable[..., Any], sets: list[dict[str, Any]]) -> list[Any] | None:
    try:
        return [function(**one) for one in sets]
    except MemoryError:  # columns, which keep equal values once, may have enough
        reject()
    except Exception:  # noqa: BLE001  whatever Python and NumPy raise
        return None


@settings(max_examples=600, deadline=None)
@given(expressions(), st.integers(0, 2**32 - 1))
def test_a_column_calculates_what_each_of_its_sets_does(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = {
        name: [values[at] for at in rng.integers(0, len(values), 40)] for name, values in VALUES.items()
    }
    chosen["other"] = [bool(at) for at in rng.integers(0, 2, 40)]
    sets = [dict(zip(chosen, one, strict=True)) for one in zip(*chosen.values(), strict=True)]
    function = eval(f"lambda {', '.join(chosen)}: {text}", {"np": np})  # noqa: S307
    refused: list[str] = []
    columns = {name: Column.of(exact_column(values), refused) for name, values in chosen.items()}
    with warnings.catch_warnings(), np.errstate(all="ignore"), little_memory():
        warnings.simplefilter("ignore")
        expected = alone(function, sets)
        try:
            answer = function(**columns)
        except Exception:  # noqa: BLE001
            assert expected is None or refused
            return
    assert expected is not None
    found = answer.at(np.arange(40)) if isinstance(answer, Column) else [answer] * 40
    assert [(type(one), repr(one)) for one in found] == [(type(one), repr(one)) for one in expected]


@pytest.mark.parametrize("given", [3, Column.of(np.arange(3), [])])
def test_a_column_has_no_parts_as_a_number_has_none(given: Any) -> None:
    with pytest.raises(TypeError, match="not subscriptable"):
        operator.getitem(given, 0)
    with pytest.raises(TypeError, match="not all arguments converted"):  # a mapping would be taken
        operator.mod("ema", given)


@pytest.mark.parametrize("made", [np.sqrt, np.negative])
def test_a_text_takes_a_column_of_numpys_numbers_for_mappings_as_it_takes_each(made: Any) -> None:
    refused: list[str] = []
    column = made(Column.of(np.array([1.0, 2.0]), refused))
    assert operator.mod("ema", column) == operator.mod("ema", made(1.0)) == "ema"
    assert not refused
    operator.mod("%s", column)
    assert refused


LEVELS = {
    "sum": "30 + 25 * (a + b)",
    "comparisons": "30 + 25 * ((p > 3) + (q < 2))",
    "not": "50 + 10 * ~a",
    "overflow": "30 + (p * 2**62) % 97 % 50",
    "power": "30 + (p + 50) ** (q + 20) % 61",
    "zero": "30 + p // (q - 1)",
    "negative power": "30 + 10 * p ** (q - 2)",
    "text": "30 + 20 * (mode == 'up') + 20 * a * b",
    "numpy": "30 + 25 * np.add(a, b) + np.maximum(p, q)",
    "if": "30 + (25 if a and b else 0)",
    "largest": "30 + max(p, q) + min(p, 5)",
    "kept going": "30 + both(a, b)",
    "types": "30 + 9 * isinstance(a + b, int)",
}
BOTH = """return ind.rsi(p) < {level}


def both(a, b):
    try:
        return 25 if a and b else 0
    except Exception:
        return 0"""


@pytest.mark.parametrize("level", LEVELS)
def test_orders_are_those_of_each_set_alone_whatever_is_left_out_of_the_grid(
    level: str, tmp_path: Path
) -> None:
    parameters = "a: bool, b: bool, p: int, q: int, mode: str"
    strategy = mine(tmp_path, BOTH.format(level=LEVELS[level]), parameters, declared="")
    for rule in (lambda *_: True, lambda p, a, b, *_: not (a and b and p % 7 != 3)):
        every = itertools.product(range(2, 60), [False, True], [True, False], range(1, 4), ["up", "down"])
        cells = list(zip(*(cell for cell in every if rule(*cell)), strict=True))
        columns = dict(zip(("p", "a", "b", "q", "mode"), map(exact_column, cells), strict=True))
        asked = Questions(columns, np.zeros(len(cells[0]), np.int64))
        assert_equal(*books(strategy, asked, 0))


def test_truths_that_are_added_keep_a_strategy_in_columns(tmp_path: Path) -> None:
    body = "mine.calls = getattr(mine, 'calls', 0) + 1\n    return ind.rsi(p) < 30 + 25 * (a + b)"
    strategy = mine(tmp_path, body, "a: bool, b: bool, p: int", declared="")
    cells = list(zip(*itertools.product([False, True], [True, False], range(2, 60)), strict=True))
    columns = dict(zip(("a", "b", "p"), map(exact_column, cells), strict=True))
    sets = len(cells[0])
    words = new_words(sets, 4, BARS)
    OrderBook(strategy, Indicators(bars()), 0, words).ask(Questions(columns, np.zeros(sets, np.int64)))
    assert strategy.function.calls < 80 < sets


@pytest.mark.parametrize(
    "use",
    [
        bool, len, list, int, float, complex, hash, range, np.asarray, np.add.reduce,
        lambda column: divmod(column, 2),
        lambda column: np.float64(2.017) ** column,
        lambda column: [1, 2, 3][column],
        lambda column: column in (1, 2),
        lambda column: np.max([column, column]),
        lambda column: column + np.ones(4),
        lambda column: np.where(np.ones(4) > 0, column, 0),
    ],
)  # fmt: skip
def test_what_needs_one_value_is_refused_and_noted(use: Callable[[Any], Any]) -> None:
    column = Column.of(np.arange(4), [])
    with pytest.raises(ColumnsError, match="a column has a value for each set"):
        use(column)
    assert column.refused


@pytest.mark.parametrize("use", [str, repr, "{}".format, lambda column: hasattr(column, "real")])
def test_what_fails_nothing_is_noted(use: Callable[[Any], Any]) -> None:
    column = Column.of(np.arange(4), [])
    use(column)
    assert column.refused


def test_a_column_has_the_values_that_it_was_made_of() -> None:
    for values in (
        [0.0, -0.0, np.nan, 1.0],
        [True, False],
        [2**62, -(2**62)],
        ["a", 1, True, 1.0],
        [3, 3, 1],
    ):
        column = Column.of(exact_column(values), [])
        assert list(map(repr, column.at(np.arange(len(values))))) == list(map(repr, values))
    copy = pickle.loads(pickle.dumps(Column.of(np.arange(3), [])))  # noqa: S301
    assert copy.at(np.arange(3)) == [0, 1, 2]

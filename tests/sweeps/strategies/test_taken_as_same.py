"""Sets asked alone that compare the very same as in columns are not packed; all others are, and compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sweeps.simulation.hopping.packing import words_of
from sweeps.strategies.column_orders import ColumnOrders
from sweeps.strategies.contract import Direction
from sweeps.strategies.errors import ColumnsDifferError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.pending import Pending
from sweeps.strategies.questions import Questions
from tests.sweeps.strategies.column_cases import BARS, bars, books, mine

SETS = 30
ONE = "one = 1 if isinstance(a, int) else 0\n    "
DIFFERENT = {
    "left row": "return Above(ind.sma(a + one), ind.sma(5))",
    "right row": "return Above(ind.sma(50), ind.sma(a + one))",
    "value": "return Above(ind.sma(a), x + one)",
    "which is above": "return Above(x, ind.sma(a)) if one else Above(ind.sma(a), x)",
    "first known bar": "ind.sma(200 if one else 2)\n    return Above(ind.sma(a), ind.sma(5))",
    "an entry": "return Above(ind.sma(a + one), 99 + x), Above(x, ind.sma(a))",
    "an exit": "return Above(ind.sma(a), 99 + x), Above(x, ind.sma(a + one))",
}
SAME = {
    "a state": "return Signals(Above(ind.sma(a), ind.sma(70)))",
    "a level": "return Signals(Above(ind.sma(a), x))",
    "entries and exits": "return Signals(None, Above(ind.sma(a), x), Above(x, ind.sma(a + 1)))",
}
SETS_ALONE, PARAMETERS_OF = [2, 4, 9, 11], [None, 4, 10, 11]
SIDES_OF: list[Direction] = ["long", "long", "long", "both"]
"""The first fails, the third is asked with another set's parameters, the fourth for another side."""


def each_different() -> Questions:
    """Return sets that share no condition."""
    columns = {"a": np.arange(1, SETS + 1), "x": 99.0 + np.arange(SETS) / 10}
    return Questions(columns, np.zeros(SETS, np.int64))


@pytest.mark.parametrize("body", DIFFERENT)
def test_any_difference_is_found_out(body: str, tmp_path: Path) -> None:
    with pytest.raises(ColumnsDifferError, match="other orders"):
        books(mine(tmp_path, ONE + DIFFERENT[body]), each_different(), 0)


@pytest.mark.parametrize("start", [0, 77])
@pytest.mark.parametrize("body", SAME)
def test_only_what_compares_the_same_is_not_packed(body: str, start: int, tmp_path: Path) -> None:
    strategy, asked, ind = mine(tmp_path, SAME[body]), each_different(), Indicators(bars())
    many, words = ColumnOrders(strategy, ind, start, asked), np.full((4, 4, words_of(BARS)), 7, np.uint64)
    alone, rows = Pending(words, BARS, start), list(asked)
    for place, (of, side) in enumerate(zip(PARAMETERS_OF, SIDES_OF, strict=True)):
        if of is None:
            continue
        with ind.recording() as used:
            answer = strategy.function(ind.bars, ind, **rows[of][0])
        if side == "both" and answer.state is None:
            answer = replace(answer, short_entries=answer.exits)
        assert alone.note(answer, place, used.warm, side)
    assert alone.take_same(many.unpacked, np.array(SETS_ALONE)).tolist() == [False, True, False, False]
    alone.pack()
    assert [bool((row[:, :-2] == 7).all()) for row in words] == [True, True, False, False]

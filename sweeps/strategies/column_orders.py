"""Column orders: what a strategy answers to many sets at once, as conditions of each set."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import packing
from sweeps.simulation.hopping.conditions import NEVER, Conditions, chosen, conditions
from sweeps.simulation.hopping.packing import Unpacked, pack_unpacked
from sweeps.strategies.column import Column
from sweeps.strategies.columns import ColumnIndicators, Rows
from sweeps.strategies.conditions import ColumnConditions
from sweeps.strategies.contract import Signals, Strategy
from sweeps.strategies.errors import ColumnsError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.pending import signal_sets
from sweeps.strategies.questions import Questions
from sweeps.strategies.stops import Stops

_SIDES = ("entries", "exits", "short_entries", "short_exits")


class ColumnOrders:
    """The orders of many sets, from one call of a strategy.

    Attributes:
        unpacked: What they ask; good as long as this lives.

    Raises:
        ColumnsError: If the answer is nothing that columns mode knows, or would be refused of some set.
        TooManyRowsError: If fewer sets should be asked at once.
    """

    def __init__(self, strategy: Strategy, ind: Indicators, start: int, questions: Questions) -> None:
        self._sets, self._sides = len(questions), questions.sides
        self._start, self._bars = start, len(ind.bars)
        view = ColumnIndicators(ind, self._sets)
        columns = {name: Column.of(column, view.refused) for name, column in questions.columns.items()}
        answer = _signals(strategy.function(ind.bars, view, **columns))
        if view.refused:
            raise ColumnsError(view.refused[0])
        made = ColumnConditions(view, self._bars, start, self._sets)
        self._kept = answer, made  # addresses are good while their rows live
        asked = _state(answer, made) if answer.state is not None else self._wishes(answer, made)
        places = np.arange(self._sets)
        sets = signal_sets(places, view.warm - start, self._sides)
        self.unpacked = Unpacked(asked, sets, _order(asked))
        self._stop = None if answer.stop_distance is None else self._checked_stop(answer.stop_distance)

    def pack(self, words: npt.NDArray[np.uint64], places: npt.NDArray[np.int64] | None = None) -> None:
        """Write the orders of all sets, or some, into their rows of ``words``, (sets, 2 or 4, words)."""
        pack_unpacked(
            self.unpacked, self.unpacked.order if places is None else places, self._bars - self._start, words
        )

    def note_stops(self, stops: Stops, first: int) -> None:
        """Note the stop distances, those of the first set at ``first``."""
        if self._stop is not None:
            scale = np.ones(self._sets) if self._stop.scale is None else self._stop.scale
            rows = [row[self._start :] for row in self._stop.rows]
            stops.note_scaled(first, rows, self._stop.of_set, scale)

    def _wishes(self, answer: Signals, made: ColumnConditions) -> Conditions:
        """Return four conditions a set, shape (sets, 4); a side that may not trade is not looked at."""
        shorts, longs = self._sides != packing.LONG, self._sides != packing.SHORT
        if (shorts.any() and answer.short_entries is None) or (longs.any() and answer.entries is None):
            raise ColumnsError("entries of a side that trades are missing")
        whole = conditions((self._sets, packing.KINDS))
        for slot, name in enumerate(_SIDES):
            wish, trades = getattr(answer, name), longs if slot < packing.LONG_KINDS else shorts
            if wish is not None and trades.any():
                for column, one in zip(whole, made.of(wish), strict=True):
                    column[:, slot] = one
                whole.kind[~trades, slot] = NEVER
        return whole

    def _checked_stop(self, distance: Any) -> Rows:
        if isinstance(distance, np.ndarray) and distance.shape == (self._bars,):
            distance = Rows([distance], np.zeros(self._sets, np.int64))
        if not isinstance(distance, Rows):
            raise ColumnsError("stop_distance is rows, or rows x a column of numbers")
        shape = (self._bars,)
        for row in distance.rows:
            if row.dtype != np.float64 or row.shape != shape or (row < 0.0).any():
                raise ColumnsError("stop_distance is a distance in price units, >= 0")
        if distance.scale is not None and (distance.scale < 0.0).any():
            raise ColumnsError("stop_distance is a distance in price units, >= 0")
        return distance


def _signals(answer: Any) -> Signals:
    if isinstance(answer, tuple) and len(answer) in (2, 4):
        answer = Signals(None, *answer)
    elif not isinstance(answer, Signals):
        answer = Signals(answer)
    signals: Signals = answer
    if (signals.state is None) == all(getattr(signals, name) is None for name in _SIDES):
        raise ColumnsError("an answer is a state, or entries and exits")
    return signals


def _state(answer: Signals, made: ColumnConditions) -> Conditions:
    return chosen(made.of(answer.state), np.arange(made.sets)[:, None])


def _order(asked: Conditions) -> npt.NDArray[np.int64]:
    """Return the order in which sets are packed: by the row that changes most often.

    That row is then read from afar once, and the others, which are fewer, stay in the processor's cache.
    """
    left, right = asked.left[:, 0], asked.right[:, 0]
    changes = [np.count_nonzero(rows[1:] != rows[:-1]) for rows in (left, right)]
    return np.argsort(left if changes[0] > changes[1] else right, kind="stable")

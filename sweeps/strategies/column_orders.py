"""Column orders: what a strategy answers to many sets at once, as conditions of each set."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import packing
from sweeps.simulation.hopping.conditions import NEVER, Conditions, chosen, conditions
from sweeps.simulation.hopping.packing import Unpacked, pack_unpacked
from sweeps.strategies.columns import Call, ColumnIndicators, Rows
from sweeps.strategies.conditions import ColumnConditions, SharedRows
from sweeps.strategies.contract import Signals, Strategy
from sweeps.strategies.errors import ColumnsError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.pending import signal_sets
from sweeps.strategies.questions import Questions
from sweeps.strategies.stops import Stops

Places: TypeAlias = npt.NDArray[np.int64]

NEAR_ROWS = 24
"""Rows of a tile that are cut, which together take half of a cache of 1 MB."""

_SIDES = ("entries", "exits", "short_entries", "short_exits")


class ColumnOrders:
    """The orders of many sets, from one call of a strategy for all whose flags and texts are the same.

    Before each call it is asked for one of its sets alone: what it keeps between calls is then of arrays.

    Attributes:
        unpacked: What they ask; good as long as this lives.

    Raises:
        ColumnsError: If the answer is nothing that columns mode knows, or would be refused of some set.
        TooManyRowsError: If fewer sets should be asked at once.
    """

    def __init__(self, strategy: Strategy, ind: Indicators, start: int, questions: Questions) -> None:
        self._start, self._bars, self._sets = start, len(ind.bars), len(questions)
        self._stops: list[tuple[Places, Rows]] = []
        self._kept: list[Any] = []  # addresses are good while their rows live
        call, warm = Call(self._sets, self._bars), np.zeros(self._sets, np.int64)
        parts, compared = [], SharedRows()
        for places in questions.alike:
            part, view = questions.part(places), ColumnIndicators(ind, len(places), call)
            strategy.function(ind.bars, ind, **next(iter(part.part([0])))[0])
            answer = _signals(strategy.function(ind.bars, view, **part.at_once(call.refused)))
            if call.refused:
                raise ColumnsError(call.refused[0])
            made = ColumnConditions(compared, self._bars, start, len(places))
            self._kept += [answer, made]
            parts.append((places, _asked(answer, made, part.sides)))
            warm[places] = view.warm
            if answer.stop_distance is not None:
                self._stops.append((places, self._checked_stop(answer.stop_distance, len(places))))
        asked = _merged(parts, self._sets)
        sets = signal_sets(np.arange(self._sets), warm - start, questions.sides)
        self.unpacked = Unpacked(asked, sets, _order(asked), compared.addresses())

    def pack(self, words: npt.NDArray[np.uint64], places: Places | None = None) -> None:
        """Write the orders of all sets, or some, into their rows of ``words``, (sets, 2 or 4, words)."""
        pack_unpacked(
            self.unpacked, self.unpacked.order if places is None else places, self._bars - self._start, words
        )

    def note_stops(self, stops: Stops, first: int) -> None:
        """Note the stop distances, those of the first set at ``first``."""
        for places, stop in self._stops:
            scale = np.ones(len(places)) if stop.scale is None else stop.scale
            stops.note_scaled(first + places, [row[self._start :] for row in stop.rows], stop.of_set, scale)

    def _checked_stop(self, distance: Any, sets: int) -> Rows:
        if isinstance(distance, np.ndarray) and distance.shape == (self._bars,):
            distance = Rows([distance], np.zeros(sets, np.int64), [])
        if not isinstance(distance, Rows):
            raise ColumnsError("stop_distance is rows, or rows x a column of numbers")
        shape = (self._bars,)
        for row in distance.rows:
            if row.dtype != np.float64 or row.shape != shape or (row < 0.0).any():
                raise ColumnsError("stop_distance is a distance in price units, >= 0")
        if distance.scale is not None and (distance.scale < 0.0).any():
            raise ColumnsError("stop_distance is a distance in price units, >= 0")
        return Rows([_as_now(row) for row in distance.rows], distance.of_set, [], distance.scale)


def _as_now(row: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a row that stays: a strategy may fill the same array again for other flags and texts."""
    if not row.flags.writeable:
        return row
    kept = row.copy()
    kept.setflags(write=False)
    return kept


def _signals(answer: Any) -> Signals:
    if isinstance(answer, tuple) and len(answer) in (2, 4):
        answer = Signals(None, *answer)
    elif not isinstance(answer, Signals):
        answer = Signals(answer)
    signals: Signals = answer
    if (signals.state is None) == all(getattr(signals, name) is None for name in _SIDES):
        raise ColumnsError("an answer is a state, or entries and exits")
    return signals


def _asked(answer: Signals, made: ColumnConditions, sides: Places) -> Conditions:
    """Return what sets ask, shape (sets, 1) for states, (sets, 4) for entries and exits."""
    if answer.state is not None:
        return chosen(made.of(answer.state), np.arange(made.sets)[:, None])
    shorts, longs = sides != packing.LONG, sides != packing.SHORT
    if (shorts.any() and answer.short_entries is None) or (longs.any() and answer.entries is None):
        raise ColumnsError("entries of a side that trades are missing")
    whole = conditions((made.sets, packing.KINDS))
    for slot, name in enumerate(_SIDES):  # a side that may not trade is not looked at
        wish, trades = getattr(answer, name), longs if slot < packing.LONG_KINDS else shorts
        if wish is not None and trades.any():
            for column, one in zip(whole, made.of(wish), strict=True):
                column[:, slot] = one
            whole.kind[~trades, slot] = NEVER
    return whole


def _merged(parts: Sequence[tuple[Places, Conditions]], sets: int) -> Conditions:
    """Return the conditions of all sets, each part's at its places."""
    widths = {asked.kind.shape[1] for _, asked in parts}
    if len(widths) > 1:
        raise ColumnsError("answers are states for all sets, or entries and exits for all")
    whole = conditions((sets, widths.pop()))
    for places, asked in parts:
        for column, one in zip(whole, asked, strict=True):
            column[places] = one
    return whole


def _order(asked: Conditions) -> npt.NDArray[np.int64]:
    """Return the order in which sets are packed: by the row that changes most often.

    That row is then read from afar once, and the others, which are fewer, stay in the processor's cache; of
    many that are cut, some at a time do.
    """
    rows = asked.left[:, 0], asked.right[:, 0]
    coarse = asked.left_coarse[:, 0], asked.right_coarse[:, 0]
    changes = [np.count_nonzero(one[1:] != one[:-1]) for one in rows]
    often, seldom = (0, 1) if changes[0] > changes[1] else (1, 0)
    if coarse[often].all():
        return np.argsort(
            coarse[seldom] // NEAR_ROWS * (coarse[often].max(initial=0) + 1) + coarse[often], kind="stable"
        )
    return np.argsort(rows[often], kind="stable")

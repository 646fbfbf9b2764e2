"""Scene: one symbol's bars with a strategy on them; what all runs of a block share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.bars.frame import Bars
from sweeps.bars.sessions import session_last
from sweeps.execution.context import PlaceInputs
from sweeps.simulation.engine import NO_ROWS, Engine, new_words
from sweeps.simulation.hopping.packing import pack_flags
from sweeps.simulation.window import PriceWindow, SignalSet
from sweeps.spec.rules import Value
from sweeps.spec.timeframe import timeframe_micros
from sweeps.strategies.contract import Direction, FloatArray, Strategy
from sweeps.strategies.evaluate import Evaluation, evaluate
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import OrderBook
from sweeps.strategies.questions import Questions, Trust


@dataclass(frozen=True)
class Variant:
    """The settings beside the strategy's parameters that decide what the kernel reads."""

    direction: Direction
    atr_period: int | None
    session_end: str | None


class Scene:
    """The bars of one symbol, the memoised indicators on them, and a strategy. Threads may share it."""

    def __init__(self, strategy: Strategy, bars: Bars, inputs: PlaceInputs) -> None:
        self.strategy, self.bars, self.inputs = strategy, bars, inputs
        self.indicators = Indicators(bars, window=inputs.first)
        self._trust = Trust()
        self._sessions: dict[str, npt.NDArray[np.bool_]] = {}

    @cached_property
    def window_bars(self) -> Bars:
        """The window's bars, without the warm-up."""
        return self.bars.between(self.inputs.first, len(self.bars))

    @cached_property
    def window(self) -> PriceWindow:
        """Prices of the window's bars."""
        bars = self.window_bars
        return PriceWindow(bars.open, bars.high, bars.low, bars.close)

    @cached_property
    def engine(self) -> Engine:
        """The engine over the window's prices."""
        return Engine(self.window)

    def orders(self, questions: Questions, words: npt.NDArray[np.uint64]) -> OrderBook:
        """Write the strategy's orders over the window into words, shape (sets, 2 or 4, words).

        Questions that fail are among the book's errors.
        """
        book = OrderBook(self.strategy, self.indicators, self.inputs.first, words, self._trust)
        book.ask(questions)
        return book

    def true_ranges(self, periods: Sequence[int]) -> FloatArray:
        """Return average true ranges over the window, shape (periods, bars)."""
        first = self.inputs.first
        rows = [self.indicators.atr(period)[first:] for period in periods]
        return np.stack(rows) if rows else NO_ROWS

    def session_words(self, cutoffs: Sequence[str]) -> npt.NDArray[np.uint64]:
        """Return the last bars of sessions in bits, shape (cut-offs, words)."""
        words: npt.NDArray[np.uint64] = new_words(1, len(cutoffs), self.inputs.bars)[0]
        for row, cutoff in zip(words, cutoffs, strict=True):
            pack_flags(self._session_last(cutoff), row)
        return words

    def ask(self, parameters: Mapping[str, Value], direction: Direction) -> Evaluation:
        """Return the strategy's signals over the window; raises what the strategy raises."""
        return evaluate(self.strategy, self.indicators, parameters, direction, self.inputs.first)

    def signals(self, said: Evaluation, variant: Variant) -> SignalSet:
        """Return what the kernel reads: the strategy's signals, and what the exits need beside them."""
        further: dict[str, Any] = {}
        if said.stop_distance is not None:
            further["stop_distance"] = said.stop_distance
        if variant.atr_period is not None:
            further["atr"] = self.indicators.atr(variant.atr_period)[self.inputs.first :]
        if variant.session_end is not None:
            further["session_last"] = self._session_last(variant.session_end)
        return SignalSet(said.events, **further)

    def _session_last(self, cutoff: str) -> npt.NDArray[np.bool_]:
        if cutoff not in self._sessions:
            length = timeframe_micros(self.bars.timeframe)
            self._sessions[cutoff] = session_last(self.window_bars.time, length, cutoff)
        return self._sessions[cutoff]

"""Orders: from a strategy's function to bits, the way a sweep of many runs goes."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.packing import pack_events, pack_many
from sweeps.strategies.contract import Above, Direction, FloatArray, Signals, Strategy
from sweeps.strategies.evaluate import diagnostics
from sweeps.strategies.events import to_events
from sweeps.strategies.indicators import Indicators

Question = tuple[Mapping[str, Any], Direction]
"""A parameter set, and which sides may trade."""


class OrderBook:
    """The orders of some signal sets, in bits.

    A boolean state, or the comparison of two rows, is noted by its address and packed with all others in one
    call; anything else goes by way of event codes, as in `evaluate`, whose orders these are.

    Attributes:
        words: Shape (sets, 2 or 4, words); see `packing.KINDS`.
        stop_distance: By the place of the set, over the window, price units.
        errors: What a set's strategy raised, or why its answer is no signal.
    """

    def __init__(
        self, strategy: Strategy, ind: Indicators, start: int, words: npt.NDArray[np.uint64]
    ) -> None:
        sets = len(words)
        self.words = words
        self.stop_distance: dict[int, FloatArray] = {}
        self.errors: dict[int, Exception | SystemExit] = {}
        self._strategy, self._ind, self._start, self._bars = strategy, ind, start, len(ind.bars)
        self._lefts, self._rights, self._warms = [0] * sets, [0] * sets, [0] * sets
        self._directions: list[Direction] = ["long"] * sets
        self._addresses: dict[int, int] = {}
        self._kept: list[npt.NDArray[Any]] = []  # an address is good while its array lives

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask the strategy each question and note its orders; one that fails is noted among the errors."""
        function, ind = self._strategy.function, self._ind
        for place, (parameters, direction) in enumerate(questions):
            self._directions[place] = direction
            try:
                with ind.recording() as used:
                    result = function(ind.bars, ind, **parameters)
                self._note(place, result, used.warm, direction)
            except (Exception, SystemExit) as error:  # noqa: BLE001  a user's code may raise anything
                self.errors[place] = error
        directions = np.array(self._directions)
        pack_many(
            np.array(self._lefts, dtype=np.int64),
            np.array(self._rights, dtype=np.int64),
            np.array(self._warms, dtype=np.int64),
            directions == "both",
            directions == "short",
            self._bars - self._start,
            self.words,
        )

    def _note(self, place: int, result: Any, warm: int, direction: Direction) -> None:
        state = self._bare_state(result)
        if type(state) is Above:
            left, right = self._address(state.left), self._address(state.right)
            if left and right:
                self._lefts[place], self._rights[place] = left, right
                self._warms[place] = max(warm - self._start, 0)
                return
        elif type(state) is np.ndarray and state.dtype == np.bool_ and state.shape == (self._bars,):
            row = np.ascontiguousarray(state)
            self._kept.append(row)
            self._lefts[place] = row.__array_interface__["data"][0] + self._start
            self._warms[place] = max(warm - self._start, 0)
            return
        events, stop_distance = to_events(
            result,
            direction,
            short_allowed=self._strategy.short,
            warm=warm,
            n=self._bars,
            start=self._start,
            strategy=self._strategy.name,
        )
        pack_events(events, self.words[place])
        if stop_distance is not None:
            self.stop_distance[place] = stop_distance

    def _bare_state(self, result: Any) -> Any:
        """Return the state of a result that says nothing else; None if it says more."""
        if type(result) is not Signals:
            return result
        for value in result.indicators.values():
            if getattr(value, "shape", None) != (self._bars,):
                diagnostics(self._strategy, result, self._bars)
        others = (result.entries, result.exits, result.short_entries, result.short_exits)
        if result.stop_distance is not None or any(other is not None for other in others):
            return None
        return result.state

    def _address(self, row: Any) -> int:
        """Return where the window of a row of floats begins; 0 if it is no plain row of the right length."""
        key = id(row)
        known = self._addresses.get(key)
        if known is None:
            known = 0
            self._kept.append(row)
            if type(row) is np.ndarray and row.dtype == np.float64 and row.shape == (self._bars,):
                row = np.ascontiguousarray(row)
                self._kept.append(row)
                known = row.__array_interface__["data"][0] + 8 * self._start
            self._addresses[key] = known
        return known

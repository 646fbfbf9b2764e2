"""Orders: from a strategy's function to bits, the way a sweep of many runs goes."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import packing
from sweeps.strategies.contract import Above, Direction, FloatArray, Signals, Strategy
from sweeps.strategies.evaluate import diagnostics
from sweeps.strategies.events import to_events, window_stop
from sweeps.strategies.indicators import Indicators

Question = tuple[Mapping[str, Any], Direction]
"""A parameter set, and which sides may trade."""

Job = tuple[int, int, int, int, int, float]
"""Set, slot, kind, left address, right address, value; see `packing.pack_many`."""

SIDES: dict[Direction, int] = {"long": packing.LONG, "short": packing.SHORT, "both": packing.BOTH}


class OrderBook:
    """The orders of some signal sets, in bits.

    Booleans and comparisons are noted by their addresses and packed with all others in one call; whatever
    else a strategy returns goes by way of event codes, as in `evaluate`, whose orders these are.

    Attributes:
        words: Shape (sets, 2 or 4, words); see `packing.KINDS`.
        stop_distance: By the place of the set, over the window, price units.
        errors: What a set's strategy raised, or why its answer is no signal.
    """

    def __init__(
        self, strategy: Strategy, ind: Indicators, start: int, words: npt.NDArray[np.uint64]
    ) -> None:
        self.words = words
        self.stop_distance: dict[int, FloatArray] = {}
        self.errors: dict[int, Exception | SystemExit] = {}
        self._strategy, self._ind, self._start, self._bars = strategy, ind, start, len(ind.bars)
        self._jobs: list[Job] = []
        self._warms, self._sides = [0] * len(words), [packing.LONG] * len(words)
        self._addresses: dict[int, int] = {}
        self._kept: list[Any] = []  # an address is good while its array lives

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask the strategy each question and note its orders; one that fails is noted among the errors."""
        function, ind = self._strategy.function, self._ind
        for place, (parameters, direction) in enumerate(questions):
            try:
                with ind.recording() as used:
                    result = function(ind.bars, ind, **parameters)
                self._note(place, result, used.warm, direction)
            except (Exception, SystemExit) as error:  # noqa: BLE001  a user's code may raise anything
                self.errors[place] = error
        if self._jobs:
            columns = np.array([job[:5] for job in self._jobs], dtype=np.int64)
            values = np.array([job[5] for job in self._jobs], dtype=np.float64)
            warms, sides = np.array(self._warms), np.array(self._sides)
            packing.pack_many(columns, values, warms, sides, self._bars - self._start, self.words)

    def _note(self, place: int, result: Any, warm: int, direction: Direction) -> None:
        jobs = self._conditions(place, result, direction)
        if jobs is not None:
            self._jobs += jobs
            self._warms[place] = warm - self._start if warm > self._start else 0
            self._sides[place] = SIDES[direction]
            if type(result) is Signals and result.stop_distance is not None:
                distance = window_stop(
                    result, warm=warm, n=self._bars, start=self._start, strategy=self._strategy.name
                )
                if distance is not None:
                    self.stop_distance[place] = distance
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
        packing.pack_events(events, self.words[place])
        if stop_distance is not None:
            self.stop_distance[place] = stop_distance

    def _conditions(self, place: int, result: Any, direction: Direction) -> list[Job] | None:
        """Return the jobs that a result is made of; None if it has to go by way of event codes."""
        if type(result) is not Signals:
            job = self._job(place, packing.STATE, result)
            return None if job is None else [job]
        for value in result.indicators.values():
            if getattr(value, "shape", None) != (self._bars,):
                diagnostics(self._strategy, result, self._bars)
        sides = (result.entries, result.exits, result.short_entries, result.short_exits)
        if result.state is not None:
            job = self._job(place, packing.STATE, result.state)
            return None if job is None or any(side is not None for side in sides) else [job]
        if direction != "long" and result.short_entries is None:
            return None
        first, last = (2 if direction == "short" else 0), (2 if direction == "long" else 4)
        jobs = []
        for slot, wish in enumerate(sides[first:last], start=first + 1):
            if wish is not None:
                job = self._job(place, slot, wish)
                if job is None:
                    return None
                jobs.append(job)
        return jobs or None

    def _job(self, place: int, slot: int, condition: Any) -> Job | None:
        if type(condition) is np.ndarray:
            if condition.dtype != np.bool_ or condition.shape != (self._bars,):
                return None
            row = condition if condition.flags.c_contiguous else np.ascontiguousarray(condition)
            self._kept.append(row)
            return place, slot, packing.BYTES, row.__array_interface__["data"][0] + self._start, 0, 0.0
        if type(condition) is not Above:
            return None
        left, right = condition.left, condition.right
        if isinstance(right, (int, float)):
            kind, left_at, right_at, value = packing.ABOVE, self._address(left), -1, float(right)
        elif isinstance(left, (int, float)):
            kind, left_at, right_at, value = packing.BELOW, self._address(right), -1, float(left)
        else:
            kind, left_at, right_at, value = packing.ROWS, self._address(left), self._address(right), 0.0
        return (place, slot, kind, left_at, right_at, value) if left_at and right_at else None

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

"""Pending: answers of single sets, kept until there are enough of them to be packed in one call."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import packing
from sweeps.simulation.hopping.packing import Conditions, Sets, address, conditions, pack_states, pack_wishes
from sweeps.strategies.conditions import NEVER, Addresses, Condition
from sweeps.strategies.contract import BoolArray, Direction, Signals
from sweeps.strategies.questions import SIDES

MOST = 256
"""Answers that are kept, with the rows that they are made of."""
FLAG_BYTES = 512 * 1024
"""Booleans that are kept, so that they stay in the processor's cache until they are packed."""


class Pending:
    """What sets were answered, until it is packed into their words."""

    def __init__(self, words: npt.NDArray[np.uint64], bars: int, start: int) -> None:
        self._words, self._bars, self._start = words, bars, start
        self._flag_rows: BoolArray | None = None
        self._flags: list[tuple[int, int, int]] = []
        self._states: list[tuple[int, int, int, Condition]] = []
        self._wishes: list[tuple[int, int, int, tuple[Condition, ...]]] = []
        self._addresses = Addresses(bars, start)

    def flags(self, row: BoolArray, place: int, warm: int, direction: Direction) -> None:
        """Note a state of one boolean a bar, which is copied."""
        if self._flag_rows is None:
            most = max(1, min(MOST, FLAG_BYTES // max(self._bars, 1)))
            self._flag_rows = np.empty((most, self._bars), np.bool_)
        self._flag_rows[len(self._flags)] = row
        self._flags.append((place, warm, SIDES[direction]))
        if len(self._flags) == len(self._flag_rows):
            self._pack_flags()

    def note(self, result: Any, place: int, warm: int, direction: Direction) -> bool:
        """Note what a set was answered; False if it has to go by way of event codes."""
        if type(result) is not Signals or result.state is not None:
            state = result.state if type(result) is Signals else result
            found = self._addresses.condition(state)
            if found is None or (type(result) is Signals and any(side is not None for side in _sides(result))):
                return False
            self._states.append((place, warm, SIDES[direction], found))
        else:
            wishes = self._wished(result, direction)
            if wishes is None:
                return False
            self._wishes.append((place, warm, SIDES[direction], wishes))
        if len(self._states) + len(self._wishes) == MOST:
            self._pack_noted()
        return True

    def pack(self) -> None:
        """Pack all that is noted."""
        self._pack_flags()
        self._pack_noted()

    def _wished(self, signals: Signals, direction: Direction) -> tuple[Condition, ...] | None:
        if direction != "long" and signals.short_entries is None:
            return None
        wishes, any_wish = [NEVER] * packing.KINDS, False
        first, last = (2 if direction == "short" else 0), (2 if direction == "long" else 4)
        for slot, wish in enumerate(_sides(signals)[first:last], start=first):
            if wish is not None:
                found = self._addresses.condition(wish)
                if found is None:
                    return None
                wishes[slot], any_wish = found, True
        return tuple(wishes) if any_wish else None

    def _pack_flags(self) -> None:
        if not self._flags or self._flag_rows is None:
            return
        asked = conditions((len(self._flags),))
        asked.kind[:] = packing.BYTES
        begin = address(self._flag_rows) + self._start
        asked.left[:] = begin + self._bars * np.arange(len(self._flags))
        pack_states(asked, self._sets(*zip(*self._flags, strict=True)), self._bars - self._start, self._words)
        self._flags.clear()

    def _pack_noted(self) -> None:
        if self._states:
            *about, found = zip(*self._states, strict=True)
            asked = Conditions(*map(np.array, zip(*found, strict=True)))
            pack_states(asked, self._sets(*about), self._bars - self._start, self._words)
        if self._wishes:
            *about, wished = zip(*self._wishes, strict=True)
            table = np.moveaxis(np.array(wished), 2, 0)  # addresses are below 2^53: exact as floats
            asked = Conditions(*table[:3].astype(np.int64), np.ascontiguousarray(table[3]))
            pack_wishes(asked, self._sets(*about), self._bars - self._start, self._words)
        self._states.clear()
        self._wishes.clear()
        self._addresses = Addresses(self._bars, self._start)

    def _sets(self, places: tuple[int, ...], warms: tuple[int, ...], sides: tuple[int, ...]) -> Sets:
        return signal_sets(np.array(places), np.array(warms) - self._start, np.array(sides))


def signal_sets(
    places: npt.NDArray[np.int64], warms: npt.NDArray[np.int64], sides: npt.NDArray[np.int64]
) -> Sets:
    """Return sets to pack; ``warms`` below 0 are warm from the first bar of the window on."""
    return Sets(places, np.maximum(warms, 0), sides, np.zeros((len(places), 2), np.uint64))


def _sides(signals: Signals) -> tuple[Any, Any, Any, Any]:
    return signals.entries, signals.exits, signals.short_entries, signals.short_exits

"""Pending: answers of single sets, kept until there are enough of them to be packed in one call."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping import packing
from sweeps.simulation.hopping.conditions import BITS, Conditions, conditions
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import Sets, Unpacked, new_sets, pack_orders, pack_row
from sweeps.strategies.conditions import NEVER, Addresses, Condition
from sweeps.strategies.contract import BoolArray, Direction, Signals
from sweeps.strategies.questions import SIDES

Noted: TypeAlias = tuple[int, int, int, tuple[Condition, ...]]
"""A set's place, its first bar that is known, its side, and its conditions: one or four."""

MOST = 256
"""Answers that are kept, with the rows that they are made of."""
MOST_FLAGS = 64
"""Rows of bits that are kept."""


class Pending:
    """What sets were answered, until it is packed into their words."""

    def __init__(self, words: npt.NDArray[np.uint64], bars: int, start: int) -> None:
        self._words, self._bars, self._start = words, bars, start
        self._bits = np.empty((MOST_FLAGS, packing.words_of(bars - start)), np.uint64)
        self._bits_at = address(self._bits)
        self._flags: list[tuple[int, int, int]] = []
        self._states: list[Noted] = []
        self._wishes: list[Noted] = []
        self._addresses = Addresses(bars, start)

    def flags(self, row: BoolArray, place: int, warm: int, direction: Direction) -> None:
        """Note a contiguous state of one boolean a bar, packed while it lies in the processor's cache."""
        pack_row(row, self._start, self._bits, len(self._flags))
        self._flags.append((place, warm, SIDES[direction]))
        if len(self._flags) == MOST_FLAGS:
            self._pack_flags()

    def note(self, result: Any, place: int, warm: int, direction: Direction) -> bool:
        """Note what a set was answered; False if it has to go by way of event codes."""
        if type(result) is not Signals or result.state is not None:
            state = result.state if type(result) is Signals else result
            found = self._addresses.condition(state)
            if found is None or (
                type(result) is Signals and any(side is not None for side in _sides(result))
            ):
                return False
            self._states.append((place, warm, SIDES[direction], (found,)))
        else:
            wishes = self._wished(result, direction)
            if wishes is None:
                return False
            self._wishes.append((place, warm, SIDES[direction], wishes))
        if len(self._states) + len(self._wishes) == MOST:
            self._pack_noted()
        return True

    def take_same(self, others: Unpacked, places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Take out what is noted of sets that compare the very same as others: it need not be packed.

        Set k is held against set ``places[k]`` of the others; return which are the same, shape (sets,). Their
        orders are equal, as they are made of the same rows, known from the same bar on. Others may be, too.
        """
        same = np.zeros(len(places), np.bool_)
        for noted in (self._states, self._wishes):
            if noted and len(noted[0][3]) == others.asked.kind.shape[1]:
                asked, sets = _asked(noted), self._sets(noted)
                found = _are_same(asked, sets, others, places[sets.place])
                same[sets.place[found]] = True
                noted[:] = [noted[k] for k in np.flatnonzero(~found)]
        return same

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
        if self._flags:
            asked = conditions((len(self._flags), 1))
            asked.kind[:] = BITS
            asked.left[:, 0] = self._bits_at + self._bits.strides[0] * np.arange(len(self._flags))
            pack_orders(asked, self._sets(self._flags), self._bars - self._start, self._words)
            self._flags.clear()

    def _pack_noted(self) -> None:
        for noted in (self._states, self._wishes):
            if noted:
                pack_orders(_asked(noted), self._sets(noted), self._bars - self._start, self._words)
                noted.clear()
        self._addresses = Addresses(self._bars, self._start)

    def _sets(self, noted: Sequence[tuple[Any, ...]]) -> Sets:
        places, warms, sides = (np.array(column) for column in list(zip(*noted, strict=True))[:3])
        return signal_sets(places, warms - self._start, sides)


def _asked(noted: Sequence[Noted]) -> Conditions:
    """Return noted conditions, shape (sets, 1 or 4)."""
    table = np.array([one[3] for one in noted])  # addresses are exact, below 2^53
    asked = conditions(table.shape[:2])
    asked.kind[:], asked.left[:], asked.right[:], asked.value[:] = np.moveaxis(table, 2, 0)
    return asked


def _are_same(
    asked: Conditions, sets: Sets, others: Unpacked, places: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Tell which sets compare the same, from the same bar on and for the same side, as others at places."""
    same: npt.NDArray[np.bool_] = (sets.warm == others.sets.warm[places]) & (
        sets.side == others.sets.side[places]
    )
    for name in ("kind", "left", "right", "value"):
        same &= (getattr(asked, name) == getattr(others.asked, name)[places]).all(axis=1)
    return same


def signal_sets(
    places: npt.NDArray[np.int64], warms: npt.NDArray[np.int64], sides: npt.NDArray[np.int64]
) -> Sets:
    """Return sets to pack; ``warms`` below 0 are warm from the first bar of the window on."""
    return new_sets(places, np.maximum(warms, 0), sides)


def _sides(signals: Signals) -> tuple[Any, Any, Any, Any]:
    return signals.entries, signals.exits, signals.short_entries, signals.short_exits

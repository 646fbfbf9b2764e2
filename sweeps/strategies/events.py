"""From what a strategy returns to what the kernel reads: one byte of event bits a bar."""

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.strategies.contract import BoolArray, Direction, EventArray, FloatArray, Signals
from sweeps.strategies.errors import ShortSideError, SignalError

# What the states -1, 0, 1 of a strategy become under each direction; a boolean's False and True likewise.
STATES: dict[Direction, tuple[int, int, int]] = {"long": (0, 0, 1), "both": (-1, 0, 1), "short": (-1, 0, 0)}
SWITCHES: dict[Direction, tuple[int, int]] = {"long": (0, 1), "both": (-1, 1), "short": (-1, 0)}


def to_events(
    result: Any,
    direction: Direction,
    *,
    short_allowed: bool,
    warm: int,
    n: int,
    start: int = 0,
    strategy: str = "",
) -> tuple[EventArray, FloatArray | None]:
    """Return the events and the stop distance of the bars from ``start`` on.

    A state acts where it changes; the state before ``start`` is 0, because every window starts flat. 1 to -1
    is ENTER_SHORT alone: the kernel exits first. Entries act on a rising edge, exits wherever they are true;
    an entry and an exit of one side on one bar, or both sides' entries on one bar: neither acts.

    Args:
        result: A state, a tuple (entries, exits[, short entries, short exits]), or :class:`Signals`.
        direction: Which sides may trade.
        short_allowed: Whether the strategy declares a short side.
        warm: First bar that may signal; bars before it are flat whatever they hold.
        n: Number of bars, the length that every array must have.
        start: First bar of the window.
        strategy: Name for messages.

    Returns:
        Event bits, shape (n - start,), and the stop distance in price units of the same shape, or None.

    Raises:
        ShortSideError: If the direction needs a short side that is not declared.
        SignalError: If an array has another length or kind, a state is not -1, 0 or 1, or a stop is negative.
    """
    if direction != "long" and not short_allowed:
        raise ShortSideError(strategy or "(unnamed)", direction)
    checks = _Checks(strategy, n, start, min(max(warm, 0), n))
    signals = _as_signals(result, checks)
    events = _from_state if signals.state is not None else _from_entries
    return events(signals, direction, checks), _stop_distance(signals, checks)


@dataclass(frozen=True)
class _Checks:
    """Reads the arrays of one result: every length and value is checked from the first warm bar on."""

    strategy: str
    n: int
    start: int
    warm: int

    def fail(self, reason: str) -> NoReturn:
        raise SignalError(self.strategy, reason)

    def array(self, values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
        array = np.asarray(values)
        if array.shape != (self.n,):
            self.fail(f"{name} has shape {array.shape}, expected one value for each of {self.n} bars")
        if array.dtype.kind not in "biuf":
            self.fail(f"{name} holds {array.dtype}, expected booleans or numbers")
        return array

    def whole(self, values: npt.ArrayLike, name: str, allowed: tuple[int, ...]) -> npt.NDArray[np.int8]:
        """Return values as int8 after checking that each is one of the allowed."""
        array = self.array(values, name)
        if array.dtype.kind == "b":
            return array.view(np.int8)
        known = array[self.warm :]
        wrong = ~np.isin(known, allowed)
        if wrong.any():
            at = int(wrong.argmax())
            expected = ", ".join(map(str, allowed))
            self.fail(f"{name} is {known[at]} at bar {at + self.warm}, expected only {expected} or booleans")
        clean = np.zeros(self.n, np.int8)
        clean[self.warm :] = known
        return clean

    def flags(self, values: npt.ArrayLike | None, name: str) -> BoolArray:
        """Return a side's wishes inside the window, false before the first warm bar; None is never."""
        if values is None:
            return np.zeros(self.n - self.start, np.bool_)
        wishes = self.whole(values, name, (0, 1))[self.start :].astype(np.bool_)
        wishes[: max(self.warm - self.start, 0)] = False
        return wishes


def _as_signals(result: Any, checks: _Checks) -> Signals:
    if isinstance(result, tuple):
        if len(result) not in (2, 4):
            checks.fail(f"a tuple of {len(result)}, expected (entries, exits) or those and the short ones")
        result = Signals(None, *result)
    elif not isinstance(result, Signals):
        if result is None:
            checks.fail("nothing; return a state, (entries, exits) or Signals")
        result = Signals(result)
    signals: Signals = result
    sides = (signals.entries, signals.exits, signals.short_entries, signals.short_exits)
    if signals.state is not None and any(side is not None for side in sides):
        checks.fail("a state and entries or exits; return one of the two")
    if signals.state is None and signals.entries is None and signals.short_entries is None:
        checks.fail("neither a state nor entries")
    return signals


def _from_state(signals: Signals, direction: Direction, checks: _Checks) -> EventArray:
    assert signals.state is not None  # noqa: S101
    boolean = np.asarray(signals.state).dtype.kind == "b"
    state = checks.whole(signals.state, "state", (-1, 0, 1))
    below, zero, one = (0, *SWITCHES[direction]) if boolean else STATES[direction]
    return _changes(state[checks.start :], max(checks.warm - checks.start, 0), below, zero, one)


@njit(nogil=True, cache=True)
def _changes(state: npt.NDArray[np.int8], warm: int, below: int, zero: int, one: int) -> EventArray:
    events = np.zeros(len(state), np.uint8)
    held = 0
    for bar in range(warm, len(state)):
        wanted = zero if state[bar] == 0 else (one if state[bar] > 0 else below)
        if wanted != held:
            if wanted == 0:
                events[bar] = EXIT_LONG if held > 0 else EXIT_SHORT
            else:
                events[bar] = ENTER_LONG if wanted > 0 else ENTER_SHORT
            held = wanted
    return events


def _from_entries(signals: Signals, direction: Direction, checks: _Checks) -> EventArray:
    if direction != "long" and signals.short_entries is None:
        checks.fail(f'no short_entries under direction "{direction}", though it declares a short side')
    nothing = checks.flags(None, "")
    opening, closing = short_opening, short_closing = nothing, nothing
    if direction != "short":
        opening, closing = _side(signals.entries, signals.exits, checks, "")
    if direction != "long":
        short_opening, short_closing = _side(signals.short_entries, signals.short_exits, checks, "short_")
    events = _rising(opening & ~short_opening) * np.uint8(ENTER_LONG)
    events |= _rising(short_opening & ~opening) * np.uint8(ENTER_SHORT)
    events |= closing * np.uint8(EXIT_LONG)
    events |= short_closing * np.uint8(EXIT_SHORT)
    return events


def _side(
    entries: npt.ArrayLike | None, exits: npt.ArrayLike | None, checks: _Checks, side: str
) -> tuple[BoolArray, BoolArray]:
    opening, closing = checks.flags(entries, f"{side}entries"), checks.flags(exits, f"{side}exits")
    return opening & ~closing, closing & ~opening


def _rising(wish: BoolArray) -> BoolArray:
    rising = wish.copy()
    rising[1:] &= ~wish[:-1]
    return rising


def window_stop(signals: Signals, *, warm: int, n: int, start: int, strategy: str) -> FloatArray | None:
    """Return the stop distance of a window, as `to_events` does.

    Raises:
        SignalError: If it has another length, or is negative.
    """
    return _stop_distance(signals, _Checks(strategy, n, start, min(max(warm, 0), n)))


def _stop_distance(signals: Signals, checks: _Checks) -> FloatArray | None:
    if signals.stop_distance is None:
        return None
    distance = checks.array(signals.stop_distance, "stop_distance").astype(np.float64)
    negative = distance[checks.warm :] < 0.0
    if negative.any():
        at = int(negative.argmax()) + checks.warm
        checks.fail(f"stop_distance is {distance[at]} at bar {at}, expected a distance in price units, >= 0")
    return distance[checks.start :]

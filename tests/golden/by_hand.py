"""Bars for computing by hand, and a run told in short lines."""

import numpy as np
import pytest

from sweeps.simulation.kernel import PriceWindow, SignalSet, Trace, trace
from tests.sweeps.simulation.cases import bars_of, events, table

# Up to 110, down to 90, up to 109; a gap up at bar 10.
BARS = bars_of(
    (100, 102, 98, 100),
    (101, 104, 100, 103),
    (103, 106, 102, 105),
    (105, 110, 104, 108),
    (108, 109, 101, 102),
    (101, 103, 95, 96),
    (96, 99, 90, 91),
    (92, 97, 91, 96),
    (97, 101, 96, 100),
    (100, 105, 99, 104),
    (106, 108, 103, 107),
    (107, 109, 105, 106),
)
#         0123456789ab
NOTHING = "............"


def run(letters: str, window: PriceWindow = BARS, *, periods: float = 252.0, **more: object) -> Trace:
    """Return the trace of one unit per trade without costs, but for what ``more`` says."""
    arrays = ("stop_distance", "atr", "session_last")
    extra = {name: more.pop(name) for name in arrays if name in more}
    sizing = {"sizing_kind": "units", "sizing_value": 1.0}
    row = table(periods, **(sizing | more))
    return trace(window, SignalSet(events(letters), **extra), row[0], periods)


def lines(run: Trace) -> list[tuple]:
    """Return (side, entry bar, entry price, exit bar, exit price, reason) of each trade."""
    t = run.trades
    columns = ("side", "entry_bar", "entry_price", "exit_bar", "exit_price", "exit_reason")
    return list(zip(*(t[name].tolist() for name in columns), strict=True))


def expect(run: Trace, *expected: tuple) -> None:
    """Assert the trades; prices are those that plain arithmetic gives, to the last bits."""
    told = lines(run)
    assert len(told) == len(expected), told
    for ours, wanted in zip(told, expected, strict=True):
        assert (ours[0], ours[1], ours[3], ours[5]) == (wanted[0], wanted[1], wanted[3], wanted[5]), told
        assert ours[2] == pytest.approx(wanted[2], rel=1e-13), told
        assert ours[4] == pytest.approx(wanted[4], rel=1e-13), told


def only_at(bar: int, value: float, elsewhere: float) -> np.ndarray:
    """Return an array over BARS that is ``value`` at one bar."""
    values = np.full(len(BARS), elsewhere)
    values[bar] = value
    return values

"""Small configurations and declared parameters that the tests of the specification share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.spec.binding import bind
from sweeps.spec.config import SweepConfig, parse_config
from sweeps.spec.grid import Grid
from sweeps.spec.rules import Kind, Value

SOURCE = "sweep.toml"


@dataclass(frozen=True)
class Declared:
    """What a strategy declares of one parameter."""

    name: str
    kind: Kind = "int"
    default: Value = None
    low: int | float | None = None
    high: int | float | None = None
    choices: Sequence[str] | None = None


FAST = Declared("fast", low=2, high=500)
SLOW = Declared("slow", default=50, low=2, high=500)
BAND = Declared("band", "float", default=0.5)


def document(**changes: Any) -> dict[str, Any]:
    """Return the smallest valid document, changed; a change to None removes its key."""
    whole = {
        "name": "SMA cross",
        "strategy": "sma_cross",
        "symbols": ["AAPL", "IBM"],
        "timeframe": "1d",
        "grid": {"fast": [5, 10], "slow": [20, 50]},
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def config(**changes: Any) -> SweepConfig:
    """Return the smallest valid configuration, changed."""
    return parse_config(document(**changes), SOURCE)


def bound(*parameters: Declared, **changes: Any) -> Grid:
    """Return the grid of the smallest valid configuration, changed."""
    return bind(config(**changes), parameters or (FAST, SLOW))

"""Quantities: metrics and parameters on axes, in hover texts and in tables."""

from collections.abc import Callable, Sequence
from typing import Any

from lake.columns import METRICS
from lake.schemas import CUSTOM_METRIC_PREFIX, DIRECTION
from queries.parameters import Value
from sweeplake.pictures.forms import count, number, percent
from sweeplake.pictures.theme import DIVERGING, PERCENT, SEQUENTIAL, escaped

OFF = "off"
_FRACTIONS = frozenset(column.name for column in METRICS if column.unit.startswith("fraction"))
_COUNTS = frozenset({"num_trades", "skipped_entries"})


def axis(name: str) -> dict[str, Any]:
    """Return an axis of a metric or parameter: its name, and percent where it is a fraction."""
    held: dict[str, Any] = {"title": {"text": escaped(titled(name))}}
    return held | ({"tickformat": PERCENT} if name in _FRACTIONS else {})


def titled(name: str) -> str:
    """Return a metric's name as people write it in a question: a backtester's own has no prefix."""
    return name.removeprefix(CUSTOM_METRIC_PREFIX)


def form(metric: str) -> Callable[[float | None], str]:
    """Return how a metric's values read."""
    if metric in _FRACTIONS:
        return percent
    return count if metric in _COUNTS else number


def d3(metric: str) -> str:
    """Return the same as Plotly's number format."""
    if metric in _FRACTIONS:
        return ",.1%"
    return ",.0f" if metric in _COUNTS else ",.2f"


def label(value: Value) -> str:
    """Return a parameter's value as text that Plotly shows as it is."""
    if value is None:
        return OFF
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else escaped(value)


def lowest_first(metric: str) -> bool:
    """Return whether the lowest values of a metric are the best ones."""
    return DIRECTION.get(metric, 1) < 0


def shades(values: Sequence[float | None], *, lowest: bool) -> dict[str, Any]:
    """Return the colours of a heatmap of values, the good end of it the blue or the bright one.

    Values on both sides of zero diverge from it, equally far; others run from the lowest to the highest.

    Args:
        values: What is drawn; None is undefined.
        lowest: Whether the lowest is the best.
    """
    held = [value for value in values if value is not None]
    if held and min(held) < 0 < max(held):
        reach = max(-min(held), *held)
        return {"colorscale": DIVERGING, "zmin": -reach, "zmax": reach, "reversescale": lowest}
    return {"colorscale": SEQUENTIAL, "reversescale": lowest}

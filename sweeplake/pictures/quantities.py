"""Quantities: metrics and parameters on axes, in hover texts and in tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from lake.schemas import CUSTOM_METRIC_PREFIX, DIRECTION, METRIC_NAMES
from queries.parameters import Value
from queries.ranking import COMPOSITE
from sweeplake.pictures.forms import count, text
from sweeplake.pictures.names import is_fraction, metric_form, metric_name
from sweeplake.pictures.theme import PERCENT, escaped

OFF = "off"


def axis(name: str) -> dict[str, Any]:
    """Return an axis of a metric or parameter: its name, and percent where it is a fraction."""
    held: dict[str, Any] = {"title": {"text": escaped(titled(name))}}
    return held | ({"tickformat": PERCENT} if is_fraction(name) else {})


def titled(name: str) -> str:
    """Return what people call a metric; a parameter has its own name."""
    is_metric = name in (*METRIC_NAMES, COMPOSITE) or name.startswith(CUSTOM_METRIC_PREFIX)
    return metric_name(name) if is_metric else name


def d3(metric: str) -> str:
    """Return how a metric's values read, as Plotly's number format."""
    if is_fraction(metric):
        return ",.1%"
    return ",.0f" if metric_form(metric) is count else ",.2f"


def label(value: Value) -> str:
    """Return a parameter's value as Plotly shows it."""
    return escaped(setting(value))


def setting(value: Value) -> str:
    """Return a parameter's value as plain text: no more digits than it has, and no two values alike."""
    if value is None:
        return OFF
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return text(value)
    short = f"{value:.10g}"
    return short if float(short) == value else repr(value)


def settings(params: Mapping[str, Value]) -> str:
    """Return several parameters with their values, as plain text."""
    return ", ".join(f"{name} {setting(value)}" for name, value in params.items())


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
        return {"autocolorscale": True, "zmin": -reach, "zmax": reach, "reversescale": lowest}
    return {"colorscale": "Viridis", "reversescale": lowest}

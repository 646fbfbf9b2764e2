"""Names: metrics as people call them, and how their values read."""

from collections.abc import Callable
from typing import Any

from lake.columns import DETAILS, METRICS
from lake.schemas import CUSTOM_METRIC_PREFIX
from sweeplake.pictures import forms

_NAMES = {
    "cagr": "CAGR",
    "sqn": "SQN",
    "num_trades": "Trades",
    "max_drawdown": "Max drawdown",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "calmar": "Calmar ratio",
    "omega": "Omega ratio",
    "kelly": "Kelly fraction",
    "expectancy": "Mean trade",
    "expectancy_cash": "Mean trade P&L",
    "avg_win": "Mean win",
    "avg_loss": "Mean loss",
    "avg_bars_held": "Mean bars held",
    "buy_hold_return": "Buy and hold",
    "excess_return": "Excess over buy and hold",
    "beats_buy_hold": "Beats buy and hold",
    "total_fees": "Fees",
}
_UNITS = {column.name: column.unit for column in (*DETAILS, *METRICS)}
_COUNTED = ("trades", "entries", "bars", "rows")


def metric_name(metric: str) -> str:
    """Return what people call a metric; a backtester's own is called what it calls it."""
    if metric.startswith(CUSTOM_METRIC_PREFIX):
        return metric.removeprefix(CUSTOM_METRIC_PREFIX)
    return _NAMES.get(metric) or metric.replace("_", " ").capitalize()


def metric_form(metric: str) -> Callable[[Any], str]:
    """Return how values of a metric read: fractions as percent, counts whole, flags as yes and no."""
    unit = _UNITS.get(metric, "")
    if unit.startswith("fraction"):
        return forms.percent
    return forms.count if unit in _COUNTED and metric != "avg_bars_held" else forms.value


def is_fraction(metric: str) -> bool:
    """Return whether a metric is a fraction, and its axis reads as percent."""
    return _UNITS.get(metric, "").startswith("fraction")

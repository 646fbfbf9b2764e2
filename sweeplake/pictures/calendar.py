"""Calendar: a run's return of each day, by year, week and weekday, and of each month."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sweeplake.pictures import theme

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKS = 54
_FIRSTS = [round((30.4 * month + 3) / 7, 1) for month in range(len(MONTHS))]
"""Weeks in which months begin, near enough for a label."""
_DAY, _MONTH, _BETWEEN, _AROUND = 11, 26, 60, 124
"""Pixels of a day's row, of a month's, between them, and around them."""
_SHOWN = 0.98
"""Share of the values that the colours tell apart; the rest are as deep as the deepest."""


def calendar_figure(
    title: str, days: "pd.DataFrame", months: "pd.DataFrame", years: "pd.DataFrame", told: str = ""
) -> go.Figure:
    """Return the returns of days above those of months, each a cell; the last column has those of years.

    Args:
        title: Its title.
        days: The run's rows of `daily_pnl`.
        months: Its rows of `monthly_returns`.
        years: Its rows of `yearly_returns`.
        told: A line below the title.
    """
    if not len(days):
        return theme.said(title, "It has no equity curve.")
    names = [str(year) for year in years["year"]]
    weekdays, daily, each = _daily(days)
    monthly = by_month(months, years)
    heights = [len(daily) * _DAY, max(2, len(monthly)) * _MONTH]
    drawn = make_subplots(rows=2, row_heights=heights, vertical_spacing=_BETWEEN / (sum(heights) + _BETWEEN))
    drawn.update_layout(theme.figure(title, subtitle=told, height=sum(heights) + _BETWEEN + _AROUND).layout)
    hover = "%{customdata}<br>%{z:.2%}<extra></extra>"
    bottom, top = drawn.layout.yaxis.domain
    bar = {"y": (bottom + top) / 2, "len": top - bottom, "nticks": 5, "tickformat": ",.1~%"}
    shades = {"showscale": True, "colorbar": bar}
    drawn.add_trace(_cells(daily, customdata=each, hovertemplate=hover, **shades), row=1, col=1)
    hover = "%{x} %{y}<br>%{z:.2%}<extra></extra>"
    columns = [*MONTHS, "Year"]
    drawn.add_trace(
        _cells(monthly, x=columns, y=names, texttemplate="%{z:.1%}", hovertemplate=hover), row=2, col=1
    )
    plain = {"showgrid": False, "zeroline": False}
    middles = [number * (weekdays + 1) + (weekdays - 1) / 2 for number in range(len(names))]
    drawn.update_xaxes(**plain, tickvals=_FIRSTS, ticktext=MONTHS, range=[-0.6, _WEEKS - 0.4], row=1, col=1)
    drawn.update_yaxes(**plain, tickvals=middles, ticktext=names, autorange="reversed", row=1, col=1)
    drawn.update_xaxes(**plain, type="category", row=2, col=1)
    drawn.update_yaxes(**plain, type="category", autorange="reversed", row=2, col=1)
    return drawn


def by_month(months: "pd.DataFrame", years: "pd.DataFrame") -> Floats:
    """Return the returns of months and, last, of the year, shape (years, 13); NaN where there are no bars."""
    found = np.full((len(years), len(MONTHS) + 1), np.nan)
    row = {year: number for number, year in enumerate(years["year"])}
    for month, value in zip(months["month"], months["month_return"], strict=True):
        found[row[month.year], month.month - 1] = value
    found[:, -1] = years["year_return"]
    return found


def _daily(days: "pd.DataFrame") -> tuple[int, Floats, npt.NDArray[np.object_]]:
    """Return how many days a week has here, the returns and the names of days.

    Both have shape (rows, weeks): a row is a weekday of a year, the years apart by an empty one.
    """
    day = days["day"].to_numpy("datetime64[D]")
    year = day.astype("datetime64[Y]")
    first = year.astype("datetime64[D]")
    weekday, offset = _weekday(day), _weekday(first)
    weekdays = 5 if weekday.max() < 5 else 7
    row = (year - year[0]).astype(np.int64) * (weekdays + 1) + weekday
    week = ((day - first).astype(np.int64) + offset) // 7
    shape = (int((year[-1] - year[0]).astype(np.int64)) * (weekdays + 1) + weekdays, _WEEKS)
    returns, names = np.full(shape, np.nan), np.full(shape, "", object)
    returns[row, week] = days["day_return"].to_numpy(np.float64)
    names[row, week] = np.datetime_as_string(day)
    return weekdays, returns, names


def _weekday(day: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Return the weekday of each day, 0 for a Monday; the first of 1970 was a Thursday."""
    return (day.astype(np.int64) + 3) % 7


def _cells(values: Floats, **looks: Any) -> go.Heatmap:
    """Return values as cells, losses and gains in colours of their own."""
    size = np.abs(values[~np.isnan(values)])
    most = float(np.quantile(size, _SHOWN)) if len(size) else 0.0
    reach = most or float(size.max(initial=0.0)) or 1.0
    looks = {"showscale": False, "hoverongaps": False, "xgap": 1, "ygap": 1, **looks}
    return go.Heatmap(z=values, zmin=-reach, zmax=reach, autocolorscale=True, **looks)

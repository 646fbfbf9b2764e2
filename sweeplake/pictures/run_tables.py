"""Tables of a run's page: years, months, drawdowns, groups of trades, trades."""

from typing import TYPE_CHECKING, Any

from sweeplake.pictures.forms import count, day, moment, number, percent, price
from sweeplake.pictures.page import Column, Table

if TYPE_CHECKING:
    from sweeplake.stored_run import StoredRun

MOST_TRADES = 1000
_DRAWDOWNS = 10
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GROUPS = {"exit_reason": "exit reason", "hour": "hour of entry", "weekday": "weekday of entry"}


def years_table(run: "StoredRun") -> Table:
    """Return its calendar years."""
    columns = (
        Column("year", "Year", str),
        Column("year_return", "Return", percent),
        Column("max_drawdown", "Max drawdown", percent),
        Column("pnl", "P&L", number),
        Column("trades_closed", "Trades", count),
    )
    return Table("By year", columns, run.curves.yearly_returns().to_pylist())


def months_table(run: "StoredRun") -> Table:
    """Return the returns of its months, a row a year."""
    years: dict[int, dict[str, Any]] = {}
    for row in run.curves.monthly_returns().to_pylist():
        month = row["month"]
        years.setdefault(month.year, dict.fromkeys(_MONTHS))[_MONTHS[month.month - 1]] = row["month_return"]
    rows = [{"year": year, **months} for year, months in years.items()]
    columns = (Column("year", "Year", str), *(Column(month, month, percent) for month in _MONTHS))
    return Table("By month", columns, rows)


def drawdowns_table(run: "StoredRun") -> Table:
    """Return its deepest drawdowns."""
    columns = (
        Column("depth", "Depth", percent),
        Column("peak_time", "From", day),
        Column("trough_time", "Lowest", day),
        Column("recovery_time", "Recovered", day),
        Column("bars_to_trough", "Bars down", count),
        Column("bars_under_water", "Bars under water", count),
    )
    found = run.curves.drawdowns()
    more = f"The {_DRAWDOWNS} deepest of {found.num_rows:,}." if found.num_rows > _DRAWDOWNS else ""
    return Table("Deepest drawdowns", columns, found.slice(0, _DRAWDOWNS).to_pylist(), more)


def group_table(run: "StoredRun", group: str) -> Table:
    """Return what its trades came to by exit_reason, hour or weekday."""
    heading = _GROUPS[group].capitalize()
    columns = (
        Column(group, heading),
        Column("trades", "Trades", count),
        Column("win_rate", "Win rate", percent),
        Column("mean_return", "Mean return", percent),
        Column("total_pnl", "P&L", number),
        Column("mean_bars_held", "Bars held", number),
    )
    rows = run.curves.trades_by(group).to_pylist()
    named = [{**row, group: _named(group, row[group])} for row in rows]
    return Table(f"Trades by {_GROUPS[group]}", columns, named)


def trades_table(run: "StoredRun") -> Table:
    """Return its trades; of very many the first, which it says."""
    columns = (
        Column("trade", "Trade", count),
        Column("side", "Side"),
        Column("entry_time", "In", moment),
        Column("entry_price", "At", price),
        Column("exit_time", "Out", moment),
        Column("exit_price", "At", price),
        Column("quantity", "Quantity", price),
        Column("pnl", "P&L", number),
        Column("return", "Return", percent),
        Column("mae", "Worst", percent),
        Column("mfe", "Best", percent),
        Column("bars_held", "Bars", count),
        Column("exit_reason", "Exit reason"),
    )
    found = run.details["trades"]
    more = f"The first {MOST_TRADES:,} of {found.num_rows:,}; sweeplake show {run.run_id} --json has all."
    shown = found.slice(0, MOST_TRADES).to_pylist()
    return Table("", columns, shown, more if found.num_rows > MOST_TRADES else "")


def _named(group: str, item: Any) -> str | None:
    """Return what people call a group; None if the trades of it do not tell."""
    if item is None:
        return None
    if group == "weekday":
        return _WEEKDAYS[item - 1]
    return f"{item:02d}:00" if group == "hour" else str(item).replace("_", " ")

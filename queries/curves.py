"""Curves: what the views tell of one run, whether its trades and equity are stored or were computed again."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from queries.errors import BadValueError, UnknownNameError
from queries.session import instance
from queries.text import quoted
from queries.views import sql_text

GROUPS = ("exit_reason", "hour", "weekday")
"""What trades can be grouped by."""

_VIEWS = (
    "details_latest",
    "trades_latest",
    "equity_latest",
    "period_returns",
    "daily_pnl",
    "monthly_returns",
    "yearly_returns",
    "drawdowns",
    "day_positions",
    "trades_by",
    *(f"trades_by_{name}" for name in GROUPS),
)
_IDENTITY = "sweep_id, run_id, strategy, symbol"


class Curves:
    """The catalog's views on trades and equity over one run, by the same text.

    Tables lack the columns that identify the run, and are else as `docs/sql.md` has them. Threads may share
    it: each call has a cursor of its own.
    """

    def __init__(self, run: pa.Table, details: Mapping[str, pa.Table]) -> None:
        """Hold a run's rows in a DuckDB of its own.

        Args:
            run: Its row of `metrics`.
            details: Its rows of `details`, `trades` and `equity`, each with strategy and symbol.
        """
        self._run_id: str = run["run_id"][0].as_py()
        self._connection = instance()
        for name, rows in {**details, "metrics": run}.items():
            self._connection.register("given", rows)
            self._connection.execute(f"create table {quoted(name)} as select * from given")  # noqa: S608
            self._connection.unregister("given")
        for name in _VIEWS:
            self._connection.execute(sql_text(name))

    def daily_pnl(self) -> pa.Table:
        """Return one row per UTC day that has a bar, in order."""
        return self._view("daily_pnl", "day")

    def monthly_returns(self) -> pa.Table:
        """Return one row per calendar month that has a bar, in order."""
        return self._view("monthly_returns", "month")

    def yearly_returns(self) -> pa.Table:
        """Return one row per calendar year that has a bar, in order."""
        return self._view("yearly_returns", "year")

    def drawdowns(self, n: int | None = None) -> pa.Table:
        """Return the n deepest drawdowns, or all, the deepest first.

        Raises:
            BadValueError: If n is negative.
        """
        if n is not None and n < 0:
            raise BadValueError("n", n, "give the most drawdowns to return, None for all")
        return self._view("drawdowns", "rank").slice(0, n)

    def trades_by(self, group: str) -> pa.Table:
        """Return one row per exit_reason, hour or weekday of its trades, in order.

        Raises:
            UnknownNameError: If trades cannot be grouped so.
        """
        if group not in GROUPS:
            raise UnknownNameError("group of trades", group, GROUPS)
        return self._view(f"trades_by_{group}", group)

    def day_positions(self, day: date | str) -> pa.Table:
        """Return one row per trade that was open at some time of a UTC day, in order.

        Raises:
            BadValueError: If a text is no day.
        """
        try:
            asked = date.fromisoformat(day) if isinstance(day, str) else day
        except ValueError as error:
            raise BadValueError("day", day, "expected a day such as 2026-01-31") from error
        return self._ask("select * from day_positions($1, $2)", [self._run_id, asked])

    def _view(self, name: str, order: str) -> pa.Table:
        return self._ask(f"select * exclude ({_IDENTITY}) from {quoted(name)} order by {quoted(order)}")  # noqa: S608

    def _ask(self, text: str, values: list[Any] | None = None) -> pa.Table:
        return self._connection.cursor().sql(text, params=values).to_arrow_table()

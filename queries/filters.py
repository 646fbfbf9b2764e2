"""Filters: what a run must fulfil, as values that questions bind."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from queries.errors import BadValueError, UnknownNameError
from queries.given import number, require_texts

ROLES = ("full", "in_sample", "out_of_sample")
_TEXTS = ("strategy", "symbol", "timeframe", "sweep", "where")
_TIME = "expected a date or time such as 2026-01-31"
Moment = datetime | date | str
"""A time; text is ISO 8601, a bare day is its midnight, without an offset it is UTC."""


@dataclass(frozen=True)
class Filters:
    """What a run must fulfil; None asks for nothing.

    Attributes:
        strategy: Strategy name.
        symbol: Symbol.
        timeframe: Timeframe.
        sweep: Sweep id; without one each run_id comes once, from the latest sweep that passes.
        min_sharpe: Lowest Sharpe ratio.
        max_drawdown: Highest drawdown, a positive fraction.
        min_trades: Fewest trades.
        since: Earliest created_at.
        until: First created_at that is too late.
        where: SQL condition on the columns of metrics.
        role: full, in_sample or out_of_sample; None for any.
    """

    strategy: str | None = None
    symbol: str | None = None
    timeframe: str | None = None
    sweep: str | None = None
    min_sharpe: float | None = None
    max_drawdown: float | None = None
    min_trades: int | None = None
    since: Moment | None = None
    until: Moment | None = None
    where: str | None = None
    role: str | None = "full"

    def values(self) -> dict[str, Any]:
        """Return what `passes` and `search_runs` bind, by name; `where` is text, not a value.

        Raises:
            UnknownNameError: If there is no such role.
            BadValueError: If a time makes no sense, or a value is of another kind.
        """
        if self.role is not None and self.role not in ROLES:
            raise UnknownNameError("role", self.role, ROLES)
        require_texts([(name, getattr(self, name)) for name in _TEXTS])
        given = {name: value for name, value in vars(self).items() if name != "where"}
        numbers = {name: number(name, given[name]) for name in ("min_sharpe", "max_drawdown", "min_trades")}
        return given | numbers | {name: _moment(name, given[name]) for name in ("since", "until")}


EVERYTHING = Filters()


def _moment(name: str, given: Moment | None) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError as error:
            raise BadValueError(name, given, _TIME) from error
    if not isinstance(given, date):
        raise BadValueError(name, given, _TIME)
    if not isinstance(given, datetime):
        given = datetime.combine(given, time())
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given

"""Views: the catalog's, each made when a text names it first.

To make one, DuckDB binds all that it reads, which takes 2 to 20 ms; of forty a question reads a few.
"""

import re
import threading
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib.resources import files

import duckdb

from queries.cursors import Cursors, Variables
from queries.errors import QueryError
from queries.listing import may_list

# Order of creation: each reads only those before it.
SQL_FILES = (
    "metrics",
    "details",
    "trades",
    "equity",
    "sweeps",
    "bars",
    "failures",
    "removals",
    "runs_latest",
    "metric_columns",
    "sweep_summary",
    "passes",
    "search_runs",
    "best_runs",
    "parameter_sets",
    "leaderboard",
    "sweep_quantiles",
    "failures_by_cause",
    "splits",
    "walk_forward",
    "walk_forward_equity",
    "walk_forward_summary",
    "buy_and_hold",
    "sweep_buy_and_hold",
    "storage",
    "sweep_storage",
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
    "trades_by_exit_reason",
    "trades_by_hour",
    "trades_by_weekday",
    "trial_runs",
    "trials",
    "pooled_trials",
    "block_statistics",
)
SHARED = "shared_rows"
"""A view of `queries.shares` in `stored` alone, which `sweep_storage` reads."""
_NAMES = (SHARED, *SQL_FILES)
_WORD, _COMMENT = re.compile(r"\w+"), re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
Stored = Callable[[str], str | None]
"""Returns what creates `stored.<name>`, which the view of that name reads; None if it needs nothing made."""
_MOST_TEXTS = 4096
"""Texts of which it is remembered that what they name is there."""


class Views:
    """The views of one instance. Threads may share it."""

    def __init__(self, cursors: Cursors, by_strategy: Mapping[str, str]) -> None:
        """Make none yet.

        Args:
            cursors: Cursors of the instance.
            by_strategy: By strategy the statement that creates its view.
        """
        self._cursors, self._by_strategy = cursors, by_strategy
        self._missing: tuple[str, ...] = (*_NAMES, *by_strategy.values())
        self._done: set[str] = set()
        self._lock = threading.Lock()

    def make(self, text: str, variables: Variables, stored: Stored) -> None:
        """Make what a query names and is not there yet, and all where it may list them.

        Args:
            text: The query.
            variables: Files of the snapshot that is asked, which may be newer than the views.
            stored: Tells how to create what they read of it.

        Raises:
            duckdb.Error, QueryError: If what it names cannot be read.
        """
        if text in self._done or not self._missing:
            return
        lower = text.casefold()
        words = set(_WORD.findall(lower))
        if may_list(lower, words):
            self.make_all(text, variables, stored)
            return
        wanted = self._named(lower, words)
        with self._lock:
            if not wanted.isdisjoint(self._missing):
                maker = self._maker(variables)
                for name in self._missing:
                    if name in wanted:
                        self._make(maker, name, stored)
            if len(self._done) < _MOST_TEXTS:
                self._done.add(text)

    def make_all(self, text: str, variables: Variables, stored: Stored) -> None:
        """Make every view, as `make`; one that cannot be read is left out, unless the text names it.

        Raises:
            duckdb.Error, QueryError: If what it names cannot be read.
        """
        if not self._missing:
            return
        lower = text.casefold()
        wanted = self._named(lower, set(_WORD.findall(lower)))
        with self._lock:
            maker = self._maker(variables)
            for name in self._missing:
                try:
                    self._make(maker, name, stored)
                except (duckdb.Error, QueryError):
                    if name in wanted:
                        raise

    def _named(self, lower: str, words: set[str]) -> set[str]:
        """Return what a text reads: names of views, and the statements of strategies'."""
        plain = lower.replace('""', '"')
        own = {made for strategy, made in self._by_strategy.items() if strategy.casefold() in plain}
        found = words.intersection(_NAMES)
        return own | ({"metrics"} if own else set()) | found.union(*map(reads, found))

    def _maker(self, variables: Variables) -> duckdb.DuckDBPyConnection:
        """Return a cursor on which to bind is cheap: it reads one file of each kind."""
        return self._cursors.new({name: values[:1] for name, values in variables.items()})

    def _make(self, maker: duckdb.DuckDBPyConnection, name: str, stored: Stored) -> None:
        statement = stored(name)
        if statement is not None:
            maker.execute(statement)
        if name != SHARED:
            maker.execute(sql_text(name) if name in SQL_FILES else name)
        self._missing = tuple(left for left in self._missing if left != name)


@cache
def sql_text(name: str) -> str:
    """Return the text of one view or macro."""
    return files("queries").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@cache
def reads(name: str) -> Collection[str]:
    """Return the views that one reads, and those that these read."""
    if name == SHARED:
        return ()
    before = _NAMES[: _NAMES.index(name)]
    named = set(_WORD.findall(_COMMENT.sub("", sql_text(name)))).intersection(before)
    return named.union(*map(reads, named))

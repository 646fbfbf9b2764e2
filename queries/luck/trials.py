"""Trials: how many a sweep made on each symbol and over all, and how their Sharpe ratios spread."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import ceil
from types import MappingProxyType
from typing import Any

from queries.catalog import Catalog

POOLED_SETTINGS = 200_000
"""So many settings tell how all of them spread over several symbols; they are held in memory."""
OVERALL = ""
"""Stands for all symbols together where answers go by symbol."""


@dataclass(frozen=True)
class Trials:
    """Sharpe ratios of bar returns, not annualised, of some trials.

    Attributes:
        trials: Trials that have one.
        mean: Their mean; None without any.
        variance: Their variance (ddof 1); None for fewer than two.
    """

    trials: int
    mean: float | None
    variance: float | None


@dataclass(frozen=True)
class SweepTrials:
    """All trials of a sweep.

    Attributes:
        symbols: By symbol.
        pooled: The symbols that are judged together, sorted; none if no two have the same window.
        overall: Of settings over all of `pooled`; None if there are none.
    """

    symbols: Mapping[str, Trials] = field(default_factory=lambda: MappingProxyType({}))
    pooled: tuple[str, ...] = ()
    overall: Trials | None = None

    def to_text(self) -> str:
        """Return it as `sweeps.trials` keeps it."""
        symbols = {symbol: asdict(trials) for symbol, trials in self.symbols.items()}
        overall = self.overall and asdict(self.overall)
        return json.dumps({"symbols": symbols, "pooled": list(self.pooled), "overall": overall})

    @classmethod
    def from_text(cls, text: str | None) -> "SweepTrials":
        """Return what `to_text` wrote; nothing of None."""
        if text is None:
            return cls()
        document = json.loads(text)
        symbols = {symbol: Trials(**trials) for symbol, trials in document["symbols"].items()}
        overall = document["overall"] and Trials(**document["overall"])
        return cls(symbols, tuple(document["pooled"]), overall)

    def most(self, kept: "SweepTrials") -> "SweepTrials":
        """Return what counts, of runs that are there and of what was kept: whichever has more trials."""
        symbols = {
            symbol: max(
                (found[symbol] for found in (self.symbols, kept.symbols) if symbol in found),
                key=lambda found: found.trials,
            )
            for symbol in sorted({*self.symbols, *kept.symbols})
        }
        mine, theirs = self.overall, kept.overall
        if theirs is not None and (mine is None or theirs.trials > mine.trials):
            return SweepTrials(symbols, kept.pooled, theirs)
        return SweepTrials(symbols, self.pooled, mine)


_WINDOWS = """
    select
        symbol, any_value(period_start) as first, any_value(period_end) as last, any_value(n_bars) as bars
    from metrics where sweep_id = $1 and role = 'full' group by symbol order by symbol
"""


def pooled_symbols(catalog: Catalog, sweep_id: str) -> tuple[str, ...]:
    """Return the largest group of a sweep's symbols that have the same window, sorted; none below two.

    Only bars of the same times may be taken together. Of groups of equal size the one of most bars is
    taken, then the one whose window ends last.
    """
    groups: dict[tuple[int, datetime, datetime], list[str]] = {}
    for row in catalog.rows(_WINDOWS, [sweep_id]):
        window = row["bars"], row["last"], row["first"]
        if None not in window:
            groups.setdefault(window, []).append(row["symbol"])
    largest = max(groups, key=lambda window: (len(groups[window]), window), default=None)
    found = groups[largest] if largest else []
    return tuple(found) if len(found) > 1 else ()


def sweep_trials(catalog: Catalog, sweep_id: str) -> SweepTrials:
    """Return the trials of a sweep's runs of role full, as far as they are there."""
    rows = catalog.rows("select * from trials(sweep := $1)", [sweep_id])
    pooled = pooled_symbols(catalog, sweep_id)
    found = _by_symbol(rows)
    values = [sweep_id, list(pooled)]
    overall = _overall(catalog, "$2, sweep := $1", values, found, pooled) if pooled else None
    return SweepTrials(found, pooled, overall)


def strategy_trials(
    catalog: Catalog, strategy: str, timeframe: str, symbols: Sequence[str], pooled: Sequence[str]
) -> SweepTrials:
    """Return the trials of a strategy that a lake has at a timeframe, each run_id once.

    Args:
        catalog: The lake.
        strategy: Its name.
        timeframe: Bars of other lengths have other Sharpe ratios.
        symbols: The symbols to tell of.
        pooled: Those to judge together; settings count once a window.
    """
    asked = "strategy := $1, timeframe := $2"
    rows = catalog.rows(f"select * from trials({asked})", [strategy, timeframe])  # noqa: S608
    found = {symbol: trials for symbol, trials in _by_symbol(rows).items() if symbol in symbols}
    values = [strategy, timeframe, list(pooled)]
    overall = _overall(catalog, f"$3, {asked}", values, found, pooled) if pooled else None
    return SweepTrials(found, tuple(pooled), overall)


def _by_symbol(rows: Sequence[Mapping[str, Any]]) -> dict[str, Trials]:
    return {
        row["symbol"]: Trials(row["trials"], row["mean"], row["variance"])
        for row in sorted(rows, key=lambda row: row["symbol"])
    }


def _overall(
    catalog: Catalog, asked: str, values: list[Any], found: Mapping[str, Trials], pooled: Sequence[str]
) -> Trials:
    """Return the trials over all symbols; of very many settings those of a part, counted as often."""
    settings = max((found[symbol].trials for symbol in pooled if symbol in found), default=0)
    parts = max(1, ceil(settings / POOLED_SETTINGS))
    query = f"""
        select count(bar_sharpe) as trials, avg(bar_sharpe) as mean, var_samp(bar_sharpe) as variance
        from pooled_trials({asked}, parts := {parts:d})
    """  # noqa: S608  what is asked is written above
    told = catalog.rows(query, values)[0]
    return Trials(parts * told["trials"], told["mean"], told["variance"])

"""How alike a sweep's trials are: the mean correlation of the bar returns of some of them, computed again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from queries.luck.trials import OVERALL, pooled_symbols
from queries.sweep import sweep_row
from sweeps.errors import SweepError

if TYPE_CHECKING:
    from sweeplake.lake import Lake

Floats = npt.NDArray[np.float64]

MOST_RUNS = 200
"""Their mean correlation differs from that of all by a few hundredths."""
MOST_BARS = 10_000_000
"""Bars of all symbols together."""
MOST_SECONDS = 10.0
"""What their simulation took when the sweep computed them, in all."""
_TOGETHER = 16
"""Settings whose curves are held at a time."""

# A hash is as good as a draw at random, and the same everywhere; the least of them are drawn.
_SAMPLE = """
    with drawn as (
        select setting_hash from pooled_trials($2, sweep := $1)
        where bar_sharpe is not null order by setting_hash limit $3
    )
    select metrics.* exclude (block_sums, block_sumsqs), drawn.setting_hash
    from metrics inner join drawn on cast('0x' || right(run_id, 16) as ubigint) = drawn.setting_hash
    where sweep_id = $1 and role = 'full' and list_contains($2, symbol)
    order by drawn.setting_hash, symbol
"""
_COST = """
    select sum(bars) as bars, sum(seconds) as seconds
    from (
        select max(n_bars) as bars, avg(duration_sec) as seconds from metrics
        where sweep_id = $1 and role = 'full' and list_contains($2, symbol) group by symbol
    )
"""


@dataclass
class _Alike:
    """Correlations of curves, added up as they come: the sum of standardised curves tells their mean."""

    curves: int = 0
    total: Floats | float = 0.0

    def add(self, returns: Floats) -> None:
        """Add one curve's bar returns, shape (bars,); one that does not vary correlates with none."""
        off = returns - returns.mean()
        length = float(np.sqrt(off @ off))
        if length > 1e-12 * float(np.sqrt(returns @ returns)):
            self.curves, self.total = self.curves + 1, self.total + off / length

    @property
    def mean(self) -> float | None:
        """Mean correlation of all pairs of curves; None for fewer than two."""
        if self.curves < 2:
            return None
        return (float(np.square(self.total).sum()) - self.curves) / (self.curves * (self.curves - 1.0))


def correlations(lake: "Lake", sweep_id: str, symbol: str | None = None) -> dict[str, float]:
    """Return the mean correlation of a sweep's trials by symbol, and by "" over all that are judged together.

    Of up to 200 settings, fewer if bars are many or runs took long, the bar returns of all but the first bar
    are computed again; over all symbols it is their mean that is correlated. The draw is always the same.
    What cannot be computed again, as its inputs are not there as they were, is left out.

    Args:
        lake: The lake.
        sweep_id: The sweep.
        symbol: Only this one.

    Raises:
        UnknownNameError: If there is no such sweep.
    """
    row = sweep_row(lake.catalog, sweep_id)
    pooled = pooled_symbols(lake.catalog, sweep_id) if symbol is None else ()
    alone = [(name,) for name in row["symbols"] if name not in pooled and symbol in (None, name)]
    found: dict[str, float] = {}
    for symbols in (pooled, *alone) if pooled else alone:
        try:
            alike = _alike(_curves(lake, row, symbols))
        except (SweepError, KeyError):
            continue
        means = {name: item.mean for name, item in alike.items() if name or symbols == pooled}
        found |= {name: mean for name, mean in means.items() if mean is not None}
    return found


def _alike(curves: Iterator[Mapping[str, Floats]]) -> dict[str, _Alike]:
    """Return how alike curves of settings are by symbol, and by "" their means over the symbols."""
    found: dict[str, _Alike] = defaultdict(_Alike)
    for by_symbol in curves:
        for symbol, returns in by_symbol.items():
            found[symbol].add(returns)
        found[OVERALL].add(np.mean(list(by_symbol.values()), axis=0))
    return found


def _curves(lake: "Lake", state: Mapping[str, Any], symbols: Sequence[str]) -> Iterator[dict[str, Floats]]:
    """Yield the bar returns of some settings by symbol, computed again; raises as `compute_again`."""
    from sweeps.execution.context import Place
    from sweeps.execution.replay import compute_again, revived_on

    asked = [state["sweep_id"], list(symbols)]
    runs = lake.catalog.arrow(_SAMPLE, [*asked, _affordable(lake, asked)])
    starts = {symbol: revived_on(state, symbol, lake.tables) for symbol in symbols}
    for first in range(0, runs.num_rows, _TOGETHER * len(symbols)):
        part = runs.slice(first, _TOGETHER * len(symbols))
        by_setting: dict[str, dict[str, Floats]] = defaultdict(dict)
        for symbol, start in starts.items():
            mine = part.filter(pc.equal(part["symbol"], symbol))
            for run_id, again in compute_again(start, Place(symbol), mine).items():
                if not again.error:
                    by_setting[run_id[16:]][symbol] = _returns(again.details["equity"]["equity"].to_numpy())
        yield from (curves for _, curves in sorted(by_setting.items()) if len(curves) == len(symbols))


def _affordable(lake: "Lake", asked: Sequence[Any]) -> int:
    """Return how many settings to compute again, by what they took when the sweep computed them."""
    bars, seconds = lake.catalog.tuples(_COST, asked)[0]
    within = [MOST_RUNS, MOST_BARS / bars if bars else 0, MOST_SECONDS / seconds if seconds else MOST_RUNS]
    return int(min(within))


def _returns(equity: Floats) -> Floats:
    """Return the bar returns of an equity curve but the first, shape (bars - 1,); 0 after ruin."""
    before = equity[:-1]
    return np.divide(np.diff(equity), before, out=np.zeros(len(before)), where=before > 0.0)

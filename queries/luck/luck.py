"""Is it luck? One answer for each symbol of a sweep, and one over all."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from queries import html
from queries.catalog import Catalog
from queries.errors import UnknownNameError
from queries.luck import sharpe as formulas
from queries.luck.best import Best, best_by_symbol, best_overall
from queries.luck.overfitting import Overfitting
from queries.luck.trials import OVERALL, SweepTrials, Trials, strategy_trials, sweep_trials
from queries.luck.verdict import verdict
from queries.sweep import sweep_row

Counted: TypeAlias = Literal["sweep", "lake"]
"""Whose trials count: those of the sweep, or all that the lake has of its strategy, each run_id once."""
_SHOWN = (
    *("sharpe", "trials", "effective_trials", "expected_sharpe", "psr", "dsr", "n_bars", "least_bars"),
    "left_out",
)
Halves: TypeAlias = Callable[[Catalog, str, tuple[str, ...], int, float], Overfitting | None]


@dataclass(frozen=True)
class Luck:
    """How far the best run of many may be luck. Ratios are of bar returns, but for those a year.

    Attributes:
        symbol: The symbol; "" for settings over several.
        symbols: Those that were judged together.
        left_out: Symbols of the sweep that were not, as their windows are others.
        run_ids: The best run; of settings over several symbols one each.
        sharpe: Its Sharpe ratio a year.
        bar_sharpe: Its Sharpe ratio.
        n_bars: Bars that it was observed on.
        trials: Trials that it is the best of.
        mean: Mean of their Sharpe ratios.
        variance: Their variance.
        correlation: Mean correlation of their bar returns; None if it is not known.
        effective_trials: Independent trials that they are worth; `trials` if the correlation is not known.
        expected_maximum: Sharpe ratio that the best of so many has without skill.
        expected_sharpe: The same, a year.
        psr: Probability that its true Sharpe ratio is above 0.
        dsr: Probability that it is above `expected_maximum`: the deflated Sharpe ratio.
        least_bars: Bars from which on it is above 0 with 95% confidence; None if it is not above 0.
        overfitting: What the halves of the window tell; None if block statistics of some trials are missing.
    """

    symbol: str
    symbols: tuple[str, ...]
    left_out: int
    run_ids: tuple[str, ...]
    sharpe: float
    bar_sharpe: float
    n_bars: int
    trials: int
    mean: float | None
    variance: float | None
    correlation: float | None
    effective_trials: float
    expected_maximum: float
    expected_sharpe: float
    psr: float | None
    dsr: float | None
    least_bars: float | None
    overfitting: Overfitting | None

    @property
    def verdict(self) -> str:
        """All of it in one plain sentence."""
        pbo = None if self.overfitting is None else self.overfitting.pbo
        return verdict(self.trials, self.sharpe, self.expected_sharpe, self.dsr, pbo)

    def __repr__(self) -> str:
        return f"Luck({self.symbol or ', '.join(self.symbols)!r}: {self.verdict})"

    def _repr_html_(self) -> str:
        told = {name: getattr(self, name) for name in _SHOWN}
        pbo = None if self.overfitting is None else self.overfitting.pbo
        name = self.symbol or ", ".join(self.symbols)
        return html.fragment(html.title(name), html.sentence(self.verdict), html.facts({**told, "pbo": pbo}))

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        found = self.overfitting and self.overfitting.to_document()
        return {**asdict(self), "overfitting": found, "verdict": self.verdict}


def is_it_luck(
    catalog: Catalog,
    sweep_id: str,
    *,
    symbol: str | None = None,
    trials: Counted = "sweep",
    correlations: Mapping[str, float] = MappingProxyType({}),
    halves: Halves | None = None,
) -> list[Luck]:
    """Return an answer for each symbol of a sweep, in order, and the last one over all, if two can be.

    Of trials that a policy removed, those that were kept in the sweep's row count.

    Args:
        catalog: The lake.
        sweep_id: The sweep.
        symbol: Only this one.
        trials: Whose trials count.
        correlations: Mean correlation of the trials' bar returns by symbol, "" over all, as far as known.
        halves: What asks the halves of the window, `queries.luck.cscv.sweep_overfitting`, which reads all
            block statistics twice; None leaves that out, and compiles nothing.

    Returns:
        Nothing of a symbol, or of all, without a run that has a Sharpe ratio.

    Raises:
        UnknownNameError: If there is no such sweep, it does not have the symbol, or `trials` is another word.
    """
    if trials not in get_args(Counted):
        raise UnknownNameError("trials", str(trials), get_args(Counted))
    row, there = sweep_row(catalog, sweep_id), sweep_trials(catalog, sweep_id)
    if symbol is not None and symbol not in there.symbols:
        raise UnknownNameError("symbol", symbol, sorted(there.symbols))
    kept = SweepTrials.from_text(row["trials"])
    counted = there.most(kept)
    if trials == "lake":
        strategy, timeframe = row["strategy"], row["timeframe"]
        counted = strategy_trials(catalog, strategy, timeframe, list(there.symbols), there.pooled).most(
            counted
        )
    found = []
    for name, best in _bests(catalog, sweep_id, there, symbol).items():
        made, before, every = (of.symbols.get(name) if name else of.overall for of in (there, kept, counted))
        together = (name,) if name else there.pooled
        whole = made and (before is None or made.trials >= before.trials)
        split = (
            halves(catalog, sweep_id, together, best.n_bars, best.periods_per_year)
            if halves and whole
            else None
        )
        if split and made and split.runs < made.trials:
            split = None  # of some trials no block statistics were stored
        left_out = 0 if name else len(there.symbols) - len(together)
        if every:
            found.append(_judged(name, together, left_out, best, every, correlations.get(name), split))
    return found


def _bests(catalog: Catalog, sweep_id: str, there: SweepTrials, symbol: str | None) -> dict[str, Best]:
    found = best_by_symbol(catalog, sweep_id)
    if symbol is not None:
        return {name: best for name, best in found.items() if name == symbol}
    overall = best_overall(catalog, sweep_id, there.pooled) if there.pooled else None
    return found if overall is None else {**found, OVERALL: overall}


def _judged(
    symbol: str,
    symbols: tuple[str, ...],
    left_out: int,
    best: Best,
    trials: Trials,
    correlation: float | None,
    split: Overfitting | None,
) -> Luck:
    count = float(trials.trials)
    independent = count if correlation is None else float(formulas.effective_trials(count, correlation))
    skew, kurtosis = (np.nan if shape is None else shape for shape in (best.skew, best.kurtosis))
    expected = float(formulas.expected_maximum(independent, trials.variance or 0.0))
    seen = (best.sharpe, best.n_bars, skew, kurtosis)
    yearly = best.periods_per_year**0.5
    return Luck(
        symbol=symbol,
        symbols=symbols,
        left_out=left_out,
        run_ids=best.run_ids,
        sharpe=best.sharpe * yearly,
        bar_sharpe=best.sharpe,
        n_bars=best.n_bars,
        trials=trials.trials,
        mean=trials.mean,
        variance=trials.variance,
        correlation=correlation,
        effective_trials=independent,
        expected_maximum=expected,
        expected_sharpe=expected * yearly,
        psr=_defined(formulas.probabilistic_sharpe(*seen)),
        dsr=_defined(formulas.probabilistic_sharpe(*seen, benchmark=expected)),
        least_bars=_defined(formulas.minimum_track_record(best.sharpe, skew, kurtosis)),
        overfitting=split,
    )


def _defined(value: formulas.Floats) -> float | None:
    return None if np.isnan(value) else float(value)

"""Proof that a strategy does not look ahead: take later bars away, and earlier signals must not change."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.bars.frame import Bars
from sweeps.strategies.asking import signals_of
from sweeps.strategies.contract import Direction, Strategy
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.errors import LookaheadError, UnprovenCausalityError
from sweeps.strategies.evaluate import Evaluation
from sweeps.strategies.indicators import Indicators

RANDOM_CUTS = 8
EARLY_CUTS = 8
CHANGE_CUTS = 16
MAXIMUM_BARS = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def prove_causal(
    strategy: Strategy,
    bars: Bars,
    parameter_sets: Iterable[Mapping[str, Any]],
    seed: int,
    *,
    maximum_bars: int = MAXIMUM_BARS,
) -> None:
    """Return if no signal of the sampled parameter sets changes when bars after it are removed.

    The bars end once at random places and once just after signals, where nothing later is left to peek at;
    all events and stop distances up to there must be those of the whole history; of a strategy that is asked
    bar by bar its rows too, because what it does with them depends on the exits of each run. A parameter set
    that fails on the whole history is left to its run; a backtester returns no signals and passes.

    Args:
        strategy: What is put to the proof.
        bars: Real bars of one symbol; only the first ``maximum_bars`` are used.
        parameter_sets: Values of every parameter by name.
        seed: Of the random places.
        maximum_bars: Bounds the time that a proof takes.

    Raises:
        LookaheadError: Naming the first bar whose signal changed.
        UnprovenCausalityError: If the strategy raises on every shorter history.
    """
    if strategy.kind == "backtester":
        return
    bars = bars.cut(min(len(bars), maximum_bars))
    random = np.random.default_rng(seed)
    for parameters in parameter_sets:
        whole, _ = _attempt(strategy, bars, parameters)
        if whole is not None:
            _prove(strategy, bars, parameters, whole, random)


def _prove(
    strategy: Strategy,
    bars: Bars,
    parameters: Mapping[str, Any],
    whole: Evaluation,
    random: np.random.Generator,
) -> None:
    cuts = _cuts(whole, random)
    errors: list[BaseException] = []
    for cut in cuts:
        part, error = _attempt(strategy, bars.cut(cut), parameters)
        if part is None:
            errors.extend([error] if error else [])
            continue
        changed = _first_change(whole, part, cut, rows=strategy.kind == "bar_by_bar")
        if changed is not None:
            bar, last = _moment(bars, changed), _moment(bars, cut - 1)
            raise LookaheadError(strategy.name, parameters, bars.symbol, bar, last)
    if cuts and len(errors) == len(cuts):
        described = f"{type(errors[0]).__name__}: {errors[0]}"
        raise UnprovenCausalityError(strategy.name, parameters, bars.symbol, described)


def _attempt(
    strategy: Strategy, bars: Bars, parameters: Mapping[str, Any]
) -> tuple[Evaluation | None, BaseException | None]:
    direction: Direction = "both" if strategy.short else "long"
    try:
        return signals_of(strategy, Indicators(bars), parameters, direction), None
    except BaseException as error:  # noqa: BLE001  a user's function may raise anything
        pass_ctrl_c_on(error)
        return None, error


def _cuts(whole: Evaluation, random: np.random.Generator) -> list[int]:
    """Return lengths of shortened histories after the warm-up, longest first.

    Some are anywhere, some early on (a statistic of the whole history settles soon), some end on a signal.
    """
    n = len(whole.events)
    candidates = np.arange(min(whole.warm, n) + 1, n)
    places = random.choice(candidates, min(RANDOM_CUTS, len(candidates)), replace=False)
    early = whole.warm + np.exp(random.uniform(0.0, np.log(max(n - whole.warm, 1)), EARLY_CUTS))
    signals = np.flatnonzero(whole.events[:-1]) + 1
    ends = random.choice(signals, min(CHANGE_CUTS, len(signals)), replace=False)
    return sorted({int(cut) for cut in (*places, *early, *ends) if 0 < cut < n}, reverse=True)


def _first_change(whole: Evaluation, part: Evaluation, cut: int, *, rows: bool) -> int | None:
    changed = whole.events[:cut] != part.events
    if (whole.stop_distance is None) != (part.stop_distance is None):
        return 0
    if whole.stop_distance is not None and part.stop_distance is not None:
        changed |= ~_close(whole.stop_distance[:cut], part.stop_distance)
    if rows:
        if whole.indicators.keys() != part.indicators.keys():
            return 0
        for name, row in whole.indicators.items():
            changed |= ~_close(
                row[:cut], part.indicators[name], scale=float(np.nanmax(np.abs(row), initial=0.0))
            )
    return int(changed.argmax()) if changed.any() else None


def _close(
    one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], scale: float = 0.0
) -> npt.NDArray[np.bool_]:
    """Compare up to rounding, which may depend on an array's length."""
    return np.isclose(one, other, rtol=1e-9, atol=1e-9 * scale, equal_nan=True)


def _moment(bars: Bars, index: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(bars.time[index]))

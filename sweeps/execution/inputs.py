"""Inputs: what the runs at each place of a sweep read, and the context that they share."""

from collections.abc import Mapping
from datetime import datetime

from lake.snapshot import Snapshot
from sweeps.bars.frame import Bars
from sweeps.bars.store import load_bars
from sweeps.execution.context import Place, PlaceInputs
from sweeps.simulation.kernel import SIMULATION_VERSION
from sweeps.spec.config import SweepConfig
from sweeps.spec.errors import ConfigError
from sweeps.spec.identity import context_hash
from sweeps.spec.splits import FEWEST_BARS, FULL, Splits
from sweeps.strategies.contract import Strategy


def whole_inputs(config: SweepConfig, strategy: Strategy, readable: Bars) -> PlaceInputs:
    """Return what a run of a symbol on the sweep's whole window reads.

    Raises:
        ConfigError: If the window has too few bars.
    """
    first = 0 if config.start is None else readable.first_at_or_after(config.start)
    if len(readable) - first < FEWEST_BARS:
        count = len(readable) - first
        reason = (
            f"{count} bars of {readable.symbol} between start and end; a run needs at least {FEWEST_BARS}"
        )
        raise ConfigError(config.source, (("start", reason),))
    window, fingerprint = (FULL, config.start, config.end), readable.fingerprint()
    return _inputs(config, strategy, readable, Place(readable.symbol), window, (fingerprint, fingerprint))


def on_spans(
    config: SweepConfig,
    strategy: Strategy,
    snapshot: Snapshot,
    whole: Mapping[str, PlaceInputs],
    splits: Splits,
) -> dict[Place, PlaceInputs]:
    """Return what runs read at every place of a window that is split, symbol after symbol.

    The bars of a span end with it: nothing later can be read there. A symbol with too few bars on a span is
    left out there.
    """
    found = {}
    for symbol, held in whole.items():
        bars = load_bars(snapshot, symbol, config.timeframe, end=config.end)
        lengths = {span.number: bars.first_at_or_after(span.end) for span in splits.spans}
        ascending = sorted(set(lengths.values()))
        fingerprints = dict(zip(ascending, bars.fingerprints(ascending), strict=True))
        for span in splits.spans:
            length = lengths[span.number]
            if length - bars.first_at_or_after(span.start) >= FEWEST_BARS:
                place, window = Place(symbol, span.number), (span.role, span.start, span.end)
                hashes = fingerprints[length], held.fingerprint
                found[place] = _inputs(config, strategy, bars.cut(length), place, window, hashes)
    return found


def _inputs(
    config: SweepConfig,
    strategy: Strategy,
    readable: Bars,
    place: Place,
    window: tuple[str, datetime | None, datetime | None],
    fingerprints: tuple[str, str],
) -> PlaceInputs:
    role, start, end = window
    fingerprint, whole = fingerprints
    first = 0 if start is None else readable.first_at_or_after(start)
    periods_per_year = config.execution.periods_per_year or readable.periods_per_year
    context = context_hash(
        simulation_version=SIMULATION_VERSION,
        strategy=strategy.name,
        code=strategy.code,
        symbol=readable.symbol,
        timeframe=readable.timeframe,
        role=role,
        start=start,
        end=end,
        periods_per_year=periods_per_year,
        bars_fingerprint=fingerprint,
    )
    period = readable.opens_at(first), readable.opens_at(-1)
    bars = len(readable) - first
    return PlaceInputs(place, fingerprint, context, periods_per_year, first, bars, period, role, whole)

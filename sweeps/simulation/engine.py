"""The engine: many runs over one window, by hopping, and by the loop where hopping is not exact."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.hopping.coarse import coarse_of
from sweeps.simulation.hopping.desk import Reads, new_desk
from sweeps.simulation.hopping.door import Made, fill_market, run_sets
from sweeps.simulation.hopping.market import Market, market_of
from sweeps.simulation.hopping.notes import new_notes
from sweeps.simulation.hopping.packing import Unpacked, nothing_asked, pack_unpacked, words_of
from sweeps.simulation.hopping.pooling import pools_of
from sweeps.simulation.hopping.state import N_STATE
from sweeps.simulation.hopping.trips import QUEUE, new_trips
from sweeps.simulation.kernel import Outcome, simulate
from sweeps.simulation.ledger import N_LEDGER
from sweeps.simulation.metric_names import N_METRICS
from sweeps.simulation.settings import S_RISK_FREE
from sweeps.simulation.statistics import BLOCKS
from sweeps.simulation.window import PriceWindow, SignalSet

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

WHOLE_BARS = 20_000
"""Windows up to this length are one tile, whose tables are kept: they nearly fit the processor's caches."""
TILE_BARS = 8_192
MARKETS_KEPT = 4
"""Markets differ by the risk-free return alone, which few sweeps vary."""

NO_ROWS: Floats = np.empty((0, 0))
NO_WORDS: Words = np.empty((0, 0), dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of some signal sets over one window, for one call at a time: what is packed is noted in it.

    Attributes:
        words: Orders in bits, shape (sets, 2 or 4, words); see `packing.KINDS`.
        unpacked: What to pack into them, set by set, when it is read; of no set if they are packed.
        set_of_run: Which signal set each run reads, shape (runs,).
        stop_distance: Strategies' own stops, shape (stops, bars).
        stop_of_set: Which of them each signal set has, -1 for none, shape (sets,).
        atr: Average true ranges, shape (periods, bars).
        atr_of_run: Which of them a run reads, -1 for none, shape (runs,).
        session_last: Last bars of sessions in bits, shape (cut-offs, words).
        session_of_run: Which of them a run reads, -1 for none, shape (runs,).
        stop_scale: Factor of each set on it, shape (sets,); 1 for all if it is empty.
    """

    words: Words
    set_of_run: Integers
    atr_of_run: Integers
    session_of_run: Integers
    stop_of_set: Integers
    stop_distance: Floats = field(default_factory=lambda: NO_ROWS)
    stop_scale: Floats = field(default_factory=lambda: np.empty(0))
    atr: Floats = field(default_factory=lambda: NO_ROWS)
    session_last: Words = field(default_factory=lambda: NO_WORDS)
    unpacked: Unpacked = field(default_factory=nothing_asked)

    def __post_init__(self) -> None:
        if not self.stop_scale.size:
            object.__setattr__(self, "stop_scale", np.ones(len(self.words)))

    @property
    def reads(self) -> Reads:
        """What its runs read, as the door takes it."""
        return Reads(
            self.words,
            self.stop_distance,
            self.stop_scale,
            self.atr,
            self.session_last,
            self.set_of_run,
            self.stop_of_set,
            self.atr_of_run,
            self.session_of_run,
            self.unpacked.asked,
            self.unpacked.sets,
            self.unpacked.coarse,
        )

    @property
    def in_sets(self) -> bool:
        """Whether runs of a set stand together, so that its orders are packed once."""
        changes = np.count_nonzero(self.set_of_run[1:] != self.set_of_run[:-1])
        return bool(changes < np.count_nonzero(np.bincount(self.set_of_run)))

    def packed(self, bars: int) -> "Batch":
        """Return the batch with all of its words packed."""
        pack_unpacked(self.unpacked, np.arange(len(self.unpacked.order)), bars, self.words)
        return replace(self, unpacked=nothing_asked())

    def rows(self, chosen: Integers) -> "Batch":
        """Return some of its runs."""
        return replace(
            self,
            set_of_run=self.set_of_run[chosen],
            atr_of_run=self.atr_of_run[chosen],
            session_of_run=self.session_of_run[chosen],
        )

    def signals(self, run: int, bars: int) -> SignalSet:
        """Return what one run reads, as the loop reads it."""
        place = self.set_of_run[run]
        if len(self.unpacked.order):
            pack_unpacked(self.unpacked, np.array([place]), bars, self.words)
        held = self.words[place]
        codes = (ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT)
        events = np.zeros(bars, np.uint8)
        for row, code in zip(held, codes, strict=False):
            events |= _unpacked(row, bars) * np.uint8(code)
        more: dict[str, npt.NDArray[np.generic]] = {}
        stop = self.stop_of_set[place]
        if stop >= 0:
            with np.errstate(over="ignore"):  # beyond all numbers is no distance, and no entry
                more["stop_distance"] = self.stop_distance[stop] * self.stop_scale[place]
        if self.atr_of_run[run] >= 0:
            more["atr"] = self.atr[self.atr_of_run[run]]
        if self.session_of_run[run] >= 0:
            more["session_last"] = _unpacked(self.session_last[self.session_of_run[run]], bars).view(np.bool_)
        return SignalSet(events, **more)  # type: ignore[arg-type]


class Engine:
    """Runs over one window. Threads may share it: tables are made once and never changed."""

    def __init__(self, window: PriceWindow) -> None:
        self.window = window
        self._markets: dict[float, Market] = {}

    def simulate(
        self, batch: Batch, settings: Floats, periods_per_year: float, *, tile: int | None = None
    ) -> Outcome:
        """Return the metrics of many runs.

        Equal to the reference loop: the same trades for the same reasons, every metric within
        1e-9 max(1, |b|), whatever the tile. Runs that hopping cannot do exactly go through the loop itself;
        they are counted in `Outcome.looped`.

        Args:
            batch: What the runs read.
            settings: Rows of `settings_table`, shape (runs, N_SETTINGS).
            periods_per_year: Bars a year.
            tile: Bars that all runs pass before the next; None chooses. It changes speed, never results.
        """
        runs, settings = len(settings), np.ascontiguousarray(settings)
        made = Made(
            np.empty((runs, N_METRICS)),
            np.empty((runs, BLOCKS), np.float32),
            np.empty((runs, BLOCKS), np.float32),
            np.empty(runs, np.bool_),
        )
        for risk_free in np.unique(settings[:, S_RISK_FREE]):
            chosen = np.flatnonzero(settings[:, S_RISK_FREE] == risk_free)
            if len(chosen) == runs:
                self._hop(batch, settings, periods_per_year, tile, made)
                continue
            some = made.rows(chosen)
            self._hop(batch.rows(chosen), settings[chosen], periods_per_year, tile, some)
            made.put(chosen, some)
        status = np.zeros(runs, np.uint8)
        for run in np.flatnonzero(made.left).tolist():
            signals = batch.signals(run, len(self.window))
            one = simulate(self.window, signals, settings[run : run + 1], periods_per_year)
            made.metrics[run], status[run] = one.metrics[0], one.status[0]
            made.block_sums[run], made.block_sumsqs[run] = one.block_sums[0], one.block_sumsqs[0]
        return Outcome(made.metrics, made.block_sums, made.block_sumsqs, status, int(made.left.sum()))

    def _hop(
        self, batch: Batch, settings: Floats, periods_per_year: float, tile: int | None, made: Made
    ) -> None:
        bars = len(self.window)
        length = min(tile or (bars if bars <= WHOLE_BARS else TILE_BARS), bars)
        whole = length == bars
        market = self._market(float(settings[0, S_RISK_FREE])) if whole else market_of(self.window, length)
        states, ledger = np.empty((QUEUE if whole else len(settings), N_STATE)), np.empty((1, N_LEDGER))
        if not batch.in_sets or not (whole or length % 64 == 0):
            batch = batch.packed(bars)
        notes, pools = new_notes(length), pools_of(settings, batch.reads, length)
        desk, trips = new_desk(batch.words.shape[1], length), new_trips(length, len(states))
        run_sets(
            market, batch.reads, pools, settings, periods_per_year, whole,
            states, notes, trips, desk, coarse_of(batch.unpacked.coarse, length), ledger, made,
        )  # fmt: skip

    def _market(self, risk_free: float) -> Market:
        """Return the window's market with the tables of all its bars."""
        market = self._markets.get(risk_free)
        if market is None:
            market = market_of(self.window, len(self.window))
            fill_market(market, risk_free)
            if len(self._markets) >= MARKETS_KEPT:
                self._markets = {}
            self._markets[risk_free] = market
        return market


def new_words(sets: int, kinds: int, bars: int) -> Words:
    """Return empty words for some signal sets."""
    return np.zeros((sets, kinds, words_of(bars)), np.uint64)


def _unpacked(row: Words, bars: int) -> npt.NDArray[np.uint8]:
    return np.unpackbits(row.view(np.uint8), bitorder="little", count=bars)

"""Orders: from a strategy's function to bits, the way a sweep of many runs goes."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.packing import nothing_asked, pack_events
from sweeps.strategies.column_orders import ColumnOrders
from sweeps.strategies.contract import Direction, Signals, Strategy
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.errors import ColumnsDifferError, TooManyRowsError
from sweeps.strategies.evaluate import diagnostics
from sweeps.strategies.events import to_events, window_stop
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.pending import MOST, Pending
from sweeps.strategies.questions import Question, Questions, Trust
from sweeps.strategies.stops import Stops

CHECKED, CHECKED_BARS = 6, 2_000_000
"""Sets of those that were asked at once that are asked alone as well: fewer where that takes more bars."""
MOST_TRUSTED = 50_000
"""Values that are known to be answered alike; beyond that no more are kept."""
MOST_ALONE = MOST - 1
"""Sets that are asked alone at once: so few that none is packed before it is held against the others."""

_BOOLEAN = np.dtype(np.bool_)


class OrderBook:
    """The orders of some signal sets, in bits.

    Booleans and comparisons are noted by their addresses and packed with many others in one call; whatever
    else a strategy returns goes by way of event codes, as in `evaluate`, whose orders these are.

    Attributes:
        words: Shape (sets, 2 or 4, words); see `packing.KINDS`. Packed when they are asked for, where the
            strategy takes columns.
        unpacked: Orders that are not in ``words`` yet; of no set if they are.
        stops: The strategy's own stops.
        errors: What a set's strategy raised, or why its answer is no signal; its words mean nothing.
    """

    def __init__(
        self,
        strategy: Strategy,
        ind: Indicators,
        start: int,
        words: npt.NDArray[np.uint64],
        trust: Trust | None = None,
    ) -> None:
        self._trust = trust or Trust()
        self.unpacked, self.stops = nothing_asked(), Stops(len(words))
        self._words = words
        self._columns: ColumnOrders | None = None
        self.errors: dict[int, BaseException] = {}
        self._strategy, self._ind, self._start, self._bars = strategy, ind, start, len(ind.bars)
        self._pending = Pending(words, self._bars, start)

    @property
    def words(self) -> npt.NDArray[np.uint64]:
        """The orders in bits."""
        if self._columns is not None:
            self._columns.pack(self._words)
            self._columns, self.unpacked = None, nothing_asked()
        return self._words

    @property
    def room(self) -> npt.NDArray[np.uint64]:
        """The words as they are, packed or not."""
        return self._words

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask the strategy each question and note its orders; one that fails is noted among the errors.

        A strategy is asked :class:`Questions` all at once, unless it says that it takes no columns, and one
        by one where that fails.

        Raises:
            ColumnsDifferError: If it declares columns, and one of some sets has other orders when it is asked
                alone.
        """
        asked = self._strategy.columns is not False and not self._trust.refused
        if isinstance(questions, Questions) and asked:
            self._ask_columns(questions, 0)
        else:
            self._ask_each(questions, 0)

    def _ask_each(self, questions: Iterable[Question], first: int) -> None:
        self._note_each(questions, first)
        self._pending.pack()

    def _note_each(self, questions: Iterable[Question], first: int) -> None:
        function, ind, bars, flags = self._strategy.function, self._ind, self._ind.bars, self._pending.flags
        shape = (self._bars,)
        with ind.recording() as used:
            for place, (parameters, direction) in enumerate(questions, first):
                used.warm = 0
                try:
                    result = function(bars, ind, **parameters)
                    if (
                        type(result) is np.ndarray
                        and result.dtype is _BOOLEAN
                        and result.shape == shape
                        and result.strides == (1,)
                    ):
                        flags(result, place, used.warm, direction)
                    else:
                        self._note(place, result, used.warm, direction)
                except BaseException as error:  # noqa: BLE001  a user's code may raise anything
                    pass_ctrl_c_on(error)
                    self.errors[place] = error

    def _note(self, place: int, result: Any, warm: int, direction: Direction) -> None:
        if isinstance(result, tuple) and len(result) in (2, 4):
            result = Signals(None, *result)
        if type(result) is Signals and not callable(result.indicators):
            for value in result.indicators.values():
                if getattr(value, "shape", None) != (self._bars,):
                    diagnostics(self._strategy, result, self._bars)
        if self._pending.note(result, place, warm, direction):
            if type(result) is Signals and result.stop_distance is not None:
                name = self._strategy.name
                self.stops.note(
                    place, window_stop(result, warm=warm, n=self._bars, start=self._start, strategy=name)
                )
            return
        events, distance = to_events(
            result,
            direction,
            short_allowed=self._strategy.short,
            warm=warm,
            n=self._bars,
            start=self._start,
            strategy=self._strategy.name,
        )
        pack_events(events, self._words[place])
        self.stops.note(place, distance)

    def _ask_columns(self, questions: Questions, first: int) -> None:
        """Ask for many sets at once; in halves where their rows are too many, else one by one."""
        sets = len(questions)
        if 2 * len(questions.alike) > sets:  # of a set alone, and nearly so
            self._ask_each(questions, first)
            return
        places, fresh = self._checked(questions)
        if 2 * len(places) > sets + CHECKED and len(self._trust.values) > MOST_TRUSTED:
            self._ask_each(questions, first)  # as of a random sample, whose values never come again
            return
        try:
            orders = self._in_columns(questions)
        except TooManyRowsError:
            self._ask_columns(questions.part(slice(sets // 2)), first)
            self._ask_columns(questions.part(slice(sets // 2, sets)), first + sets // 2)
            return
        if orders is None:
            self._ask_each(questions, first)
            return
        orders.note_stops(self.stops, first)
        try:
            for some in range(0, len(places), MOST_ALONE):
                self._check(orders, questions, first, places[some : some + MOST_ALONE])
        except ColumnsDifferError:
            if self._strategy.columns:
                raise
            self._trust.refused = True
            self.stops.forget(first, first + sets)
            self._ask_each(questions, first)
            return
        if len(self._trust.values) <= MOST_TRUSTED:
            self._trust.values.update(fresh)
        if sets == len(self._words):
            self._columns, self.unpacked = orders, orders.unpacked
        else:
            orders.pack(self._words[first : first + sets])

    def _checked(self, questions: Questions) -> tuple[npt.NDArray[np.int64], Iterable[tuple[str, Any]]]:
        """Return which sets are asked alone as well, and what is trusted if these are answered the same.

        What differs between a column and numbers differs by value: each is held against numbers once. A
        strategy that declares columns is taken at its word, but for a few sets.
        """
        fresh = {} if self._strategy.columns else questions.values()
        fresh = {value: place for value, place in fresh.items() if value not in self._trust.values}
        most = min(CHECKED, max(2, CHECKED_BARS // max(self._bars, 1)))
        some = np.linspace(0, len(questions) - 1, most).astype(np.int64)
        return np.unique(np.append(some, np.array(list(fresh.values()), dtype=np.int64))), fresh

    def _in_columns(self, questions: Questions) -> ColumnOrders | None:
        """Ask for many sets at once; None if it raises: one value may be refused, and only its set fails.

        Raises:
            TooManyRowsError: If fewer are to be asked for at once.
        """
        try:
            return ColumnOrders(self._strategy, self._ind, self._start, questions)
        except (KeyboardInterrupt, TooManyRowsError):
            raise
        except BaseException:  # noqa: BLE001  a user's code may raise anything
            return None

    def _check(
        self, orders: ColumnOrders, questions: Questions, first: int, places: npt.NDArray[np.int64]
    ) -> None:
        """Ask some sets alone as well, and compare; bits where not the very same rows are compared."""
        words = np.empty((len(places), *self._words.shape[1:]), np.uint64)
        alone = OrderBook(self._strategy, self._ind, self._start, words)
        chosen = questions.part(places)
        alone._note_each(chosen, 0)
        same = alone._pending.take_same(orders.unpacked, places)
        alone._pending.pack()
        orders.pack(self._words[first : first + len(questions)], places[~same])
        for at, ((parameters, _), place) in enumerate(zip(chosen, places.tolist(), strict=True)):
            one, many = alone.stops.of(at), self.stops.of(first + place)
            if at in alone.errors:
                difference = f"raises {alone.errors[at]!r}"
            elif not same[at] and not np.array_equal(words[at], self._words[first + place]):
                difference = "gives other orders"
            elif (one is None) != (many is None) or (
                one is not None and many is not None and not np.array_equal(one, many, equal_nan=True)
            ):
                difference = "gives another stop_distance"
            else:
                continue
            raise ColumnsDifferError(self._strategy.name, parameters, difference)

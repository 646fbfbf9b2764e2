"""Splits: a sweep's window cut into spans to choose on and spans to test on. Pure.

Spans are cut in time, by the calendar of all symbols' bars together: a span is the same time on all of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, groupby, pairwise
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.errors import ConfigError
from sweeps.spec.lengths import BARS, Duration, duration
from sweeps.spec.walk_forward_config import WalkForwardConfig

FULL, IN_SAMPLE, OUT_OF_SAMPLE = "full", "in_sample", "out_of_sample"
FEWEST_BARS = 2
"""Bars that a run needs."""
MOST_SPLITS = 1_000
MOST_STEPS = 100 * MOST_SPLITS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Bounds = tuple[int, int]
"""UTC microseconds, the second one excluded."""
Cut = tuple[Sequence[Bounds], Sequence[Bounds]]
"""What one split chooses on, and what it tests on."""


@dataclass(frozen=True)
class Span:
    """A part of the window that runs are computed on, each from a flat start.

    Attributes:
        number: Its number in the sweep, from 1.
        role: in_sample or out_of_sample.
        start: First bar's time, inclusive, UTC.
        end: Exclusive; nothing from here on is read.
    """

    number: int
    role: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Split:
    """What is chosen on, and what the choice is tested on.

    Attributes:
        number: Its number in the sweep, from 1.
        train: Numbers of the spans that its choice is made on.
        test: Numbers of the spans that its choice is tested on.
    """

    number: int
    train: tuple[int, ...]
    test: tuple[int, ...]


@dataclass(frozen=True)
class Splits:
    """How a sweep's window is split; spans that several splits share are one.

    Attributes:
        spans: The spans by number.
        splits: The splits, by the time that they test first.
    """

    spans: tuple[Span, ...]
    splits: tuple[Split, ...]

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        spans = [
            {
                "span": span.number,
                "role": span.role,
                "start": span.start.isoformat(),
                "end": span.end.isoformat(),
            }
            for span in self.spans
        ]
        splits = [
            {"split": split.number, "train": list(split.train), "test": list(split.test)}
            for split in self.splits
        ]
        return {"spans": spans, "splits": splits}

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> "Splits":
        """Return what `to_document` wrote."""
        spans = (
            Span(
                held["span"],
                held["role"],
                datetime.fromisoformat(held["start"]),
                datetime.fromisoformat(held["end"]),
            )
            for held in document["spans"]
        )
        splits = (
            Split(held["split"], tuple(held["train"]), tuple(held["test"])) for held in document["splits"]
        )
        return Splits(tuple(spans), tuple(splits))


def split(
    config: WalkForwardConfig,
    calendar: NDArray[np.int64],
    start: datetime | None,
    end: datetime | None,
    source: str,
) -> Splits:
    """Return the splits of a sweep's window.

    Args:
        config: How it is split.
        calendar: Times of the bars of all symbols in the window, ascending, each once, UTC microseconds,
            shape (times,).
        start: The window's start; None is the first bar.
        end: The window's end; None is after the last bar.
        source: What errors call the configuration.

    Raises:
        ConfigError: If no split has anything to choose on and to test on, or they are too many.
    """
    last = int(calendar[-1]) + 1
    timeline = _Timeline(calendar, _micros(start, int(calendar[0])), min(_micros(end, last), last))

    def problem(key: str, reason: str) -> ConfigError:
        return ConfigError(source, ((f"walk_forward.{key}", reason),))

    cuts = list(_SCHEMES[config.scheme](config, timeline, problem))
    if not cuts:
        for key in ("purge", "embargo"):
            if any(_SCHEMES[config.scheme](config.model_copy(update={key: None}), timeline, problem)):
                raise problem(key, "leaves nothing to choose on; make it smaller")
        bars = (
            f"{len(calendar):,} bars from {_time(timeline.begin):%Y-%m-%d} to {_time(timeline.end):%Y-%m-%d}"
        )
        key = "folds" if config.folds else "train"
        raise problem(key, f"no split of {bars} has bars both to choose on and to test on; make it smaller")
    return _numbered(cuts)


@dataclass(frozen=True, eq=False)
class _Timeline:
    """The calendar, and where the window begins and ends."""

    calendar: NDArray[np.int64]
    begin: int
    end: int

    def after(self, moment: int, length: Duration) -> int:
        """Return the time so much later; the window's end if that is beyond it."""
        if not length.count:
            return moment
        if length.unit == BARS:
            at = int(np.searchsorted(self.calendar, moment)) + length.count
            return int(self.calendar[at]) if at < len(self.calendar) else self.end
        try:
            return min(length.after(moment), self.end)
        except OverflowError:
            return self.end

    def before(self, moment: int, length: Duration) -> int:
        """Return the time so much earlier; the window's begin if that is before it."""
        if not length.count:
            return moment
        if length.unit == BARS:
            at = int(np.searchsorted(self.calendar, moment)) - length.count
            return int(self.calendar[at]) if 0 < at < len(self.calendar) else self.begin
        try:
            return max(length.before(moment), self.begin)
        except OverflowError:
            return self.begin

    def has_bars(self, bounds: Bounds) -> bool:
        """Say whether a run can be there: a symbol may have fewer bars than the calendar."""
        first, last = np.searchsorted(self.calendar, bounds)
        return bool(last - first >= FEWEST_BARS)


_Problem = Callable[[str, str], ConfigError]


def _walked(config: WalkForwardConfig, timeline: _Timeline, problem: _Problem) -> Iterator[Cut]:
    """Yield the splits of a walk: the last test span may be shorter than the others."""
    train, test = duration(config.train or 0), duration(config.test or 0)
    step, purge = duration(config.step or config.test or 0), duration(config.purge or 0)
    is_long = step.unit == test.unit and step.count >= test.count  # months differ in days
    made = 0
    for number in range(MOST_STEPS):
        begin = timeline.after(timeline.begin, step.times(number))
        tested = timeline.after(begin, train)
        following = timeline.after(timeline.after(timeline.begin, step.times(number + 1)), train)
        if tested >= timeline.end:
            return
        end = timeline.after(tested, test)
        if step == test or (is_long and end > following):
            end = following
        if end > following:
            raise problem(
                "step", "shorter than test: one time would be tested twice; lengthen it, or leave it out"
            )
        chosen_on = timeline.begin if config.scheme == "anchored" else begin, timeline.before(tested, purge)
        if timeline.has_bars(chosen_on) and timeline.has_bars((tested, end)):
            made += 1
            if made > MOST_SPLITS:
                break
            yield [chosen_on], [(tested, end)]
    raise problem("step" if config.step else "test", f"makes more than {MOST_SPLITS:,} splits; lengthen it")


def _folded(config: WalkForwardConfig, timeline: _Timeline, problem: _Problem) -> Iterator[Cut]:
    """Yield the splits that test some folds and choose on what lies between them."""
    folds, tested = config.folds or 0, config.test_folds or 1
    if comb(folds, tested) > MOST_SPLITS:
        splits = comb(folds, tested)
        raise problem("test_folds", f"makes {splits:,} splits, more than {MOST_SPLITS:,}; take fewer of both")
    places = [round(len(timeline.calendar) * fold / folds) for fold in range(1, folds)]
    if 0 in places or len(set(places)) < folds - 1:
        raise problem(
            "folds", f"more than the {len(timeline.calendar):,} bars between start and end; take fewer"
        )
    edges = [timeline.begin, *(int(timeline.calendar[place]) for place in places), timeline.end]
    bounds = list(pairwise(edges))
    for tests in combinations(range(folds), tested):
        trains = []
        for is_tested, group in groupby(range(folds), key=lambda fold: fold in tests):
            run = list(group)
            if not is_tested:
                first, last = bounds[run[0]][0], bounds[run[-1]][1]
                begin = first if run[0] == 0 else timeline.after(first, duration(config.embargo or 0))
                end = last if run[-1] == folds - 1 else timeline.before(last, duration(config.purge or 0))
                trains.append((begin, end))
        trains = [train for train in trains if timeline.has_bars(train)]
        if trains:
            yield trains, [bounds[fold] for fold in tests]


_SCHEMES: Mapping[str, Callable[[WalkForwardConfig, _Timeline, _Problem], Iterator[Cut]]] = {
    "rolling": _walked,
    "anchored": _walked,
    "kfold": _folded,
    "combinatorial": _folded,
}


def _numbered(cuts: Sequence[Cut]) -> Splits:
    """Return the splits with every span once, those to choose on first."""
    trains = list(dict.fromkeys(bounds for train, _ in cuts for bounds in train))
    tests = list(dict.fromkeys(bounds for _, test in cuts for bounds in test))
    roles = [(IN_SAMPLE, bounds) for bounds in sorted(trains)] + [
        (OUT_OF_SAMPLE, bounds) for bounds in sorted(tests)
    ]
    numbers = {key: number for number, key in enumerate(roles, 1)}
    spans = tuple(
        Span(number, role, _time(begin), _time(end)) for (role, (begin, end)), number in numbers.items()
    )
    splits = tuple(
        Split(
            number,
            tuple(numbers[IN_SAMPLE, bounds] for bounds in train),
            tuple(numbers[OUT_OF_SAMPLE, bounds] for bounds in test),
        )
        for number, (train, test) in enumerate(cuts, 1)
    )
    return Splits(spans, splits)


def _time(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def _micros(moment: datetime | None, default: int) -> int:
    return default if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)

"""Splits of a window: golden cuts by hand, and what must hold of all of them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sweeps.spec.config import parse_config
from sweeps.spec.errors import ConfigError
from sweeps.spec.splits import IN_SAMPLE, OUT_OF_SAMPLE, Splits, split
from sweeps.spec.walk_forward_config import WalkForwardConfig

DAY = 86_400_000_000
DOCUMENT = {"name": "n", "strategy": "sma_cross", "symbols": ["A"], "timeframe": "1d"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def days(first: datetime, last: datetime) -> Any:
    """Return every weekday from one day to another, the last one excluded."""
    begin, count = (first - EPOCH).days, (last - first).days
    every = np.arange(begin, begin + count)
    return every[(every + 3) % 7 < 5] * DAY  # 1970-01-01 was a Thursday


DECADE = days(datetime(2000, 1, 1, tzinfo=UTC), datetime(2010, 1, 1, tzinfo=UTC))


def cut(calendar: Any = DECADE, start: datetime | None = None, **keys: Any) -> Splits:
    return split(WalkForwardConfig(**keys), calendar, start, None, "test")


def bounds(splits: Splits, numbers: tuple[int, ...]) -> list[tuple[str, str]]:
    spans = {span.number: span for span in splits.spans}
    return [(f"{spans[n].start:%Y-%m-%d}", f"{spans[n].end:%Y-%m-%d}") for n in numbers]


def cuts(splits: Splits) -> list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    return [(bounds(splits, one.train), bounds(splits, one.test)) for one in splits.splits]


def test_a_rolling_walk_by_the_calendar() -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    found = cuts(cut(start=start, train="4y", test="2y"))
    assert found == [
        ([("2000-01-01", "2004-01-01")], [("2004-01-01", "2006-01-01")]),
        ([("2002-01-01", "2006-01-01")], [("2006-01-01", "2008-01-01")]),
        ([("2004-01-01", "2008-01-01")], [("2008-01-01", "2009-12-31")]),
    ]


def test_an_anchored_walk_with_a_purge_chooses_on_all_before() -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    found = cuts(cut(start=start, scheme="anchored", train="4y", test="3y", purge="2w"))
    assert found == [
        ([("2000-01-01", "2003-12-18")], [("2004-01-01", "2007-01-01")]),
        ([("2000-01-01", "2006-12-18")], [("2007-01-01", "2009-12-31")]),
    ]


def test_a_walk_by_bars_of_the_calendar() -> None:
    calendar = np.arange(10) * DAY
    found = cut(calendar, train=4, test=2, purge=1)
    as_days = [
        [(span.start - EPOCH).days for span in found.spans],
        [(span.end - EPOCH - timedelta(microseconds=1)).days for span in found.spans],
    ]
    # in sample 0-2, 2-4, 4-6 (one bar purged of four), out of sample 4-5, 6-7, 8-9
    assert as_days == [[0, 2, 4, 4, 6, 8], [2, 4, 6, 5, 7, 9]]
    assert [(one.train, one.test) for one in found.splits] == [((1,), (4,)), ((2,), (5,)), ((3,), (6,))]


def test_folds_with_purge_and_embargo() -> None:
    calendar = np.arange(12) * DAY
    found = cut(calendar, scheme="kfold", folds=3, purge=1, embargo=2)
    spans = {
        span.number: ((span.start - EPOCH).days, (span.end - EPOCH - timedelta(microseconds=1)).days)
        for span in found.spans
    }
    as_days = [([spans[n] for n in one.train], [spans[n] for n in one.test]) for one in found.splits]
    # of 0-3, 4-7 and 8-11: a bar before what is tested is left out, and two after it
    assert as_days == [([(6, 11)], [(0, 3)]), ([(0, 2), (10, 11)], [(4, 7)]), ([(0, 6)], [(8, 11)])]


def test_combinations_share_their_spans() -> None:
    found = cut(scheme="combinatorial", folds=6, test_folds=2)
    assert len(found.splits) == 15
    tested = [span for span in found.spans if span.role == OUT_OF_SAMPLE]
    assert len(tested) == 6
    assert all(sum(span.number in one.test for one in found.splits) == 5 for span in tested)
    trained = [(span.start, span.end) for span in found.spans if span.role == IN_SAMPLE]
    assert len(trained) == len(set(trained)) <= 21


def test_an_end_far_beyond_the_bars_is_their_end() -> None:
    far = datetime(2199, 1, 1, tzinfo=UTC)
    keys = {"train": "6mo", "test": "1w"}
    assert split(WalkForwardConfig(**keys), DECADE, None, far, "test") == cut(**keys)


def test_the_default_step_may_be_written_out() -> None:
    assert cut(train="30d", test="1mo", step="1mo") == cut(train="30d", test="1mo")


def test_months_end_where_they_end() -> None:
    start = datetime(2000, 8, 31, tzinfo=UTC)
    found = cuts(cut(start=start, train="6mo", test="6mo"))
    assert [train[0][0] for train, _ in found[:3]] == ["2000-08-31", "2001-02-28", "2001-08-31"]
    assert all(one[1][0][1] == other[1][0][0] for one, other in pairwise(found)), "nothing is left untested"


@given(
    st.sampled_from(["rolling", "anchored", "kfold", "combinatorial"]),
    st.integers(3, 9),
    st.integers(1, 3),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(30, 400),
)
def test_nothing_is_chosen_on_what_is_tested_nor_tested_twice_on_a_path(
    scheme: str, folds: int, tested: int, purge: int, embargo: int, bars: int
) -> None:
    calendar = np.sort(np.random.default_rng(bars).choice(2_000, bars, replace=False)).astype(np.int64) * DAY
    keys: dict[str, Any] = {"scheme": scheme, "purge": purge}
    if scheme in ("rolling", "anchored"):
        keys |= {"train": bars // 4, "test": max(1, bars // 10)}
    else:
        assume(tested < folds)
        keys |= {"folds": folds, "embargo": embargo}
        keys |= {"test_folds": tested} if scheme == "combinatorial" else {}
    try:
        found = cut(calendar, **keys)
    except ConfigError:
        return
    places = {
        span.number: set(
            np.flatnonzero((calendar >= micros(span.start)) & (calendar < micros(span.end))).tolist()
        )
        for span in found.spans
    }
    for one in found.splits:
        held_out = set().union(*(places[n] for n in one.test))
        chosen_on = set().union(*(places[n] for n in one.train))
        assert held_out
        assert chosen_on
        gaps = {place - back for place in held_out for back in range(1, purge + 1)}
        gaps |= (
            {place + on for place in held_out for on in range(1, embargo + 1)} if "folds" in keys else set()
        )
        assert not chosen_on & (held_out | gaps)
    if scheme in ("rolling", "anchored"):
        tests = [span.number for span in found.spans if span.role == OUT_OF_SAMPLE]
        every = [place for number in tests for place in places[number]]
        assert len(every) == len(set(every))
    elif scheme == "kfold" and not purge and not embargo:
        assert set().union(*(places[one.test[0]] for one in found.splits)) == set(range(bars))
    assert len(found.splits) <= (comb(folds, tested) if scheme == "combinatorial" else bars)
    assert Splits.from_document(found.to_document()) == found


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("keys", "key", "reason"),
    [
        ({"train": "2y"}, "test", "missing"),
        ({"scheme": "kfold"}, "folds", "missing"),
        ({"scheme": "kfold", "folds": 5, "train": "2y"}, "train", "has none"),
        ({"scheme": "combinatorial", "folds": 5, "test_folds": 5}, "test_folds", "below folds"),
        ({"train": "2y", "test": "1y", "embargo": 5}, "embargo", "has none"),
        ({"train": "2 years", "test": "1y"}, "train", "90d"),
        ({"train": "2y", "test": 0}, "test", "more than 0"),
        ({"train": -5, "test": 3}, "train", "at least 0"),
        ({"train": 2.5, "test": 3}, "train", "number of bars"),
        ({"train": "2y", "test": "1y", "per": ["sector"]}, "per[0]", "symbol"),
    ],
)
def test_what_cannot_be_split_is_refused(keys: dict[str, Any], key: str, reason: str) -> None:
    document = {
        "name": "n",
        "strategy": "sma_cross",
        "symbols": ["A"],
        "timeframe": "1d",
        "walk_forward": keys,
    }
    with pytest.raises(ConfigError) as refused:
        parse_config(document, "test")
    ((named, why),) = refused.value.problems
    assert named == f"walk_forward.{key}"
    assert reason in why


@pytest.mark.parametrize(
    ("keys", "key", "reason"),
    [
        ({"train": "20y", "test": "1y"}, "train", "no split"),
        ({"train": "1y", "test": "1y", "step": "6mo"}, "step", "shorter than test"),
        ({"train": 2, "test": 2}, "test", "more than 1,000 splits"),
        ({"scheme": "combinatorial", "folds": 50, "test_folds": 5}, "test_folds", "splits, more than"),
        ({"train": 10, "test": 10, "purge": 10}, "purge", "nothing to choose on"),
    ],
)
def test_what_does_not_fit_the_bars_is_refused_by_its_key(
    keys: dict[str, Any], key: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        cut(**keys)
    ((named, why),) = refused.value.problems
    assert named == f"walk_forward.{key}"
    assert reason in why


def test_a_configuration_with_a_walk_forward_reads_back_as_it_was() -> None:
    keys = {"scheme": "combinatorial", "folds": 6, "test_folds": 2, "purge": "5d", "per": []}
    document = {
        "name": "n",
        "strategy": "sma_cross",
        "symbols": ["A"],
        "timeframe": "1d",
        "walk_forward": keys,
    }
    config = parse_config(document, "test")
    assert parse_config(config.to_document(), "test") == config

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.bars.errors import MixedBarsError
from sweeps.bars.merging import changed_bars, merge

DAY = 86_400_000_000
days = st.sets(st.integers(0, 40), min_size=1).map(sorted)
flags = st.booleans()


def as_dict(bars):
    names = ("open", "high", "low", "close", "volume", *bars.extra)
    return {int(time): {name: float(bars[name][at]) for name in names} for at, time in enumerate(bars.time)}


@given(old=days, new=days, old_has=flags, new_has=flags)
def test_a_merge_is_a_dictionary_update(make_bars, old, new, old_has, new_has):
    def make(slots, seed, has):
        extra = {"oi": np.arange(len(slots)) + 100.0 * seed} if has else {}
        return make_bars(np.array(slots) * DAY, seed=seed, extra=extra)

    existing, fresh = make(old, 1, old_has), make(new, 2, new_has)
    expected = as_dict(existing)
    for time, bar in as_dict(fresh).items():
        expected[time] = expected.get(time, {}) | bar
    merged = merge(existing, fresh)
    assert list(merged.time) == sorted(expected)
    for time, bar in as_dict(merged).items():
        for name, value in bar.items():
            assert value == expected[time].get(name, value) or np.isnan(value)
            assert np.isnan(value) == (name not in expected[time])
    added, changed = changed_bars(existing, merged)
    assert added == len(set(new) - set(old))
    assert changed == len(set(new) & set(old))


@given(slots=days)
def test_merging_the_same_bars_changes_nothing(make_bars, slots):
    bars = make_bars(np.array(slots) * DAY)
    again = merge(bars, bars)
    assert again.fingerprint() == bars.fingerprint() == merge(None, bars).fingerprint()
    assert changed_bars(bars, again) == (0, 0)


@given(slots=days, cut=st.integers(0, 40))
def test_parts_merge_to_the_whole_in_any_order(make_bars, slots, cut):
    whole = make_bars(np.array(slots) * DAY)
    head, tail = whole.cut(cut), whole.between(cut, len(whole))
    for one, other in ((head, tail), (tail, head)):
        assert merge(one, other).fingerprint() == whole.fingerprint()


def test_a_correction_changes_the_fingerprint(make_bars):
    bars = make_bars(np.arange(5) * DAY)
    corrected = make_bars([2 * DAY], seed=9)
    merged = merge(bars, corrected)
    assert merged.fingerprint() != bars.fingerprint()
    assert changed_bars(bars, merged) == (0, 1)


def test_periods_a_year_are_inferred_from_all_bars(make_bars):
    workdays = make_bars(np.array([4, 5, 6, 7, 8]) * DAY)
    weekend = make_bars(np.array([9, 10]) * DAY)
    assert merge(workdays, weekend).periods_per_year == 365


def test_adjusted_and_raw_bars_do_not_mix(make_bars):
    with pytest.raises(
        MixedBarsError, match="price is adjusted in the bars so far and not adjusted in the new"
    ):
        merge(make_bars([0], adjusted=True), make_bars([DAY]))


def test_bars_of_two_zones_do_not_mix(make_bars):
    with pytest.raises(MixedBarsError, match="time zone is UTC in the bars so far and Asia/Kolkata"):
        merge(make_bars([0]), make_bars([DAY], session_tz="Asia/Kolkata"))

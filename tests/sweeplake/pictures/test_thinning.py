"""A thinned curve looks like the whole one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sweeplake.pictures.thinning import changes, extremes

VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=400)


@given(VALUES, st.integers(2, 60))
def test_the_ends_and_the_extremes_stay(given_values: list[float], most: int) -> None:
    values = np.array(given_values, dtype=np.float64)
    kept = extremes(values, most)
    assert len(kept) <= most + 2
    assert (np.diff(kept) > 0).all()
    if len(values):
        assert (kept[0], kept[-1]) == (0, len(values) - 1)
    if np.isfinite(values).any():
        assert np.nanmin(values[kept]) == np.nanmin(values)
        assert np.nanmax(values[kept]) == np.nanmax(values)


@given(VALUES, st.integers(2, 60))
def test_every_stretch_has_its_own_extremes(given_values: list[float], most: int) -> None:
    values = np.array(given_values, dtype=np.float64)
    if len(values) <= most:
        assert extremes(values, most).tolist() == list(range(len(values)))
        return
    kept = set(extremes(values, most).tolist())
    width = -(-len(values) // (most // 2))
    for first in range(0, len(values), width):
        stretch = [(value, at) for at, value in enumerate(given_values[first : first + width], first)]
        known = [(value, at) for value, at in stretch if value == value]  # noqa: PLR0124  NaN is not itself
        for found in (min, max):
            if known:
                assert any(at in kept for value, at in known if value == found(known)[0])


@given(st.lists(st.sampled_from([0.0, 1.0, -1.0]), min_size=1, max_size=100))
def test_steps_can_be_drawn_from_their_changes(given_values: list[float]) -> None:
    values = np.array(given_values)
    at = changes(values)
    assert at[-1] == len(values) - 1
    held = values[at][np.searchsorted(at, np.arange(len(values)), side="right") - 1]
    assert (held == values).all()


def test_nothing_has_no_points() -> None:
    assert extremes(np.array([])).size == changes(np.array([])).size == 0


def test_steps_that_change_too_often_keep_their_extremes() -> None:
    values = np.where(np.arange(1000) % 2, 1.0, -1.0)
    at = changes(values, 100)
    assert len(at) <= 102
    assert set(values[at]) == {1.0, -1.0}

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.spec.axes import Axis, expand, read_axis
from sweeps.spec.errors import AxisError
from sweeps.spec.ranges import StepRange
from sweeps.spec.rules import Numbers, Texts


def values(raw: Any, **rule: Any) -> list[Any]:
    return list(expand(read_axis(raw, "grid.x"), "grid.x", Numbers(**rule)))


def problems(raw: Any, **rule: Any) -> tuple[tuple[str, str], ...]:
    with pytest.raises(AxisError) as caught:
        values(raw, **rule)
    return caught.value.problems


def test_a_range_counts_in_decimal_and_includes_its_stop() -> None:
    assert values({"start": 0, "stop": 0.3, "step": 0.1}) == [0.0, 0.1, 0.2, 0.3]
    assert values({"start": 5, "stop": 60, "step": 5}, whole=True) == list(range(5, 61, 5))
    assert values({"start": 1, "stop": 2, "step": 0.4}) == [1.0, 1.4, 1.8]
    assert values({"start": -0.2, "stop": 0, "step": 0.1}) == [-0.2, -0.1, 0.0]


def test_a_range_of_whole_numbers_stays_whole() -> None:
    assert list(map(type, StepRange(1, 2, 1).values())) == [int, int]


def test_a_counted_range_is_even_on_its_scale() -> None:
    assert values({"start": 0, "stop": 1, "num": 5}) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert values({"start": 0.001, "stop": 1000, "num": 7, "scale": "log"}) == [
        0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0,
    ]  # fmt: skip
    assert values({"start": 3, "stop": 3, "num": 1}) == [3.0]


def test_a_counted_range_of_whole_numbers_is_rounded_each_once() -> None:
    # 1, 1.47, 2.15, 3.16, 4.64, 6.81, 10
    assert values({"start": 1, "stop": 10, "num": 7, "scale": "log"}, whole=True) == [1, 2, 3, 5, 7, 10]


@given(
    st.decimals("-1000", "1000", places=4),
    st.decimals("0.0001", "10", places=4),
    st.integers(0, 200),
)
def test_every_value_of_a_range_is_the_float_nearest_its_decimal(
    start: Decimal, step: Decimal, n: int
) -> None:
    stop = start + step * n
    found = values({"start": float(start), "stop": float(stop), "step": float(step)})
    assert found == [float(start + step * k) for k in range(n + 1)]


@given(st.floats(0.01, 100), st.floats(1.1, 100), st.integers(2, 60), st.sampled_from(["linear", "log"]))
def test_a_counted_range_ascends_from_start_to_stop(start: float, ratio: float, num: int, scale: str) -> None:
    found = values({"start": start, "stop": start * ratio, "num": num, "scale": scale})
    assert (found[0], found[-1], len(found)) == (start, start * ratio, num)
    assert found == sorted(found)
    expected = (np.geomspace if scale == "log" else np.linspace)(start, start * ratio, num)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("raw", "key", "reason"),
    [
        ([], "grid.x", "empty"),
        ({"start": 5, "stop": 1, "step": 1}, "grid.x", "empty: stop 1 is below start 5; swap them"),
        ({"start": 1, "stop": 5, "step": 0}, "grid.x.step", "must be above 0"),
        ({"start": 1, "stop": 5, "step": -1}, "grid.x.step", "must be above 0"),
        ({"start": 0, "stop": 1e12, "step": 1e-6}, "grid.x", "would make 1,000,000,000,000,000,001 values"),
        ({"start": 1, "stop": 5, "stp": 1}, "grid.x.stp", 'did you mean "stop"?'),
        ({"start": 1, "stop": 5, "step": 1, "num": 3}, "grid.x.step", "either step or num"),
        ({"start": 1, "stop": 5, "num": 0}, "grid.x.num", "must be at least 1"),
        ({"start": 1, "stop": 5, "num": 1}, "grid.x.num", "cannot include both"),
        ({"start": 5, "stop": 5, "num": 3}, "grid.x", "set num = 1"),
        ({"start": 0, "stop": 5, "num": 3, "scale": "log"}, "grid.x", "needs start and stop above 0"),
        ({"start": 1, "stop": 5, "num": 3, "scale": "lg"}, "grid.x.scale", 'did you mean "log"?'),
        ({"start": "a", "stop": 5, "step": 1}, "grid.x.start", 'expected a number, got "a"'),
        ([1, 2, 1.0], "grid.x", "1.0 appears twice; remove one"),
        ([1, "a"], "grid.x[1]", 'expected a number, got "a"'),
        ([1, True], "grid.x[1]", "expected a number, got true"),
        ([1, float("inf")], "grid.x[1]", "is not finite"),
        (10**400, "grid.x", "got a whole number beyond 2**53"),
        (None, "grid.x", "expected a value, a list or a range"),
    ],
)
def test_what_is_no_axis_is_refused_by_key(raw: Any, key: str, reason: str) -> None:
    found = dict(problems(raw))
    assert reason in found[key]


def test_whole_numbers_are_cast_and_halves_refused() -> None:
    (five,) = values(5.0, whole=True)
    assert (five, type(five)) == (5, int)
    assert problems([5.5], whole=True) == (("grid.x[0]", "expected a whole number, got 5.5"),)
    assert problems(2**53 + 1, whole=True)[0][1].startswith("expected a whole number within 2**53")


def test_off_is_none_where_it_is_allowed() -> None:
    assert values(["off", 1], off=True) == [None, 1.0]
    assert problems(["off"]) == (("grid.x[0]", 'expected a number, got "off"'),)


def test_an_axis_gives_its_columns() -> None:
    axis = Axis(("kind", "value"), (("all_in", None), ("cash", 5.0)), "execution", ("text", "float"))
    assert len(axis) == 2
    assert axis.column("value") == (None, 5.0)
    np.testing.assert_array_equal(axis.array("value"), [np.nan, 5.0])
    assert axis.array("kind").tolist() == ["all_in", "cash"]


def test_a_text_outside_its_choices_names_the_nearest() -> None:
    with pytest.raises(
        AxisError, match=r'x: expected one of "long", "both", got "bth"; did you mean "both"?'
    ):
        expand("bth", "x", Texts(("long", "both")))

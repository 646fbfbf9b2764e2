import math
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.bars.parsing.decimals import parse_numbers


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.sampled_from(["", "x", "1"]))
def test_numbers_are_read_as_python_reads_them(numbers, company):
    """Company that is no number sends the column through the careful path."""
    values, bad = parse_numbers(pa.array([*map(repr, numbers), company]))
    assert values[:-1].tolist() == numbers
    assert not bad[:-1].any()


@pytest.mark.parametrize("text", ["", "-", "nan", "NaN", "null", "None", "N/A", "#n/a"])
def test_an_empty_cell_is_missing_and_not_bad(text):
    values, bad = parse_numbers(pa.array(["1", text, "x"]))
    assert math.isnan(values[1])
    assert bad.tolist() == [False, False, True]


@pytest.mark.parametrize("text", ["ten", "1,234.5", "1.2.3", "--1", "0x10", "1e", "$5"])
def test_what_is_no_number_is_bad(text):
    values, bad = parse_numbers(pa.array(["1", text]))
    assert math.isnan(values[1])
    assert bad.tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "number"), [("+1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1E3", 1000.0), ("-inf", -math.inf)]
)
def test_unusual_spellings_are_read(text, number):
    assert parse_numbers(pa.array([text, "x"]))[0][0] == number


@pytest.mark.parametrize(
    "cells", [pa.array([1, None, 3]), pa.array([1.0, np.nan, 3.0]), pa.array([Decimal(1), None, Decimal(3)])]
)
def test_typed_numbers_are_taken_as_they_are(cells):
    values, bad = parse_numbers(cells)
    assert values[[0, 2]].tolist() == [1, 3]
    assert math.isnan(values[1])
    assert not bad.any()


def test_flags_are_no_numbers():
    assert parse_numbers(pa.array([True, False]))[1].all()

"""Sorting: the same rows in order, whatever the memory."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake import sorting
from lake.sorting import NoRoomToSortError, Sorter


def as_they_are(rows: pa.Table) -> pa.Table:
    return rows.select(sorted(rows.column_names))


def ordered(parts: list[pa.Table], held_bytes: int, keys: tuple[str, ...] = ("key", "at")) -> pa.Table:
    with Sorter(keys, held_bytes, as_they_are) as sorter:
        for part in parts:
            sorter.add(part)
        return pa.concat_tables(sorter.pieces())


PARTS = st.lists(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c", "", "ä"]), st.integers(0, 9)), max_size=20),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(PARTS, st.sampled_from([1, 200, 1 << 20]))
def test_rows_are_in_order_and_none_is_lost(parts: list[list[tuple[str | None, int]]], held: int) -> None:
    tables = [
        pa.table(
            {
                "key": pa.array([key for key, _ in part], pa.string()),
                "at": pa.array([at for _, at in part], pa.int64()),
            }
        )
        for part in parts
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "SPILLED_ROWS", 3)
        found = [(row["key"], row["at"]) for row in ordered(tables, held).to_pylist()]
    expected = sorted(
        (row for part in parts for row in part), key=lambda row: (row[0] is None, row[0] or "", row[1])
    )
    assert found == expected


def test_what_is_put_aside_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rows = pa.table(
        {"key": [f"{k:05}" for k in np.random.default_rng(0).permutation(50_000)], "at": range(50_000)}
    )
    parts = [rows.slice(start, 5_000) for start in range(0, 50_000, 5_000)]
    with Sorter(("key",), rows.nbytes // 5, as_they_are) as sorter:
        for part in parts:
            sorter.add(part)
        assert any(tmp_path.iterdir())
        found = pa.concat_tables(sorter.pieces())["key"].to_pylist()
    assert found == sorted(found)
    assert len(set(found)) == 50_000
    assert not any(tmp_path.iterdir())


def test_parts_with_other_columns_share_the_union() -> None:
    parts = [pa.table({"key": ["b"], "x": [1]}), pa.table({"key": ["a"], "y": [2]})]
    for held in (1, 1 << 20):
        assert ordered(parts, held, ("key",)).to_pylist() == [
            {"key": "a", "x": None, "y": 2},
            {"key": "b", "x": 1, "y": None},
        ]


def test_a_temporary_folder_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("lake.sorting.pa.OSFile", lambda *_: open("/dev/full", "wb", buffering=0))  # noqa: SIM115, PTH123
    rows = pa.table({"k": ["a", "b"], "n": [1, 2]})
    with (
        Sorter(["k"], 1, lambda table: table) as sorter,
        pytest.raises(NoRoomToSortError, match="TMPDIR") as told,
    ):
        sorter.add(rows)
    assert str(tmp_path) in str(told.value)
    assert "No space left" in str(told.value)

"""Compaction: rows and only rows stay, whoever is beside it and whatever dies."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.commits import commit
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.encoding import ROW_GROUP_ROWS
from lake.lake import Lake, open_lake
from lake.writer import write_rows
from tests.lake.tables import DAY, files_of, filled, metrics, rows_of, write

SMALL = CompactionSettings(target_bytes=60_000, held_bytes=100_000)


def test_small_files_become_few_sorted_dense_ones_with_the_same_rows(lake: Lake) -> None:
    filled(lake, [300, 1, 0, 500, 40, 700])
    before = rows_of(lake)
    report = compact_table(lake, "metrics", SMALL)
    assert rows_of(lake) == before
    assert (len(report.rewritten), report.damaged, report.overtaken) == (6, (), 0)
    files = lake.snapshot(["metrics"])["metrics"].files
    assert report.files_after == len(files) < 6
    assert report.bytes_after == sum(file.size_bytes for file in files) < report.bytes_before
    in_order = sorted(files, key=lambda file: file.minimum["run_id"])
    last = ""
    for file in in_order:
        found = pq.read_table(f"{lake.url}/metrics/{file.path}", partitioning=None)["run_id"].to_pylist()
        assert found == sorted(found)
        assert (found[0], found[-1]) == (file.minimum["run_id"], file.maximum["run_id"])
        assert found[0] > last
        last = found[-1]


def test_a_second_compaction_does_nothing(lake: Lake) -> None:
    filled(lake, [400] * 9)
    compact_table(lake, "metrics", SMALL)
    files = files_of(lake)
    assert compact_table(lake, "metrics", SMALL).rewritten == ()
    assert files_of(lake) == files


def test_a_closed_month_becomes_one_partition(lake: Lake) -> None:
    filled(lake, [50, 60, 70], ["2026-01-05", "2026-01-20", "2026-02-10"])
    before = rows_of(lake, without=["date"])
    compact_table(lake, "metrics", SMALL, months_before=date(2026, 2, 1))
    assert rows_of(lake, without=["date"]) == before
    days = {file.partition["date"]: file.rows for file in lake.snapshot(["metrics"])["metrics"].files}
    assert days == {"2026-01-01": 110, "2026-02-10": 70}
    assert compact_table(lake, "metrics", SMALL, months_before=date(2026, 2, 1)).rewritten == ()


def test_rows_of_every_table_survive(lake: Lake) -> None:
    for place in range(5):
        keys = {"sweep_id": ["w"] * 3, "run_id": [f"{place}a", f"{place}b", None]}
        for table, partition in (("removals", {}), ("failures", {"date": "2026-01-02"}), ("details", DAY)):
            commit(lake, table, [write_rows(lake.storage, table, pa.table(keys), partition, quick=True)])
        curve = pa.table({**keys, "equity": [1.0 / (place + 1), None, -0.0]})
        commit(lake, "equity", [write_rows(lake.storage, "equity", curve, DAY, quick=True)])
    for table in ("removals", "failures", "details", "equity"):
        before = rows_of(lake, table)
        assert len(compact_table(lake, table, SMALL).rewritten) == 5
        assert rows_of(lake, table) == before
        assert len(files_of(lake, table)) == 1


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.lists(st.integers(0, 200), min_size=1, max_size=8),
    held=st.sampled_from([1, 20_000, 1 << 20]),
    target=st.sampled_from([1, 20_000, 1 << 20]),
)
def test_random_tables_keep_their_rows(
    tmp_path_factory: Any, counts: list[int], held: int, target: int
) -> None:
    lake = open_lake(str(tmp_path_factory.mktemp("lake")))
    filled(lake, counts, ["2026-01-05", "2026-01-20"])
    before = rows_of(lake, without=["date"])
    compact_table(lake, "metrics", CompactionSettings(target_bytes=target, held_bytes=held))
    compact_table(
        lake, "metrics", CompactionSettings(target, held_bytes=held), months_before=date(2026, 2, 1)
    )
    assert rows_of(lake, without=["date"]) == before


def test_large_rewrites_are_cut_into_files_of_about_one_size(lake: Lake) -> None:
    many = [metrics(ROW_GROUP_ROWS // 2, seed) for seed in (0, 2, 4, 6, 8, 10, 12)]
    commit(lake, "metrics", write(lake, many))
    rows = sum(table.num_rows for table in many)
    size = sum(file.size_bytes for file in lake.snapshot(["metrics"])["metrics"].files)
    compact_table(lake, "metrics", CompactionSettings(target_bytes=size // 4, held_bytes=20 << 20))
    files = lake.snapshot(["metrics"])["metrics"].files
    assert sum(file.rows for file in files) == rows
    assert len(files) > 1
    assert min(file.size_bytes for file in files) >= size // 8


@pytest.mark.parametrize("harm", ["flipped", "truncated", "gone"])
def test_a_damaged_file_stops_its_partition_alone_and_is_named(lake: Lake, harm: str) -> None:
    filled(lake, [50] * 8, ["2026-01-05", "2026-01-06"])
    bad = min(path for path in files_of(lake) if "01-05" in path)
    place = Path(lake.url, "metrics", bad)
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(bytes(data[: len(data) // 2] if harm == "truncated" else data))
    if harm == "gone":
        place.unlink()
    report = compact_table(lake, "metrics", SMALL)
    (error,) = report.damaged
    assert bad in str(error)
    assert "sweeplake check" in str(error)
    assert bad in files_of(lake)
    assert sum("01-05" in path for path in files_of(lake)) == 4
    assert sum("01-06" in path for path in files_of(lake)) == 1

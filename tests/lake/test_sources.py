"""Sources: the rows that were written, or an error that names the file."""

import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.copying import KEYS, batches
from lake.encoding import ROW_GROUP_ROWS
from lake.lake import Lake
from lake.snapshot import DataFile
from lake.sources import DamagedFileError, verified_rows
from tests.lake.tables import files_of, filled, metrics


def test_rows_come_file_by_file_in_order(lake: Lake) -> None:
    filled(lake, [3, 0, 7] * 6)
    files = lake.snapshot(["metrics"])["metrics"].files
    assert [rows.num_rows for rows in verified_rows(lake.storage, "metrics", files)] == [
        file.rows for file in files
    ]
    assert list(verified_rows(lake.storage, "metrics", [])) == []


def test_a_large_file_comes_by_row_groups(lake: Lake) -> None:
    filled(lake, [ROW_GROUP_ROWS + 5])
    (file,) = lake.snapshot(["metrics"])["metrics"].files
    parts = list(verified_rows(lake.storage, "metrics", [file]))
    assert [part.num_rows for part in parts] == [ROW_GROUP_ROWS, 5]
    expected = metrics(ROW_GROUP_ROWS + 5, 0).sort_by("run_id")
    assert pa.concat_tables(parts)["run_id"].to_pylist() == expected["run_id"].to_pylist()


def test_a_row_count_that_is_not_the_log_s_is_told(lake: Lake) -> None:
    filled(lake, [5])
    (file,) = lake.snapshot(["metrics"])["metrics"].files
    with pytest.raises(DamagedFileError, match="5 rows, the log says 6") as raised:
        list(verified_rows(lake.storage, "metrics", [replace(file, rows=6)]))
    assert raised.value.path in files_of(lake)


@pytest.mark.parametrize(
    ("stored", "wrong"),
    [
        ({"sweep_id": ["s"], "run": ["r"]}, "it has no column run_id"),
        ({"sweep_id": ["s"], "run_id": [1]}, "its column run_id is int64, not string"),
    ],
)
def test_a_footer_with_other_columns_is_damage(
    lake: Lake, stored: dict[str, list[object]], wrong: str
) -> None:
    """No checksum covers a footer: one flipped bit gives a column another name, or another type."""
    data = io.BytesIO()
    pq.write_table(pa.table(stored), data)
    lake.storage.put("metrics/a.parquet", data.getvalue())
    file = DataFile("a.parquet", len(data.getvalue()), 1, {}, "", {}, {})
    with pytest.raises(DamagedFileError, match=wrong):
        list(batches(lake.storage, "metrics", file, KEYS))

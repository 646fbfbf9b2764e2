"""Storage: rows, files and bytes by table and by sweep, files of several sweeps shared by rows."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from lake.commits import commit
from lake.lake import Lake
from lake.usage import bytes_by_sweep, bytes_by_table
from lake.writer import write_rows
from queries.catalog import Catalog
from queries.confine import ConfinedCatalog
from queries.errors import FileUnreadableError
from tests.queries.conftest import put_sweep, run_rows

SYMBOL = "a%b/ü"


def _put(lake: Lake, *sweeps: str) -> int:
    """Commit one file with a run of each of these sweeps; return its bytes."""
    parts = [run_rows(sweep, [f"{sweep}-{place}"], {}) for place, sweep in enumerate(sweeps)]
    rows = pa.concat_tables(parts)
    partition = {"strategy": "cross", "symbol": SYMBOL, "date": "2026-01-02"}
    receipt = write_rows(lake.storage, "metrics", rows, partition)
    commit(lake, "metrics", [receipt])
    return receipt.size_bytes


def _metrics(catalog: Catalog) -> Mapping[str, tuple[int, ...]]:
    rows = catalog.rows("select * exclude (table_name) from sweep_storage where table_name = 'metrics'")
    return {row.pop("sweep_id"): tuple(row.values()) for row in rows}


def test_a_file_of_several_sweeps_counts_for_each_by_its_rows(lake: Lake) -> None:
    put_sweep(lake, "s1", "cross")
    own, both = _put(lake, "s1", "s1"), _put(lake, "s1", "s2", "s2", "s2")
    with Catalog(lake) as catalog:
        found = _metrics(catalog)
        assert found == {
            "s1": (2, 1, 3, pytest.approx(own + both / 4, abs=1)),
            "s2": (1, 1, 3, pytest.approx(both * 3 / 4, abs=1)),
        }
        [metrics] = catalog.rows("from storage where table_name = 'metrics'")
        assert metrics == {"table_name": "metrics", "files": 2, "row_count": 6, "size_bytes": own + both}
        with ConfinedCatalog(catalog.snapshot) as confined:
            assert confined.arrow("from sweep_storage").num_rows == 3


def test_it_agrees_with_what_retention_counts(catalog: Catalog) -> None:
    tables = {row["table_name"]: row["size_bytes"] for row in catalog.rows("from storage")}
    expected = bytes_by_table(catalog.snapshot)
    assert tables == {name: size for name, size in expected.items() if size}
    sweeps = {
        (row["table_name"], row["sweep_id"]): row["size_bytes"] for row in catalog.rows("from sweep_storage")
    }
    for table, filled in bytes_by_sweep(catalog.snapshot).items():
        assert {sweep: sweeps[table, sweep] for sweep in filled} == pytest.approx(filled, abs=1)


def test_no_file_of_one_sweep_is_read(lake: Lake) -> None:
    """The file is damaged, and nobody notices."""
    _put(lake, "s1", "s1")
    _put(lake, "s2")
    with Catalog(lake) as catalog:
        for file in catalog.snapshot["metrics"].files:
            Path(lake.storage.uri(f"metrics/{file.path}")).write_bytes(b"not Parquet")
        assert {sweep: counts[:3] for sweep, counts in _metrics(catalog).items()} == {
            "s1": (1, 0, 2),
            "s2": (1, 0, 1),
        }


def test_a_damaged_file_of_several_sweeps_stops_nobody_who_does_not_ask(lake: Lake) -> None:
    _put(lake, "s1", "s2")
    _put(lake, "s1")
    _, shared = lake.snapshot()["metrics"].files  # every opening reads the first one's footer
    assert shared.rows == 2
    Path(lake.storage.uri(f"metrics/{shared.path}")).write_bytes(b"not Parquet")
    with Catalog(lake) as catalog:
        assert catalog.rows("select files from storage") == [{"files": 2}]
        with pytest.raises(FileUnreadableError):
            catalog.rows("from sweep_storage")


def test_an_empty_lake_stores_nothing(lake: Lake) -> None:
    lake.create()
    with Catalog(lake) as catalog:
        assert catalog.rows("from storage") == catalog.rows("from sweep_storage") == []

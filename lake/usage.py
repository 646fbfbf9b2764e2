"""Usage: how many bytes of each table a sweep fills."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow.compute as pc

from lake.copying import batches
from lake.schemas import COMMIT_ORDER
from lake.snapshot import DataFile, Snapshot


def bytes_by_sweep(
    snapshot: Snapshot, tables: Sequence[str] = COMMIT_ORDER
) -> dict[str, Mapping[str, float]]:
    """Return, by table, the bytes of each sweep; a file of several sweeps counts by its rows.

    Of such files one column is read, batch by batch.
    """
    found: dict[str, Mapping[str, float]] = {}
    for table in tables:
        filled: Counter[str] = Counter()
        for file in snapshot[table].files:
            for sweep, rows in _rows(snapshot, table, file).items():
                filled[sweep] += file.size_bytes * rows / file.rows  # type: ignore[assignment]
        found[table] = filled
    return found


def bytes_by_table(snapshot: Snapshot) -> dict[str, int]:
    """Return the bytes of all files that a snapshot shows; what vacuum has yet to take is not among them."""
    return {name: sum(file.size_bytes for file in table.files) for name, table in snapshot.tables.items()}


def _rows(snapshot: Snapshot, table: str, file: DataFile) -> Mapping[str, int]:
    low, high = file.minimum.get("sweep_id"), file.maximum.get("sweep_id")
    if low is not None and low == high:
        return {low: file.rows}
    rows: Counter[str] = Counter()
    for batch in batches(snapshot.storage, table, file, ["sweep_id"]):
        for counted in pc.value_counts(batch.column("sweep_id")).to_pylist():
            rows[counted["values"]] += counted["counts"]
    return rows

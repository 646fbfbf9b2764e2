"""Listing: the ids of the runs that a removal takes out, line by line, by the masks that take them out."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import Choice
from lake.copying import KEYS, batches
from lake.removal import Removal
from lake.snapshot import DataFile
from lake.storage import Storage

Ids = Mapping[str, list[str]]
"""Run ids by sweep, both sorted."""

LISTED: Final = ("metrics", "details", "failures")
"""Tables whose rows are runs: those that go, those whose trades and equity go, and failed ones that go."""

_NAMES: Final = {"metrics": "runs", "details": "details", "failures": "failures"}


def listed(storage: Storage, removal: Removal) -> dict[str, dict[str, Ids]]:
    """Return the ids that go by each line: of runs, details and failures, by sweep; one that is empty is {}.

    Reads the keys of the files that lose rows, each once. Memory is that of the ids.

    Raises:
        DamagedFileError: If a file cannot be read.
    """
    found: dict[str, dict[str, dict[str, set[str]]]] = {
        line: {name: {} for name in _NAMES.values()}
        for line in dict.fromkeys(choice.line for choice in removal.choices)
    }
    for table in LISTED:
        choices = [choice for choice in removal.choices if choice.concerns(table)]
        for loss in removal.losses.get(table, ()):
            for choice, keys in _taken(storage, table, loss.file, choices):
                held = found[choice.line][_NAMES[table]]
                for sweep, runs in _by_sweep(keys).items():
                    held.setdefault(sweep, set()).update(runs)
    return {
        line: {
            name: {sweep: sorted(runs) for sweep, runs in sorted(held.items())} for name, held in of.items()
        }
        for line, of in found.items()
    }


def _taken(
    storage: Storage, table: str, file: DataFile, choices: list[Choice]
) -> list[tuple[Choice, pa.RecordBatch]]:
    """Return the keys of a file that each choice takes out; a row that several name is the first one's."""
    parts = []
    for rows in batches(storage, table, file, KEYS):
        left = rows
        for choice in choices:
            mask = choice.mask(left)
            if mask.true_count:
                parts.append((choice, left.filter(mask)))
                left = left.filter(pc.invert(mask))
    return parts


def _by_sweep(keys: pa.RecordBatch) -> dict[str, list[str]]:
    groups = pa.Table.from_batches([keys]).group_by("sweep_id").aggregate([("run_id", "distinct")])
    return {row["sweep_id"]: row["run_id_distinct"] for row in groups.to_pylist()}

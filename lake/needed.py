"""Needed: files that no version of a table has to name, and that yet must stay, for the sake of sweeps."""

import json
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.compute as pc

from lake.copying import batches
from lake.journal import Journal
from lake.lake import Lake
from lake.pending import unfinished
from lake.removal_log import attempts, named_sweeps
from lake.schemas import COMMIT_ORDER
from lake.snapshot import delta_table
from lake.sweep_log import FINISHED, FINISHED_WITH_FAILURES, REMOVED
from lake.unsettled import behind

READERS = 8


def ended_sweeps(lake: Lake, journals: Collection[str]) -> tuple[set[str], set[str]]:
    """Return which of some sweeps have nothing left to resume, as all is committed; and which are removed."""
    states = _newest_states(lake, ["status"])
    status = {sweep_id: states[sweep_id]["status"] for sweep_id in journals if sweep_id in states}
    removed = {sweep_id for sweep_id, held in status.items() if held == REMOVED}
    finished = [sweep_id for sweep_id, held in status.items() if held in (FINISHED, FINISHED_WITH_FAILURES)]
    with ThreadPoolExecutor(READERS) as readers:
        left = readers.map(lambda sweep_id: behind(lake, sweep_id), finished)
        whole = {sweep_id for sweep_id, tables in zip(finished, left, strict=True) if not tables}
    return removed | whole, removed


def unfinished_files(lake: Lake, unended: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield table and path of every file that a journal names and its table has not committed.

    A journal that lost parts is read as far as it is there: nobody goes on with it.
    """
    handles = {name: delta_table(lake.storage, name) for name in COMMIT_ORDER}
    for sweep_id in sorted(unended):
        steps = {name: handle.transaction_version(sweep_id) for name, handle in handles.items() if handle}
        for batch in Journal(lake, sweep_id).held_batches():
            for file in batch.files:
                if (steps.get(file.table) or 0) < batch.step:
                    yield file.table, file.path


def taken_and_pending(lake: Lake) -> Iterator[tuple[str, str]]:
    """Yield table and path of every file that a removal took out which has not ended: an undo may need it."""
    for record in unfinished(lake):
        for attempt in attempts(lake, record):
            yield from ((attempt.table, file.path) for file in (*attempt.dropped, *attempt.rewritten))


def followed_from(lake: Lake) -> dict[str, int]:
    """Return, by table, from which version on whoever ends a removal that has not ended reads the log."""
    found: dict[str, int] = {}
    for record in unfinished(lake):
        for attempt in attempts(lake, record):
            found[attempt.table] = min(attempt.base + 1, found.get(attempt.table, attempt.base + 1))
    return found


def read_by_sweeps(lake: Lake, old: Collection[str]) -> set[str]:
    """Return the files of bars that sweeps read of which anything is left, or which may be brought back.

    Args:
        lake: The lake.
        old: Files that are asked for; the fewer, the less is read.
    """
    named = named_sweeps(lake)
    needed, removed = set[str](), dict[str, set[str]]()
    for sweep_id, state in _newest_states(lake, ["status", "bars"]).items():
        symbols = json.loads(state["bars"] or "{}").values()
        files = {path for symbol in symbols for path in symbol["files"] if path in old}
        if state["status"] != REMOVED or sweep_id in named:
            needed |= files
        else:
            removed[sweep_id] = files
    asked = {sweep_id for sweep_id, files in removed.items() if files - needed}
    return needed.union(*(removed[sweep_id] for sweep_id in _with_runs(lake, asked)))


def _with_runs(lake: Lake, removed: Collection[str]) -> set[str]:
    """Return which of some sweeps that were removed have runs yet: pinned ones."""
    left, found = set(removed), set[str]()
    for file in lake.snapshot(["metrics"])["metrics"].files if left else ():
        low, high = file.minimum.get("sweep_id"), file.maximum.get("sweep_id")
        if low is None or high is None or any(low <= sweep_id <= high for sweep_id in left):
            for rows in batches(lake.storage, "metrics", file, ["sweep_id"]):
                found |= left.intersection(pc.unique(rows["sweep_id"]).to_pylist())
            left -= found
    return found


def _newest_states(lake: Lake, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = lake.snapshot(["sweeps"]).read("sweeps", columns=["sweep_id", "at", *columns])
    return {row["sweep_id"]: row for row in rows.sort_by("at").to_pylist()}

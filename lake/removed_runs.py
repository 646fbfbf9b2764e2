"""Removed runs: which removal took a run, told by the files that it took out, while they lie there."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow.compute as pc

from lake.choices import Choice
from lake.copying import KEYS, batches
from lake.lake import Lake
from lake.receipts import FileReceipt
from lake.removal_log import Attempt, LogForgottenError, attempts, records
from lake.snapshot import DataFile
from lake.sources import DamagedFileError

_TABLES = ("metrics", "failures")


def removal_of_run(lake: Lake, run_id: str) -> tuple[datetime, str] | None:
    """Return when the last removal that took a run was planned, and by which line; None if none is known.

    One that was undone does not count. Reads the keys of the files whose bounds have the run, and no others.
    """
    for record in reversed([held for held in records(lake) if not held.undone]):
        choices = [choice for choice in record.choices if any(map(choice.concerns, _TABLES))]
        if choices:
            for attempt in attempts(lake, record):
                line = _line(lake, attempt, choices, run_id)
                if line is not None:
                    return record.at, line
    return None


def may_hold(file: FileReceipt, run_id: str) -> bool:
    """Return whether a file may have rows of a run, by its bounds."""
    low, high = file.bounds("run_id")
    return low is None or high is None or low <= run_id <= high


def _line(lake: Lake, attempt: Attempt, choices: Sequence[Choice], run_id: str) -> str | None:
    if attempt.table not in _TABLES:
        return None
    for file in (*attempt.dropped, *attempt.rewritten):
        if may_hold(file, run_id):
            line = _line_of_file(lake, file, choices, run_id)
            if line is not None:
                return line if _happened(lake, attempt) else None
    return None


def _line_of_file(lake: Lake, file: FileReceipt, choices: Sequence[Choice], run_id: str) -> str | None:
    there = DataFile(file.path, file.size_bytes, file.rows, file.partition, "", {}, {})
    try:
        for rows in batches(lake.storage, file.table, there, KEYS):
            own = rows.filter(pc.equal(rows.column("run_id"), run_id))
            for choice in choices:
                if choice.concerns(file.table) and choice.mask(own).true_count:
                    return choice.line
    except DamagedFileError:  # vacuum took it
        return None
    return None


def _happened(lake: Lake, attempt: Attempt) -> bool:
    try:
        return attempt.version(lake) is not None
    except LogForgottenError:  # the log no longer goes back that far
        return False

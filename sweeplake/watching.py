"""Watching sweeps that run, on whatever machine, by what they committed."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lake.ownership import silent_since
from lake.sweep_log import RUNNING
from queries.documents import status_document
from queries.sweep import paces, status

if TYPE_CHECKING:
    from sweeplake.lake import Lake


def sweeps_now(lake: "Lake", sweep_id: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of `status` of one sweep or of all, newest first, and how those get on that run.

    `rate` is runs a second since the last minute with results began, `eta_seconds` the time that the rest
    takes so, `silent_seconds` the time since its driver was heard of; all None for a sweep that does not run.
    """
    rows: list[dict[str, Any]] = status_document(status(lake.catalog, sweep_id))["sweeps"]
    now = datetime.now(UTC)
    rates = paces(lake.catalog, now, sweep_id) if any(row["status"] == RUNNING for row in rows) else {}
    for row in rows:
        rate = rates.get(row["sweep_id"])
        left = row["runs"] - row["done"] - row["failed"]
        heard = silent_since(lake.tables, row["sweep_id"]) if _is_watched(lake, row) else None
        row["rate"], row["eta_seconds"] = rate, left / rate if rate else None
        row["silent_seconds"] = None if heard is None else (now - heard).total_seconds()
    return rows


def _is_watched(lake: "Lake", row: dict[str, Any]) -> bool:
    return row["status"] == RUNNING and not lake.is_pinned

"""Watching sweeps that run, on whatever machine, by what they committed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lake.ownership import STALE_SECONDS, silent_since
from lake.sweep_log import RUNNING
from queries.documents import status_document
from queries.sweep import paces, status

if TYPE_CHECKING:
    from sweeplake.lake import Lake


def sweeps_now(lake: "Lake", sweep_id: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of `status` of one sweep or of all, newest first, and how those get on that run.

    `rate` is runs a second since the last minute with results began, `eta_seconds` the time that the rest
    takes so, `silent_seconds` as `silence` has it; all None for a sweep that does not run.
    """
    rows: list[dict[str, Any]] = status_document(status(lake.catalog, sweep_id))["sweeps"]
    now = datetime.now(UTC)
    rates = paces(lake.catalog, now, sweep_id) if any(row["status"] == RUNNING for row in rows) else {}
    for row in rows:
        rate = rates.get(row["sweep_id"])
        left = row["runs"] - row["done"] - row["failed"]
        row["rate"], row["eta_seconds"] = rate, left / rate if rate else None
        row["silent_seconds"] = silence(lake, row)
    return rows


def silence(lake: "Lake", sweep: Mapping[str, Any]) -> float | None:
    """Return the seconds since the last sign of life of the driver of a sweep that runs.

    None of a sweep that does not run, as its row of `status` says, and in a lake as it was earlier.
    """
    if sweep["status"] != RUNNING or lake.is_pinned:
        return None
    heard = silent_since(lake.tables, sweep["sweep_id"])
    return None if heard is None else max(0.0, (datetime.now(UTC) - heard).total_seconds())


def is_lost(silent: float | None) -> bool:
    """Say whether a driver that was silent for so many seconds is; None is one that nobody waits for."""
    return silent is not None and silent >= STALE_SECONDS

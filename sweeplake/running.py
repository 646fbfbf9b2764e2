"""Ingesting, planning, running and going on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lake.errors import LakeError
from sweeplake.lake import Lake
from sweeplake.opening import written
from sweeplake.sweep import Sweep
from sweeps.errors import SweepError
from sweeps.spec.config import ConfigError, SweepConfig, load_config, parse_config

if TYPE_CHECKING:
    from distributed import Client

    from sweeps.bars.ingest import IngestReport
    from sweeps.execution.driver import Outcome
    from sweeps.execution.estimate import Estimate
    from sweeps.execution.events import Observer
    from sweeps.execution.prepare import Prepared

ConfigSource: TypeAlias = str | Path | Mapping[str, Any] | SweepConfig
"""A configuration: its file, its document (as TOML parses), or the model."""

LakeSource: TypeAlias = Lake | str | Path | None
"""A lake, or its address; None is `$SWEEPLAKE_LAKE`, else var/lake."""


def ingest(
    files: str | Path | Sequence[str | Path] = (),
    *,
    lake: LakeSource = None,
    symbol: str | None = None,
    timeframe: str | None = None,
    source: str | None = None,
    tz: str = "UTC",
    resample_to: str | None = None,
    adjusted: bool | None = None,
    replace: bool = False,
) -> "list[IngestReport]":
    """Bring files of bars into the lake: all are checked first, then all are written, or none.

    Args:
        files: Files, later ones winning; for the demo source its symbols, by default four.
        lake: The lake; created by the first write.
        symbol: Symbol of all files; None: from a symbol column, else from each file's name.
        timeframe: Timeframe of all files; None: from the file's name, else the median step.
        source: csv, yfinance, binance, parquet or demo; None: by content.
        tz: Session time zone, in which times without an offset are read.
        resample_to: A coarser timeframe that the lake shall have too.
        adjusted: Whether prices are adjusted; None: as the source does.
        replace: Drop the bars that the lake has of these symbols and timeframe first.

    Returns:
        One report a symbol and timeframe: bars, added, changed, gaps, fingerprint.

    Raises:
        SweepError: If a file or an argument is wrong; a `BarsInvalidError` lists every problem.
        LakeError: If the lake cannot be opened or written, or is open as it was earlier.
    """
    from sweeps.bars.ingest import ingest_files

    opened = written(lake)
    reports = ingest_files(
        opened.tables,
        [files] if isinstance(files, (str, Path)) else files,
        symbol=symbol,
        timeframe=timeframe,
        source=source,
        tz=tz,
        resample_to=resample_to,
        adjusted=adjusted,
        replace=replace,
    )
    opened.refresh()
    return reports


@dataclass(frozen=True)
class Plan:
    """What a sweep would do and cost.

    Attributes:
        runs: Runs of the whole sweep.
        reused: Runs that the lake already has and that would be carried over.
        to_compute: Runs that would be computed.
        blocks: Tasks.
        estimate: Time, memory and bytes, from a measured sample.
    """

    runs: int
    reused: int
    to_compute: int
    blocks: int
    estimate: "Estimate"

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "runs": self.runs,
            "reused": self.reused,
            "to_compute": self.to_compute,
            "blocks": self.blocks,
            "estimate": {
                "seconds": self.estimate.seconds,
                "memory_bytes": self.estimate.memory_bytes,
                "lake_bytes": self.estimate.lake_bytes,
            },
        }


def plan(config: ConfigSource, *, lake: LakeSource = None, workers: int | None = None) -> Plan:
    """Return what a sweep would do and cost; a sample is computed here, nothing is written.

    Args:
        config: A configuration file, document or model.
        lake: The lake with the bars.
        workers: Workers to reckon with; None means one a core.

    Raises:
        SweepError: As `run`.
        LakeError: If there is no lake.
    """
    from sweeps.execution.estimate import estimate
    from sweeps.execution.start import new_context

    prepared = _prepared(config, written(lake))
    context = new_context(prepared, "plan", datetime.now(UTC))
    reckoned = estimate(prepared, context, workers or os.cpu_count() or 1)
    return Plan(prepared.runs, 0, prepared.runs, reckoned.blocks, reckoned)


def run(
    config: ConfigSource,
    *,
    lake: LakeSource = None,
    client: "Client | str | None" = None,
    workers: int | None = None,
    observer: "Observer | None" = None,
) -> Sweep:
    """Run a sweep to its end.

    Everything is checked before anything is written or computed. An interruption commits what was computed
    and returns the sweep with the status `interrupted`.

    Args:
        config: A configuration file, document or model; relative files in it lie beside the file, else in the
            current folder.
        lake: Where bars are and results go.
        client: A Dask client, a scheduler's address, or None: the current client, else an embedded cluster.
        workers: Processes of an embedded cluster; None means one a core.
        observer: Told of every event; see `sweeps.execution.events`.

    Returns:
        The sweep; `lake` reads the snapshot that has it.

    Raises:
        SweepError: If anything about the configuration, strategy, bars or cluster is wrong.
        LakeError: If the lake is missing or cannot be written.
    """
    from sweeps.execution.embedded import prepare_workers

    if client is None:
        prepare_workers()  # seconds beside those that follow
    from sweeps.execution.cluster import connected
    from sweeps.execution.driver import drive
    from sweeps.execution.events import silent

    opened = written(lake)
    prepared = _prepared(config, opened)
    opened.tables.storage.make_writable()
    with connected(client, workers) as connection:
        outcome = drive(prepared, opened.tables, connection, observer or silent)
    opened.refresh()
    return Sweep(opened, outcome.sweep_id, outcome)


def resume(
    sweep_id: str,
    *,
    lake: LakeSource = None,
    client: "Client | str | None" = None,
    workers: int | None = None,
    take_over: bool = False,
    observer: "Observer | None" = None,
) -> Sweep:
    """Go on with a sweep that was interrupted, failed, or whose driver died; to its end, as `run`.

    The sweep's own configuration, strategy and bars are used, as the lake stores them. What is committed is
    not computed again; winners without details get them. Of one that is finished, what its journal has and
    its tables lost is committed again; one that is whole is returned as it is.

    Args:
        sweep_id: The sweep; "latest" is the newest.
        lake: Its lake.
        client: As for `run`.
        workers: As for `run`.
        take_over: Go on also while another driver is alive; that one stops at its next commit.
        observer: As for `run`.

    Returns:
        The sweep; its outcome counts the runs of all its drivers.

    Raises:
        UnknownNameError: If there is no such sweep.
        SweepOwnedError: If another driver is alive and is not to be taken over.
        SweepChangedError: If the strategy's code, the bars or the simulation are not what they were.
        SweepRemovedError: If it was removed.
        SweepIncompleteError: If it is finished and lacks runs that its journal does not tell of.
        LakeError: If the lake is missing or cannot be written.
    """
    from lake.ownership import require_free
    from lake.sweep_log import REMOVED
    from queries.removed import removed_sweep
    from queries.sweep import sweep_row
    from sweeps.execution.embedded import prepare_workers
    from sweeps.execution.resume import restore
    from sweeps.execution.start import SweepRemovedError

    opened = written(lake).refresh()
    sweep_id = opened.sweep_id(sweep_id)
    outcome = _ended(opened, sweep_id, observer, take_over=take_over)
    if outcome is not None:
        return Sweep(opened, sweep_id, outcome)
    state = sweep_row(opened.catalog, sweep_id)
    if state["status"] == REMOVED and (removal := removed_sweep(opened.catalog, sweep_id)):
        raise SweepRemovedError(sweep_id, str(removal))
    if not take_over:
        require_free(opened.tables, sweep_id)  # told before a cluster is started for it
    if client is None:
        prepare_workers()
    start = restore(state, opened.tables)
    from sweeps.execution.cluster import connected
    from sweeps.execution.driver import go_on
    from sweeps.execution.events import silent

    with connected(client, workers) as connection:
        outcome = go_on(start, opened.tables, connection, observer or silent, take_over=take_over)
    opened.refresh()
    return Sweep(opened, sweep_id, outcome)


def _ended(lake: Lake, sweep_id: str, observer: "Observer | None", *, take_over: bool) -> "Outcome | None":
    """Return how a sweep ended, its journal made whole in the tables; None if something is to be computed."""
    from lake.lost import lost_blocks
    from lake.unsettled import has_journal
    from queries.check import missing_runs
    from queries.sweep import sweep_row
    from sweeps.execution.events import FoundWhole, RolledForward
    from sweeps.execution.resume import SweepIncompleteError, ended
    from sweeps.execution.settle import is_settled, settle

    state = sweep_row(lake.catalog, sweep_id)
    outcome = ended(state)
    if outcome is None or lost_blocks(lake.tables.storage, sweep_id):
        return None
    was_whole = is_settled(lake.tables, sweep_id)
    if not was_whole:
        outcome = settle(state, lake.tables, take_over=take_over)
        lake.refresh()
    if outcome is None:
        return None
    if missing := missing_runs(lake.catalog, {sweep_id: state}).get(sweep_id):
        reason = "its journal says that all of them are committed"
        if not has_journal(lake.tables, sweep_id):
            reason = "vacuum took its journal, which told what the others were"
        raise SweepIncompleteError(sweep_id, *missing, reason)
    if observer is not None:
        observer(FoundWhole(sweep_id) if was_whole else RolledForward(sweep_id))
    return outcome


def _prepared(config: ConfigSource, lake: Lake) -> "Prepared":
    from sweeps.execution.prepare import prepare

    base = Path(config).parent if isinstance(config, (str, Path)) else Path.cwd()
    checked = _config(config)
    try:
        return prepare(checked, lake.tables, base)
    except (SweepError, LakeError) as error:
        key = getattr(error, "key", None)
        if key is not None and not isinstance(error, ConfigError):
            error.add_note(": ".join(part for part in (checked.source, key) if part))
        raise


def _config(config: ConfigSource) -> SweepConfig:
    if isinstance(config, SweepConfig):
        return config
    if isinstance(config, (str, Path)):
        return load_config(Path(config))
    return parse_config(config, "configuration")

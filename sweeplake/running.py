"""Ingesting, planning and running."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
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
        undecided: How many of these, at most, test what a walk-forward is yet to choose: whether the lake has
            them nobody can tell before. None where it has all that is chosen from.
        blocks: Tasks.
        estimate: Time, memory and bytes, from a measured sample.
        changed: By symbol of which nothing is reused, what changed since the last sweep of the strategy on
            it: strategy, bars, settings. A symbol without such a sweep is not in it.
        cautions: What is allowed, and may not be what was meant; more memory than this machine has for an
            embedded cluster among it, with the setting to change.
    """

    runs: int
    reused: int
    to_compute: int
    undecided: int
    blocks: int
    estimate: "Estimate"
    changed: Mapping[str, Sequence[str]]
    cautions: Sequence[str] = ()

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "runs": self.runs,
            "reused": self.reused,
            "to_compute": self.to_compute,
            "undecided": self.undecided,
            "blocks": self.blocks,
            "estimate": {
                "seconds": self.estimate.seconds,
                "memory_bytes": self.estimate.memory_bytes,
                "lake_bytes": self.estimate.lake_bytes,
            },
            "changed": {symbol: list(what) for symbol, what in self.changed.items()},
            "cautions": list(self.cautions),
        }


def plan(
    config: ConfigSource,
    *,
    lake: LakeSource = None,
    client: "Client | str | None" = None,
    workers: int | None = None,
    fresh: bool = False,
) -> Plan:
    """Return what a sweep would do and cost; a sample is computed, nothing is written.

    Args:
        config: A configuration file, document or model.
        lake: The lake with the bars.
        client: A Dask client or a scheduler's address: the sample is computed there, and its threads are what
            is reckoned with. None: here.
        workers: Workers to reckon with; None means one a core.
        fresh: As of a sweep that computes every run.

    Raises:
        SweepError: As `run`.
        LakeError: If there is no lake.
    """
    from sweeps.execution.asked_cluster import check_cluster
    from sweeps.execution.changes import changes
    from sweeps.execution.estimate import estimate
    from sweeps.execution.foreseen import foreseen
    from sweeps.execution.reuse import reusable, without_blocks
    from sweeps.execution.sampling import sample
    from sweeps.execution.start import new_context

    check_cluster(client, workers)
    opened = written(lake)
    prepared = _prepared(config, opened)
    context = new_context(prepared, "plan", datetime.now(UTC))
    snapshot = opened.tables.snapshot(["metrics", "sweeps"])
    held = {} if fresh else reusable(prepared, snapshot)
    lacking = () if fresh else without_blocks(prepared, snapshot, sum(held.values()))
    chosen = None if fresh else foreseen(prepared, snapshot, sum(held.values()))
    if chosen is not None:
        held |= reusable(prepared, snapshot, chosen)
    tests = prepared.tests if chosen is None else chosen.runs
    found = Counter[str]()
    for place, runs in held.items():
        found[place.symbol] += runs
    changed = {} if fresh else changes(prepared, snapshot)
    reused = found.total()
    if client is None:
        measured, threads = sample(prepared, context), workers or os.cpu_count() or 1
    else:
        from sweeps.execution.asked_worker import on_worker
        from sweeps.execution.cluster import connected

        with connected(client) as connection:
            measured = sample(prepared, context, partial(on_worker, connection))
            threads = sum(connection.nthreads().values())
    crowded = _crowded(prepared, prepared.runs - reused, workers) if client is None else ()
    reckoned = estimate(prepared, measured, threads, reused, tests)
    return Plan(
        prepared.runs + tests,
        reused,
        prepared.runs + tests - reused,
        tests if chosen is None else 0,
        reckoned.blocks,
        reckoned,
        {symbol: what for symbol, what in changed.items() if what and not found[symbol]},
        (*prepared.cautions, *lacking, *crowded),
    )


def run(
    config: ConfigSource,
    *,
    lake: LakeSource = None,
    client: "Client | str | None" = None,
    workers: int | None = None,
    observer: "Observer | None" = None,
    fresh: bool = False,
    max_runs: int | None = None,
    max_seconds: float | None = None,
    max_failures: int | None = None,
) -> Sweep:
    """Run a sweep to its end; runs that the lake has already are carried over, and not computed.

    Everything is checked before anything is written or computed. An interruption, or a limit that is reached,
    commits what was computed and returns the sweep with the status `interrupted`; `resume` goes on with it.

    Args:
        config: A configuration file, document or model; relative files in it lie beside the file, else in the
            current folder.
        lake: Where bars are and results go.
        client: A Dask client, a scheduler's address, or None: the current client, else an embedded cluster.
        workers: Processes of an embedded cluster; None means one a core.
        observer: Told of every event; see `sweeps.execution.events`.
        fresh: Compute every run, also those that the lake has.
        max_runs: Stop once so many are computed.
        max_seconds: Stop after so long; the end of what is being computed then is not awaited.
        max_failures: Stop, with an error, once more runs than that have failed.

    Returns:
        The sweep; `lake` reads the snapshot that has it.

    Raises:
        SweepError: If anything about the configuration, strategy, bars, cluster or limits is wrong.
        TooManyFailuresError: If more runs failed than may; what is computed is committed.
        LakeError: If the lake is missing or cannot be written.
    """
    from sweeps.execution.asked_cluster import check_cluster
    from sweeps.execution.budget import Budget
    from sweeps.execution.embedded import prepare_workers

    check_cluster(client, workers)
    budget = Budget(max_runs, max_seconds, max_failures)
    opened = written(lake)
    if client is None:
        prepare_workers()  # seconds beside those that follow
    from sweeps.execution.cluster import connected
    from sweeps.execution.driver import drive
    from sweeps.execution.events import silent

    prepared = _prepared(config, opened)
    opened.tables.storage.make_writable()
    prepared = cautioned(prepared, client, workers)
    with connected(client, workers) as connection:
        outcome = drive(prepared, opened.tables, connection, observer or silent, fresh=fresh, budget=budget)
    opened.refresh()
    return Sweep(opened, outcome.sweep_id, outcome)


def cautioned(prepared: "Prepared", client: "Client | str | None", workers: int | None) -> "Prepared":
    """Return what is prepared with a caution more, if its embedded workers take more memory than is free."""
    from sweeps.execution.cluster import is_embedded

    if not is_embedded(client, workers):
        return prepared
    return replace(prepared, cautions=(*prepared.cautions, *_crowded(prepared, prepared.runs, workers)))


def _crowded(prepared: "Prepared", runs: int, workers: int | None) -> tuple[str, ...]:
    """Return a caution if embedded workers would take more memory than is free."""
    from sweeps.execution.estimate import process_bytes
    from sweeps.execution.room import crowded, free_bytes

    return crowded(workers or os.cpu_count() or 1, process_bytes(prepared, runs), free_bytes())


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
    if not isinstance(config, Mapping):
        told = f"is a {type(config).__name__}; give a file, a document as TOML parses to, or a SweepConfig"
        raise ConfigError("configuration", (("", told),))
    return parse_config(config, "configuration")

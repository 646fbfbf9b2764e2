"""Opening, ingesting, planning and running."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.lake import open_lake
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.bars.ingest import IngestReport, ingest_files
from sweeps.spec.config import SweepConfig, load_config, parse_config

if TYPE_CHECKING:
    from distributed import Client

    from sweeps.execution.estimate import Estimate
    from sweeps.execution.events import Observer
    from sweeps.execution.prepare import Prepared

ConfigSource = str | Path | Mapping[str, Any] | SweepConfig
DEFAULT_LAKE = "var/lake"


def open(url: str | None = None) -> Lake:  # noqa: A001  sl.open is what users write
    """Open a lake; nothing is created before the first write.

    Args:
        url: A folder, file://... or s3://bucket/prefix; None is `$SWEEPLAKE_LAKE`, else var/lake.

    Raises:
        LakeAddressError: If the scheme is unknown or its package is not installed.
        LakeFormatError: If another format wrote it.
    """
    return Lake(open_lake(url or os.environ.get("SWEEPLAKE_LAKE") or DEFAULT_LAKE))


def ingest(
    files: Sequence[str | Path] = (), *, lake: Lake | str | None = None, **options: Any
) -> list[IngestReport]:
    """Bring files of bars into the lake, all or none; options as `sweeps.bars.ingest.ingest_files`."""
    held = _lake(lake)
    reports = ingest_files(held.tables, files, **options)
    held.refresh()
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


def plan(config: ConfigSource, *, lake: Lake | str | None = None, workers: int | None = None) -> Plan:
    """Return what a sweep would do and cost; a sample is computed here, nothing is written.

    Args:
        config: A configuration file, document or model.
        lake: The lake with the bars.
        workers: Workers to reckon with; None means one a core.
    """
    from sweeps.execution.driver import new_context
    from sweeps.execution.estimate import estimate

    prepared = _prepared(config, _lake(lake))
    context = new_context(prepared, "plan", datetime.now(UTC))
    reckoned = estimate(prepared, context, workers or os.cpu_count() or 1)
    return Plan(prepared.runs, 0, prepared.runs, reckoned.blocks, reckoned)


def run(
    config: ConfigSource,
    *,
    lake: Lake | str | None = None,
    client: "Client | str | None" = None,
    workers: int | None = None,
    observer: "Observer | None" = None,
) -> Sweep:
    """Run a sweep to its end.

    Everything is checked before anything is written or computed. An interruption commits what was computed
    and returns the sweep with the status `interrupted`.

    Args:
        config: A configuration file, document or model; relative files in it lie beside the file.
        lake: Where bars are and results go.
        client: A Dask client, a scheduler's address, or None: the current client, else an embedded cluster.
        workers: Processes of an embedded cluster; None means one a core.
        observer: Told of every event; see `sweeps.execution.events`.

    Raises:
        SweepError: If anything about the configuration, strategy, bars or cluster is wrong.
        LakeError: If the lake is missing or cannot be written.
    """
    from sweeps.execution.cluster import connected
    from sweeps.execution.driver import drive
    from sweeps.execution.events import silent

    held = _lake(lake)
    prepared = _prepared(config, held)
    held.tables.storage.make_writable()
    with connected(client, workers) as connection:
        outcome = drive(prepared, held.tables, connection, observer or silent)
    held.refresh()
    return Sweep(held, outcome.sweep_id, outcome)


def _prepared(config: ConfigSource, lake: Lake) -> "Prepared":
    from sweeps.execution.prepare import prepare

    base = Path(config).parent if isinstance(config, (str, Path)) else Path.cwd()
    return prepare(_config(config), lake.tables, base)


def _config(config: ConfigSource) -> SweepConfig:
    if isinstance(config, SweepConfig):
        return config
    if isinstance(config, (str, Path)):
        return load_config(Path(config))
    return parse_config(config, "configuration")


def _lake(lake: Lake | str | None) -> Lake:
    return lake if isinstance(lake, Lake) else open(lake)

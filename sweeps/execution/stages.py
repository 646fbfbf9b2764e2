"""Stages: where the seconds of a sweep go, on its workers and in its driver."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

OPEN, SIMULATE, ROWS = "open", "simulate", "rows"
QUEUE, ENCODE, WRITE = "queue", "encode", "write"
"""What a worker does with a block: load bars and strategy; signals and simulation; rows;
wait for the block before to be written; Parquet; storage."""
REUSE, WAIT, COMMIT, DETAILS = "reuse", "wait", "commit", "details"
"""What a driver does: find and read runs of other sweeps; wait for receipts; commit batches; choose winners,
and wait for their details."""


class Stopwatch:
    """Seconds by stage, as they pass: every lap belongs to one stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Book the time since the last lap to a stage."""
        now = time.perf_counter()
        self.seconds[stage] += now - self._since
        self._since = now


@dataclass(frozen=True)
class Profile:
    """Where the seconds of a sweep went.

    Attributes:
        first_block: From the start of the sweep to the first receipt; None if there was none.
        workers: Workers at the end.
        worker: Seconds of all workers by stage. What they write lies beside the next block's simulation, so
            that stages may overlap.
        idle: Seconds of all workers without a block to simulate, from the start to the last receipt.
        driver: Seconds of the driver by stage.
        worker_bytes: Most resident memory that any worker had.
        driver_bytes: Most resident memory that the driver had.
    """

    first_block: float | None = None
    workers: int = 0
    worker: Mapping[str, float] = field(default_factory=dict)
    idle: float = 0.0
    driver: Mapping[str, float] = field(default_factory=dict)
    worker_bytes: int = 0
    driver_bytes: int = 0

"""Estimate: what a sweep will cost, reckoned from a sample that was really computed. Pure."""

import math
from dataclasses import dataclass

import numpy as np

from sweeps.execution.blocks import MOST_RUNS, TARGET_SECONDS, most_detailed
from sweeps.execution.prepare import Prepared
from sweeps.execution.room import worker_bytes
from sweeps.execution.sampling import Sample

ALONE_TRIPS = 100
"""Questions to the storage of a sweep's beginning and end, which nothing else is done beside; counted."""

ALONE_SECONDS = 0.4
"""What the driver does then beside these questions, however few runs there are; measured."""
CARRIED_SECONDS = 15e-6
"""Of one run that is carried over: to find, read and write it, which the driver does alone; measured."""


@dataclass(frozen=True)
class Estimate:
    """What a sweep will cost.

    Attributes:
        blocks: Tasks.
        seconds: Wall time of the sweep on so many workers, start-up of the cluster aside.
        memory_bytes: Resident memory of driver and workers together.
        lake_bytes: Size of its metrics, trades and equity in the lake, before compaction.
        runs_per_second: Of one worker, measured.
        engine: What computes a run, and how often hopping from event to event is not exact enough for it.
    """

    blocks: int
    seconds: float
    memory_bytes: int
    lake_bytes: int
    runs_per_second: float
    engine: str


def estimate(
    prepared: Prepared, sample: Sample, workers: int, reused: int = 0, tests: int | None = None
) -> Estimate:
    """Reckon the whole of a sweep.

    Args:
        prepared: The sweep.
        sample: What some of its runs take.
        workers: Workers that compute it.
        reused: Runs of it that are carried over, and not computed.
        tests: Choices that are tested; None: as many as there can be.
    """
    tests = prepared.tests if tests is None else tests
    searched = prepared.searched
    keeps_all, bars = prepared.config.details.keep == "all", prepared.inputs[sample.place].bars
    each = sample.run_seconds + (sample.detail_seconds if keeps_all else 0.0)
    most = min(MOST_RUNS, most_detailed(bars)) if keeps_all else MOST_RUNS
    per_block = int(np.clip(TARGET_SECONDS / each, 1, most))
    searching = max(0, prepared.runs - reused)
    to_compute = prepared.runs + tests - reused
    tested = min(to_compute - searching, len(prepared.inputs) - len(searched))
    all_bars = sum(prepared.inputs[at].bars for at in searched)
    shorter = all_bars / (len(searched) * bars)
    detailed = _detailed(prepared, to_compute, tests)
    computing = (to_compute * sample.run_seconds + detailed * sample.detail_seconds) * shorter
    opening = len(prepared.inputs) * sample.opening_seconds
    alone = ALONE_SECONDS + ALONE_TRIPS * sample.trip_seconds + reused * CARRIED_SECONDS
    return Estimate(
        blocks=len(searched) * math.ceil(searching / len(searched) / per_block) + tested,
        seconds=alone + (computing + opening) / workers,
        memory_bytes=process_bytes(prepared, to_compute) * (workers + 1),
        lake_bytes=int(sample.run_bytes * prepared.runs + sample.detail_bytes * detailed * shorter),
        runs_per_second=1 / each,
        engine=sample.engine,
    )


def process_bytes(prepared: Prepared, runs: int) -> int:
    """Return what each process of a sweep takes that computes so many runs."""
    bars = max(inputs.bars for inputs in prepared.inputs.values())
    return worker_bytes(runs, runs * bars if prepared.config.details.keep == "all" else 0)


def _detailed(prepared: Prepared, to_compute: int, tests: int) -> int:
    """Return of how many runs trades and equity will be stored."""
    details = prepared.config.details
    if details.keep == "all":
        return to_compute
    if prepared.splits is not None:
        return tests
    groups = len(prepared.symbols) if "symbol" in details.per else 1
    return min(details.n * groups, prepared.runs) if details.keep == "top" else 0

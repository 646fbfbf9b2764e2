"""Kills whole sweeps at random instants and looks at what readers see."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lake.journal import Journal
from lake.lake import open_lake
from lake.recovery import roll_forward
from queries.catalog import Catalog

CONFIG = Path(__file__).parents[2] / "configs" / "bollinger_atr.toml"
KILL_AFTER_SECONDS = (1.0, 12.0)


@dataclass
class Tally:
    """What a soak saw."""

    sweeps: int = 0
    kills: int = 0
    finished: int = 0
    reads: int = 0
    batches: int = 0
    runs: int = 0
    wrong: list[str] = field(default_factory=list)


def soak(lake_url: str, seconds: float, seed: int) -> Tally:
    """Start sweeps and kill their driver and workers with SIGKILL, until the time is over."""
    chance, tally, end = random.Random(seed), Tally(), time.monotonic() + seconds
    while time.monotonic() < end or not (tally.kills and tally.batches):  # else nothing was looked at
        sweep_id, finished = _sweep_until(lake_url, chance.uniform(*KILL_AFTER_SECONDS))
        tally.sweeps += 1
        tally.kills += not finished
        tally.finished += finished
        _look(lake_url, sweep_id, tally, whole=False)
        journal = Journal(open_lake(lake_url), sweep_id)
        roll_forward(journal, lambda _: None)
        tally.batches += len(list(journal.batches()))
        _look(lake_url, sweep_id, tally, whole=True)
    return tally


def _sweep_until(lake_url: str, seconds: float) -> tuple[str, bool]:
    """Run a sweep and kill its process group so long after its first line; return its id, and if it ended."""
    command = [sys.executable, "-m", "sweeplake", "run", str(CONFIG), "--lake", lake_url, "--workers", "2"]
    driver = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert driver.stderr is not None
    line = ""
    while not line.startswith("sweep "):
        line = driver.stderr.readline()
        assert line, "the driver ended before its first line"
    try:
        driver.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(driver.pid, signal.SIGKILL)
    driver.stderr.close()
    return line.split()[1].rstrip(":"), driver.wait() == 0


def _look(lake_url: str, sweep_id: str, tally: Tally, *, whole: bool) -> None:
    """Hold what a reader sees against the journal; after rolling forward it must be all of the journal."""
    lake = open_lake(lake_url)
    journaled = sum(
        block["runs"]
        for batch in Journal(lake, sweep_id).batches()
        for block in batch.blocks
        if block["phase"] == "runs"
    )
    with Catalog(lake) as catalog:
        (seen,) = catalog.rows(
            """
            with stored as (select run_id from metrics where sweep_id = $1)
            select
                (select count(*) from stored) as runs,
                (select count(distinct run_id) from stored) as distinct_runs,
                (select count(*) from details anti join stored using (run_id) where sweep_id = $1) as orphans,
                (
                    select count(*)
                    from details as d
                    where d.sweep_id = $1
                    and (
                        d.trades
                        <> (select count(*) from trades as t where t.sweep_id = $1 and t.run_id = d.run_id)
                        or d.equity_rows
                        <> (select count(*) from equity as e where e.sweep_id = $1 and e.run_id = d.run_id)
                    )
                ) as torn
            """,
            [sweep_id],
        )
    tally.reads += 1
    if whole:
        tally.runs += seen["runs"]
    expected = seen["runs"] == journaled if whole else seen["runs"] <= journaled
    if not expected or seen["runs"] != seen["distinct_runs"] or seen["orphans"] or seen["torn"]:
        tally.wrong.append(f"{sweep_id}: journaled {journaled}, {seen}")

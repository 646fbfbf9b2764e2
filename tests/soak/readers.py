"""Readers: what every snapshot of the lake must look like, whatever is going on."""

import threading
from collections.abc import Mapping
from typing import Any

from lake.errors import LakeError
from lake.lake import open_lake
from queries.catalog import Catalog
from queries.errors import QueryError, SnapshotGoneError
from tests.soak.lives import Tally

LOOK = """
with
runs as (
    select sweep_id, count(*) as runs, count(distinct (run_id, role)) as distinct_runs
    from metrics
    group by sweep_id
),
traded as (select sweep_id, run_id, count(*) as n from trades group by all),
curves as (select sweep_id, run_id, count(*) as n from equity group by all),
torn as (
    select d.sweep_id, count(*) as torn
    from details as d
    left join traded as t using (sweep_id, run_id)
    left join curves as e using (sweep_id, run_id)
    where d.trades <> coalesce(t.n, 0) or d.equity_rows <> coalesce(e.n, 0)
    group by d.sweep_id
),
orphans as (
    select sweep_id, count(*) as orphans
    from details anti join metrics using (sweep_id, run_id)
    group by sweep_id
),
failed as (select sweep_id, count(*) as failed from failures group by sweep_id),
removed as (select sweep_id, sum(runs) as removed from removals group by sweep_id)
select
    s.sweep_id,
    s.status,
    s.runs as planned,
    coalesce(r.runs, 0) as runs,
    coalesce(r.distinct_runs, 0) as distinct_runs,
    coalesce(f.failed, 0) as failed,
    coalesce(t.torn, 0) as torn,
    coalesce(o.orphans, 0) as orphans,
    coalesce(x.removed, 0) as removed
from sweeps as s
left join runs as r using (sweep_id)
left join failed as f using (sweep_id)
left join torn as t using (sweep_id)
left join orphans as o using (sweep_id)
left join removed as x using (sweep_id)
"""
ENDED = ("finished", "finished_with_failures")


class Reader:
    """Opens snapshot after snapshot and holds each against the invariants and against the last one."""

    def __init__(self, lake_url: str, tally: Tally) -> None:
        self.lake_url, self.tally = lake_url, tally
        self._most: dict[str, int] = {}

    def read_on(self, stop: threading.Event) -> None:
        """Read until told to stop."""
        while not stop.is_set():
            self.read()
            stop.wait(0.2)

    def read(self) -> None:
        """Look at one snapshot; a file that vacuum took in between is said clearly, and read anew."""
        try:
            with Catalog(open_lake(self.lake_url)) as catalog:
                rows = catalog.rows(LOOK)
        except SnapshotGoneError:
            self.tally.add("snapshots gone")
            return
        except (QueryError, LakeError, OSError) as error:
            self.tally.blame(f"a reader failed: {type(error).__name__}: {error}")
            return
        self.tally.add("reads")
        for row in rows:
            for fault in self._faults(row):
                self.tally.blame(f"{fault}: {row}")

    def _faults(self, row: Mapping[str, Any]) -> list[str]:
        seen, removed = row["runs"] + row["failed"], row["removed"]
        faults = {
            "doubled": row["runs"] != row["distinct_runs"],
            "more than planned": seen > row["planned"],
            "half a run's details": row["torn"] > 0,
            "details without a run": row["orphans"] > 0,
            "lost": not removed and seen < self._most.get(row["sweep_id"], 0),
            "not whole at its end": row["status"] in ENDED and not removed and seen != row["planned"],
            "half a sweep removed": row["status"] == "removed" and seen not in (0, row["planned"]),
        }
        self._most[row["sweep_id"]] = seen
        return [fault for fault, found in faults.items() if found]

"""An undo where a batch of a sweep is torn: what a removal took comes back, and no other is blocked."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from lake.choices import Choice
from lake.commits import commit
from lake.copying import counter
from lake.journal import Journal
from lake.lake import Lake
from lake.ownership import newest_epoch
from lake.owning import own
from lake.recovery import BatchTornError, recover
from lake.removal import plan_removal
from lake.remove import remove
from lake.undo import undo
from lake.undoable import to_undo
from lake.writer import write_rows
from tests.lake.drivers import PARTITION, SWEEP, batch, owned, run_ids
from tests.lake.small import put_sweep


def test_a_torn_batch_is_in_the_way_of_no_undo(lake: Lake) -> None:
    put_sweep(lake, SWEEP, status="interrupted")
    owned(lake)
    journal = Journal(lake, SWEEP)
    journal.commit(batch(lake, 1, 1, 0))
    for path in Path(lake.url, "_sweeps", SWEEP).iterdir():
        os.utime(path, (0, 0))  # its driver died long ago
    gone = pa.array(run_ids(lake, "metrics"))
    choice = Choice("d", "runs", runs={SWEEP: gone})
    plan = plan_removal(datetime.now(UTC), [choice], {SWEEP: 1}, lake.snapshot(), counter(lake.storage))
    remove(lake, plan)
    assert run_ids(lake, "metrics") == []
    owned(lake)
    epoch = newest_epoch(lake, SWEEP)
    journal = Journal(lake, SWEEP, epoch)
    recover(journal, lambda _: None)
    torn = batch(lake, epoch, 1, 1)
    journal.put(torn)
    commit(lake, "trades", [torn.files[0]], fence=journal.fence(torn.step))
    held = lake.snapshot(["trades"])
    merged = write_rows(lake.storage, "trades", held.read("trades").select(["sweep_id", "run_id"]), PARTITION)
    commit(lake, "trades", [merged], removes=held["trades"].files)
    lake.storage.delete([f"details/{torn.files[-1].path}"])
    for path in Path(lake.url, "_sweeps", SWEEP).iterdir():
        os.utime(path, (0, 0))
    (record,) = to_undo(lake)
    undo(lake, record)
    assert run_ids(lake, "metrics") == gone.to_pylist()
    with pytest.raises(BatchTornError):
        own(lake, [SWEEP])

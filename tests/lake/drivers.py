"""Small drivers of a sweep that commit block after block, and what must be there when one has finished."""

import pyarrow as pa

from lake.journal import Batch, Journal
from lake.lake import Lake, open_lake
from lake.ownership import claim
from lake.recovery import recover
from lake.writer import write_rows

SWEEP = "w"
BLOCKS = 2
TABLES = ("trades", "metrics", "details")
PARTITION = {"strategy": "s", "symbol": "X", "date": "2020-01-01"}


def batch(lake: Lake, epoch: int, number: int, block: int) -> Batch:
    """Write the files of one block of one run."""
    keys = pa.table({"sweep_id": [SWEEP], "run_id": [f"r{block}"]})
    files = tuple(write_rows(lake.storage, table, keys, PARTITION) for table in TABLES)
    return Batch(epoch, number, ({"lo": block},), files)


def owned(lake: Lake, *, epochs: int = 1) -> None:
    """Claim the sweep so often, as drivers that died at once."""
    for _ in range(epochs):
        claim(lake, SWEEP, take_over=True)


def drive(lake: Lake, *, take_over: bool = True) -> None:
    """Own the sweep and commit every block that is not finished, as a process that knows nothing yet."""
    lake = open_lake(lake.url)
    finished: set[int] = set()
    with claim(lake, SWEEP, take_over=take_over) as ownership:
        journal = Journal(lake, SWEEP, ownership.epoch)
        recover(journal, lambda block: finished.add(block["lo"]))
        left = [block for block in range(BLOCKS) if block not in finished]
        for number, block in enumerate(left, start=1):
            journal.commit(batch(lake, ownership.epoch, number, block))


def run_ids(lake: Lake, table: str) -> list[str]:
    """Return the runs that a table has, as often as it has them."""
    return sorted(lake.snapshot([table]).read(table, columns=["run_id"])["run_id"].to_pylist())


def assert_exactly_once(lake: Lake) -> None:
    """See that every table has every run once."""
    for table in TABLES:
        assert run_ids(lake, table) == [f"r{block}" for block in range(BLOCKS)], table

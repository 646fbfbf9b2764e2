"""Requests to object storage: what opening, asking, committing and maintaining cost on an S3 server."""

import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from lake.journal import Batch, Journal
from lake.lake import Lake, open_lake
from lake.schemas import COMMIT_ORDER, TABLES
from lake.writer import write_rows
from queries.catalog import Catalog
from tests.s3 import Bucket

pytestmark = pytest.mark.bench
FILES = 200
TOP = "select run_id, sharpe from metrics order by sharpe desc, run_id limit 10"


def batch(lake: Lake, number: int, files: int = 1) -> Batch:
    """Return a batch that has files of runs in every table."""
    receipts = []
    for table in COMMIT_ORDER:
        for file in range(files):
            place = {"strategy": "s", "symbol": f"X{file % 5}", "date": "2026-01-02"}
            partition = {name: place[name] for name in TABLES[table].partition_by}
            rows = pa.table({"sweep_id": ["w"], "run_id": [f"{number}-{file}"]})
            if table == "metrics":
                rows = rows.append_column("sharpe", pa.array([file / files]))
            receipts.append(write_rows(lake.storage, table, rows, partition))
    return Batch(1, number, ({"number": number},), tuple(receipts))


def test_requests(bucket: Bucket) -> None:
    def tell(title: str, act: Callable[[], object]) -> None:
        bucket.proxy.forget()
        act()
        counts = dict(sorted(bucket.proxy.counts().items()))
        print(f"{title:60} {counts}")
        print(json.dumps({"benchmark": "requests", "case": title, **counts}))
        assert "HEAD" not in counts

    lake = open_lake(bucket.url)
    journal = Journal(lake, "w")
    journal.commit(batch(lake, 1, FILES))
    following = batch(lake, 2)
    tell("commit a batch of five tables, 1 commit in each log", lambda: journal.commit(following))
    opened: list[Catalog] = []
    tell(f"open a reader, {FILES} files a table", lambda: opened.append(Catalog(open_lake(bucket.url))))
    tell(f"top 10 over {FILES} files, cold", lambda: opened[0].rows(TOP))
    tell("the same again, warm", lambda: opened[0].rows(TOP))
    tell("refresh", opened[0].refresh)
    for number in range(3, 45):
        journal.commit(batch(lake, number))
    following = batch(lake, 45)
    tell("commit a batch, 45 commits since the checkpoint", lambda: journal.commit(following))
    tell("open a reader, 46 commits since the checkpoint", lambda: Catalog(open_lake(bucket.url)))
    found: list[str] = []
    tell("walk the lake", lambda: found.extend(file.path for file in lake.storage.walk("")))
    tell(f"delete all of it ({len(found):,} files)", lambda: lake.storage.delete(found))

"""Retention, undo, pins and a round of maintenance on S3."""

from datetime import timedelta

from lake.lake import open_lake
from lake.pins import pin, pins, unpin
from lake.policy import Age, Policy
from lake.undo import to_undo, undo
from sweeplake.maintain import maintain, retain
from tests.s3 import Bucket
from tests.lake.small import held, put_runs, put_sweep, runs_of


def test_what_a_policy_removes_on_s3_comes_back(bucket: Bucket) -> None:
    lake = open_lake(bucket.url)
    for name in "abc":
        put_sweep(lake, name)
    put_runs(lake, [("a", "r1"), ("b", "r2"), ("c", "r3")])
    put_runs(lake, [("a", "r4")], symbol="BTC/USDT")
    before = held(lake)
    pin(lake, "sweep", "b")
    pin(lake, "run", "r3")
    policy = Policy(age=Age(sweeps=timedelta(hours=1)))
    [done] = maintain(lake, policy)
    assert done.errors == {}
    assert runs_of(lake, "metrics") == runs_of(lake, "trades") == {("b", "r2"), ("c", "r3")}
    assert retain(lake, policy)["lines"] == []
    [record] = to_undo(lake)
    undo(lake, record)
    assert held(lake) == before
    unpin(lake, "b")
    assert [known.id for known in pins(lake)] == ["r3"]

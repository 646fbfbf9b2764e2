"""Retention, undo, pins and a round of maintenance on S3."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from lake.lake import open_lake
from lake.pins import pin, pins, unpin
from lake.policy import Age, Policy
from lake.undo import undo
from lake.undoable import to_undo
from sweeplake.maintain import maintain, retain
from tests.lake.small import held, put_runs, put_sweep, runs_of
from tests.s3 import CREDENTIALS, make_bucket, serving


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A lake's address in an empty bucket; the environment leads there."""
    with serving() as port:
        make_bucket(port, "bucket")
        for variable, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}.items():
            monkeypatch.setenv(variable, value)
        yield "s3://bucket/lake"


def test_what_a_policy_removes_on_s3_comes_back(url: str) -> None:
    lake = open_lake(url)
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

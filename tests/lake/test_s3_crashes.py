"""The lake on S3, dying at any HTTP request: what the store hears of a process that is dead is nothing more.

So death is a proxy that refuses a client everything from some request on: that request itself is either not
heard, or done without its answer coming back. What the dying process still does on its way out changes
nothing, and what it knew is forgotten: the lake is opened anew.
"""

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from lake import commits
from lake.choices import Choice
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.copying import counter
from lake.errors import LakeError
from lake.lake import Lake, open_lake
from lake.removal import plan_removal
from lake.remove import finish_removals, remove
from lake.schemas import COMMIT_ORDER
from lake.vacuum import vacuum, vacuum_plan
from tests.lake.drivers import SWEEP, TABLES, drive, run_ids
from tests.lake.machine import LakeMachine
from tests.lake.seam import KilledError, strided
from tests.proxy import Action, Exchange, Proxy, passed_on, refused, undisturbed
from tests.s3 import Bucket

DENIED = refused(403, "AccessDenied")

TINY = CompactionSettings(target_bytes=20_000, held_bytes=30_000)


def last_words(exchange: Exchange) -> None:
    """Let the server do it; the client never learns that."""
    exchange.forward()
    DENIED(exchange)


class Dying:
    """A hook that lets a client live until a request; the request is heard if its number is odd."""

    def __init__(self, moment: int) -> None:
        self.moment, self._count = moment, itertools.count(1)
        self.reached = False

    def __call__(self, *_: object) -> Action:
        at = next(self._count)
        if at < self.moment:
            return passed_on
        self.reached = True
        return last_words if at == self.moment and at % 2 else DENIED


def dying(proxy: Proxy, moment: int, work: Callable[[], Any]) -> Any:
    """Do something, and die at a request of it, counted from 1.

    Raises:
        KilledError: If it came so far.
    """
    proxy.hook = hook = Dying(moment)
    try:
        answer = work()
    except (LakeError, OSError) as error:
        if not hook.reached:
            raise
        raise KilledError from error
    finally:
        proxy.hook = undisturbed
    if hook.reached:
        raise KilledError
    return answer


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dead need not wait."""
    monkeypatch.setattr(commits, "ATTEMPTS", 1)


def a_life(lake: Lake) -> None:
    """Do all that a lake is there for: commit, compact, take details out, clean up."""
    drive(lake)
    for table in TABLES:
        compact_table(lake, table, TINY)
    finish_removals(lake)
    snapshot = lake.snapshot(COMMIT_ORDER)
    if snapshot["details"].files:
        choice = Choice("line", "details", runs={SWEEP: pa.array(["r0"])})
        plan = plan_removal(datetime.now(UTC), [choice], {}, snapshot, counter(lake.storage))
        if not plan.empty:
            remove(lake, plan)
    for _ in vacuum(lake, vacuum_plan(lake, timedelta(0), force=True)):
        pass


def assert_whole(url: str) -> None:
    """See that a life that was lived to its end left what it should."""
    lake = open_lake(url)
    assert [run_ids(lake, table) for table in TABLES] == [["r1"], ["r0", "r1"], ["r1"]]


@pytest.mark.timeout(0)
@strided(197)
def test_a_life_that_ends_at_any_request_is_lived_to_its_end_by_the_next(bucket: Bucket, stride: int) -> None:
    a_life(open_lake(f"{bucket.url}/whole"))
    assert_whole(f"{bucket.url}/whole")
    died = 0
    for moment in itertools.count(1, stride):
        url = f"{bucket.url}/{moment}"
        try:
            dying(bucket.proxy, moment, lambda url=url: a_life(open_lake(url)))
        except KilledError:
            died += 1
        else:
            break
        a_life(open_lake(url))
        assert_whole(url)
    print(f"{died} deaths, one at every {stride}. request of {moment}")
    assert died * stride > 100


class S3Machine(LakeMachine):
    """On S3; a moment is a request."""

    bucket: Bucket

    def place(self) -> str:
        return f"{self.bucket.url}/{uuid.uuid4().hex}"

    def die(self, moment: int, work: Callable[[], Any]) -> Any:
        return dying(self.bucket.proxy, moment, work)


class OnS3:
    """What both lengths of the test share."""

    @pytest.fixture(autouse=True)
    def _on_s3(self, bucket: Bucket) -> None:
        S3Machine.bucket = bucket


def lasting(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=10,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )


class TestS3(OnS3, S3Machine.TestCase):
    settings = lasting(2)


@pytest.mark.soak
@pytest.mark.timeout(0)
class TestS3AtLength(OnS3, S3Machine.TestCase):
    settings = lasting(60)

"""A sweep on a cluster whose machines are lost, one after the other: in the end it is as if nothing was."""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from sweeplake.checking import check
from sweeplake.lake import Lake
from tests.e2e.market import made_lake
from tests.e2e.stored import stored
from tests.soak.cluster import AWAY, LAPTOP, LOST_SECONDS, BadCluster
from tests.soak.network import can_be_had, switched

UNIT = float(os.environ.get("SOAK_SECONDS", "900")) / 15
UNITS = [pytest.param(LOST_SECONDS + 2.0, id="short"), pytest.param(UNIT, id="long", marks=pytest.mark.soak)]
KILL_SECONDS = 8.0
PATIENCE_SECONDS = 600.0
BARS, PERIODS, RUNS_A_SECOND = 300, 50, 400.0
STRATEGY = """
    import time
    from pathlib import Path

    def slow(bars, ind, *, period: int, above: int):
        if not Path({gate!r}).exists():
            time.sleep(0.01)
        return bars.close > ind.sma(period) * (1 + above / 1_000_000)
    """
SWEEP = """
    name = "chaos"
    strategy = "slow.py:slow"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    period = {{ start = 2, stop = {periods}, step = 1 }}
    above = {{ start = 1, stop = {above}, step = 1 }}
    [details]
    n = 3
    """


@contextmanager
def every(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Do something again and again meanwhile."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(seconds):
            act()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def at_work(cluster: BadCluster, lake: Lake, sweep_id: str) -> None:
    """Wait until the driver that runs has committed something."""
    assert cluster.driver is not None
    before, until = len(stored(lake, "metrics", sweep_id)), time.monotonic() + PATIENCE_SECONDS
    while len(stored(lake, "metrics", sweep_id)) == before:
        assert cluster.driver.code() is None, cluster.driver.log.read_text()
        assert time.monotonic() < until, cluster.driver.log.read_text()
        time.sleep(0.2)


def ended(cluster: BadCluster) -> tuple[int, str]:
    """Wait for the end of the driver; return its exit code and what it said."""
    assert cluster.driver is not None
    until = time.monotonic() + PATIENCE_SECONDS
    while (code := cluster.driver.code()) is None:
        assert time.monotonic() < until, cluster.driver.log.read_text()
        time.sleep(0.2)
    return code, cluster.driver.log.read_text()


def lose_one_after_the_other(cluster: BadCluster, lake: Lake, config: Path, unit: float) -> str:
    """Run a sweep, and lose what it runs on; return its name, with its last driver at work."""
    cluster.drive("run", config, "--lake", lake.url)
    sweep_id = cluster.sweep_id()
    resume = ("resume", sweep_id, "--take-over", "--lake", lake.url)
    at_work(cluster, lake, sweep_id)
    cluster.cut_off(AWAY, unit)
    cluster.kill_driver()
    cluster.drive(*resume)
    at_work(cluster, lake, sweep_id)
    cluster.cut_off(LAPTOP, unit)
    at_work(cluster, lake, sweep_id)
    cluster.kill_driver()
    cluster.drive(*resume)
    at_work(cluster, lake, sweep_id)
    cluster.kill_scheduler()
    code, said = ended(cluster)
    assert code == 2, said
    assert f"the scheduler {cluster.address} is gone" in said
    cluster.another_scheduler()
    cluster.drive(*resume)
    at_work(cluster, lake, sweep_id)
    cluster.kill_scheduler()
    cluster.another_scheduler()  # at once: the driver finds it
    at_work(cluster, lake, sweep_id)
    cluster.kill_driver()
    cluster.drive(*resume)
    at_work(cluster, lake, sweep_id)
    return sweep_id


@pytest.mark.skipif(not can_be_had(), reason="only root may make networks whose cables can be pulled")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("unit", UNITS)
def test_a_sweep_survives_whatever_its_cluster_loses(tmp_path: Path, unit: float) -> None:
    lake, gate = made_lake(tmp_path, {"AAA": BARS}), tmp_path / "gate"
    above = int(30 * unit * RUNS_A_SECOND / PERIODS)
    config = tmp_path / "sweep.toml"
    config.write_text(dedent(SWEEP.format(periods=PERIODS + 1, above=above)))
    config.with_name("slow.py").write_text(dedent(STRATEGY.format(gate=str(gate))))
    with (
        switched((AWAY, LAPTOP)) as network,
        closing(BadCluster(network, tmp_path, 1.5 * unit, random.Random(7))) as cluster,
    ):
        with (
            every(KILL_SECONDS, cluster.kill_worker),
            every(1.0, cluster.revive),
            every(unit, lambda: cluster.pause_worker(unit / 2)),
        ):
            sweep_id = lose_one_after_the_other(cluster, lake, config, unit)
        before = len(stored(lake, "metrics", sweep_id))
        gate.touch()
        with every(1.0, cluster.revive):
            code, said = ended(cluster)
        print(json.dumps(cluster.counts | {"runs": above * PERIODS, "runs before the end": before}))
    assert code == 0, said
    assert before < above * PERIODS
    metrics = stored(lake, "metrics", sweep_id)
    grid = {(period, over) for period in range(2, PERIODS + 2) for over in range(1, above + 1)}
    assert len(metrics) == len(grid) == above * PERIODS
    assert set(zip(metrics["param_period"], metrics["param_above"], strict=True)) == grid
    assert metrics["run_id"].is_unique
    assert not check(lake.tables, deep=True).findings
    assert cluster.counts["driver kills"] == 3
    assert cluster.counts["worker kills"] > 3
    assert cluster.counts["worker pauses"] > 0

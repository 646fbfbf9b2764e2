"""The window of tasks: what is forgotten by an idle cluster is computed again, and nothing is left out."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Self

import dask
import pytest
from distributed import Client, LocalCluster, as_completed

from sweeps.execution import versions, window
from sweeps.execution.blocks import Block
from sweeps.execution.cluster import connected
from sweeps.execution.context import Place
from sweeps.execution.versions import CodeChangedError
from sweeps.execution.window import BlockLostError, lost_ones_apart, through_window


@pytest.fixture
def threads() -> Iterator[Client]:
    with (
        dask.config.set(
            {"distributed.scheduler.allowed-failures": 3}
        ),  # an embedded cluster's may be in force
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


class Context:
    """Stands for a sweep's: these tasks read nothing of it."""

    sweep_id = "none"

    def at(self, _: Place) -> Self:
        return self


def blocks(count: int) -> Iterator[Block]:
    return (Block(Place("X"), lo, lo + 1, 1) for lo in range(count))


def quick(_: Any, block: Block) -> int:
    return block.lo


def test_every_block_comes_back_once(threads: Client) -> None:
    receipts: Any = through_window(threads, quick, Context(), blocks(50))  # type: ignore[arg-type]
    assert sorted(receipts) == list(range(50))


def test_blocks_that_an_idle_cluster_forgot_are_given_up_after_a_while_and_the_others_computed(
    threads: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "QUIET_SECONDS", 0.2)
    # A cluster that answers nothing and does nothing: for the first seconds no result is ever seen.
    seen, began = window._has_ready, time.monotonic()
    deaf_until = began + 1.5
    monkeypatch.setattr(window, "_has_ready", lambda *asked: time.monotonic() > deaf_until and seen(*asked))
    results = list(through_window(threads, quick, Context(), blocks(40)))  # type: ignore[arg-type]
    computed = [result for result in results if not isinstance(result, BlockLostError)]
    lost = [result.block.lo for result in results if isinstance(result, BlockLostError)]
    assert sorted([*computed, *lost]) == list(range(40)), "every block is computed or told as lost, once"


def test_workers_that_their_cluster_gave_up_are_started_again(
    threads: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "QUIET_SECONDS", 0.5)
    cluster: Any = threads.cluster
    computed = []
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0.2s"}):
        for receipt in through_window(threads, quick, Context(), blocks(40)):  # type: ignore[arg-type]
            computed.append(receipt)
            if len(computed) == 5:
                cluster.sync(cluster.workers[0].close)
    assert sorted(computed) == list(range(40))  # type: ignore[type-var]


def test_no_workers_of_other_code_are_started(threads: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "QUIET_SECONDS", 0.5)
    cluster: Any = threads.cluster
    versions.code_versions()
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0.2s"}):
        receipts = through_window(threads, quick, Context(), blocks(40))  # type: ignore[arg-type]
        next(receipts)
        cluster.sync(cluster.workers[0].close)
        monkeypatch.setattr(versions, "_code_hash", lambda: "of another release")
        with pytest.raises(CodeChangedError, match=r"of another release there.*start the program again"):
            list(receipts)
        with pytest.raises(CodeChangedError), connected(workers=1):
            pass


def test_what_was_lost_is_next_and_in_the_end_told() -> None:
    asked: list[tuple[int, int]] = []

    def through(held: Iterator[Block]) -> Iterator[Any]:
        for block in held:
            asked.append((block.lo, block.lost))
            deadly = block.lo == 1 or (block.lo == 3 and not block.lost)
            yield BlockLostError(block, "it died") if deadly else SimpleNamespace(block=block)

    receipts = list(lost_ones_apart(blocks(4), through))
    assert asked == [(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (3, 0), (3, 1)]
    told = [receipt for receipt in receipts if isinstance(receipt, BlockLostError)]
    assert [receipt.block.lo for receipt in told] == [1]
    assert sorted(receipt.block.lo for receipt in receipts) == [0, 1, 2, 3]


def test_the_driver_has_a_turn_while_a_block_takes_its_time(threads: Client) -> None:
    turns = []

    def slow(_: Any, block: Block) -> int:
        time.sleep(0.5)
        return block.lo

    receipts: Any = through_window(
        threads, slow, Context(), blocks(1), lambda: turns.append(time.monotonic())
    )  # type: ignore[arg-type]
    assert list(receipts) == [0]
    assert turns[-1] - turns[0] > 0.4
    assert len(turns) > 5


def test_what_the_driver_does_meanwhile_is_no_silence_of_the_workers(
    threads: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "QUIET_SECONDS", 0.2)
    turns = []

    def commit() -> None:
        turns.append(time.sleep(0.3))

    later = as_completed([threads.submit(time.sleep, 0.7)])
    assert window._has_ready(later, commit)
    assert len(turns) > 1

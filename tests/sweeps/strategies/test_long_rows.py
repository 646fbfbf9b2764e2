"""Memory of long rows is used again, and never while anybody holds a part of it."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sweeps.bars.frame import Bars
from sweeps.strategies import long_rows
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.long_rows import KEPT_BYTES, LONG_BYTES, new_row
from tests.benchmarks.market import market

LONG = LONG_BYTES // 8


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    long_rows._rooms.kept.clear()
    yield
    long_rows._rooms.kept.clear()


def place(row: np.ndarray) -> int:
    return int(row.__array_interface__["data"][0])


def test_memory_that_nobody_holds_is_given_to_the_next_row() -> None:
    row = new_row(LONG)
    first = place(row)
    del row
    assert place(new_row(LONG)) == first
    assert new_row(LONG, np.float32).dtype == np.float32


@pytest.mark.parametrize(
    "part",
    [
        lambda row: row,
        lambda row: row[5:],
        lambda row: row.view(np.int64)[::2],
        memoryview,
        lambda row: np.lib.stride_tricks.sliding_window_view(row, 10),
        lambda row: {"held": [row[-1:]]},
    ],
    ids=["itself", "slice", "view", "buffer", "windows", "deep"],
)
def test_memory_is_nobody_elses_while_a_part_of_it_is_held(part: object) -> None:
    row = new_row(LONG)
    row[:] = 1.0
    held = part(row)  # type: ignore[operator]
    del row
    others = [new_row(LONG) for _ in range(4)]
    for other in others:
        other[:] = 2.0
    assert len({place(other) for other in others}) == 4
    values = held["held"][0] if isinstance(held, dict) else np.asarray(held)
    assert (values.view(np.float64) == 1.0).all() if values.dtype != np.int64 else (values == values[0]).all()


def test_sealed_rows_are_writeable_again_when_they_are_given_away() -> None:
    bars = market(LONG + 1)
    row = Indicators(bars).sma(5)
    assert not row.flags.writeable
    first = place(row)
    del row
    again = new_row(LONG + 1)
    assert place(again) == first
    again[:] = 0.0


def test_no_more_is_kept_than_is_said() -> None:
    rows = [new_row(KEPT_BYTES // 80) for _ in range(12)]
    kept = [room.size for room in long_rows._rooms.kept]
    assert KEPT_BYTES - kept[0] < sum(kept) <= KEPT_BYTES
    del rows
    assert len(long_rows._rooms.kept) == len(kept)
    new_row(KEPT_BYTES)  # eight times as many bytes
    assert sum(room.size for room in long_rows._rooms.kept) <= KEPT_BYTES


def test_rows_of_nearly_a_length_share_memory() -> None:
    for shorter in range(50):
        new_row(LONG + 100_000 - shorter)
    assert len(long_rows._rooms.kept) == 1


def test_a_forked_process_waits_for_no_thread_of_its_parent() -> None:
    with long_rows._rooms.lock:
        child = os.fork()
        if child == 0:
            new_row(LONG)
            os._exit(0)
    for _ in range(100):
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("it waits for a lock")


def test_short_rows_are_not_kept() -> None:
    new_row(LONG - 1)
    assert not long_rows._rooms.kept


def test_threads_get_rows_of_their_own() -> None:
    def fill(number: int) -> bool:
        for _ in range(30):
            row = new_row(LONG)
            row[:] = number
            if not (row == number).all():
                return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(fill, range(8)))


def test_indicators_are_the_same_in_used_memory() -> None:
    bars = market(LONG + 100)
    names = ("sma", "ema", "std", "rsi", "atr", "highest", "zscore")
    assert isinstance(bars, Bars)

    def all_of(period: int) -> list[np.ndarray]:
        ind = Indicators(bars)
        return [getattr(ind, name)(period) for name in names]

    fresh = [row.copy() for row in all_of(7)]
    for dirty in range(12):
        rooms = [new_row(len(bars), kind) for kind in (np.float64, np.float32)]
        for room in rooms:
            room[:] = dirty
    del rooms, room
    for one, other in zip(all_of(7), fresh, strict=True):
        np.testing.assert_array_equal(one, other)

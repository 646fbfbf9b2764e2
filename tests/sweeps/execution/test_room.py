import psutil

from sweeps.execution.blocks import EQUITY_ROWS
from sweeps.execution.room import BYTES_A_RUN, BYTES_AN_EQUITY_ROW, crowded, free_bytes, worker_bytes


def test_workers_that_fit_are_no_matter() -> None:
    assert crowded(7, 10**9, 8 * 10**9) == ()


def test_workers_that_do_not_fit_are_told_with_how_many_do() -> None:
    [told] = crowded(8, 10**9, 3_500_000_000)
    assert told.startswith("8 workers and the driver take about 9.0 GB of memory, of which 3.5 GB are free")
    assert told.endswith("give --workers 2")
    assert crowded(2, 10**9, 10**8)[0].endswith("give --workers 1")


def test_a_worker_has_what_this_process_has_and_its_blocks() -> None:
    small, large = worker_bytes(1_000), worker_bytes(10**9)
    assert small > psutil.Process().memory_info().rss / 2
    assert large - small == BYTES_A_RUN * (100_000 - 1_000)
    curves = worker_bytes(1_000, 10_000) - small, worker_bytes(1_000, 10**9) - small
    assert curves == (10_000 * BYTES_AN_EQUITY_ROW, EQUITY_ROWS * BYTES_AN_EQUITY_ROW)
    assert 0 < free_bytes() <= psutil.virtual_memory().total

"""Runs share a pool if their exits are equal, however many exits there are."""

import numpy as np

from sweeps.simulation.engine import Batch, new_words
from sweeps.simulation.hopping.pooling import POOL_RUNS, pools_of
from sweeps.simulation.settings import S_ATR_MULTIPLE, S_FILL, S_STOP_LOSS
from tests.sweeps.simulation.cases import table

MANY = 1 << 17
SETS = 1 << 15


def test_exits_that_differ_share_no_pool_beside_many_others() -> None:
    """Two groups that differ in their fills alone, beside more combinations than 64 bits can count."""
    settings = np.repeat(table(252.0), MANY + 2 * POOL_RUNS, axis=0)
    settings[:MANY, S_STOP_LOSS] = np.arange(1, MANY + 1) / (MANY + 1)
    settings[:MANY, S_ATR_MULTIPLE] = np.arange(1, MANY + 1) / 7.0
    settings[MANY:] = settings[0]
    settings[MANY:, S_FILL] = np.repeat([0.0, 1.0], POOL_RUNS)
    set_of_run = np.r_[np.arange(MANY) % SETS, np.zeros(2 * POOL_RUNS, np.int64)]
    none = np.full(len(settings), -1)
    batch = Batch(
        new_words(SETS, 2, 1),
        set_of_run,
        np.zeros(len(settings), np.int64),
        none,
        np.arange(SETS),
        stop_distance=np.ones((SETS, 1)),
        stop_scale=1.0 + np.arange(SETS),
        atr=np.ones((1, 1)),
    )
    pools = pools_of(settings, batch.reads, 1).stop_of_run
    assert pools[1:MANY].max() == -1
    assert len({*pools[MANY : MANY + POOL_RUNS]}) == len({*pools[MANY + POOL_RUNS :]}) == 1
    assert 0 <= pools[MANY] != pools[-1] >= 0

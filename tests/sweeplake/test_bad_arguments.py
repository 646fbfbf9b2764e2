"""Arguments of the Python API that name nothing are refused at once, by name and with what to give."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client, LocalCluster

import sweeplake as sl
from lake.errors import LakeAddressError
from queries.errors import BadValueError, UnknownNameError
from sweeps.execution.asked_cluster import BadClusterError
from sweeps.spec.errors import ConfigError
from tests.sweeplake.asking import tree

COUNTS = "give a whole number of processes, 1 or more, or None"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"workers": 0}, f"workers = 0: {COUNTS}"),
        ({"workers": -1}, f"workers = -1: {COUNTS}"),
        ({"workers": 1.5}, f"workers = 1.5: {COUNTS}"),
        ({"workers": True}, f"workers = True: {COUNTS}"),
        ({"workers": "2"}, f"workers = '2': {COUNTS}"),
        ({"client": 5}, "client = 5: give a distributed.Client"),
        ({"client": LocalCluster}, "such as Client(cluster)"),
        ({"client": "tcp://127.0.0.1:1", "workers": 2}, "a client has its own workers"),
    ],
)
def test_what_names_no_cluster_is_refused_and_nothing_written(
    swept: Path, files: Path, given: dict[str, Any], told: str
) -> None:
    before = tree(swept)
    with pytest.raises(BadClusterError) as raised:
        sl.run(files / "cross.toml", lake=swept, **given)
    assert told in str(raised.value)
    with pytest.raises(BadClusterError):
        sl.resume("latest", lake=swept, **given)
    assert tree(swept) == before


def test_a_plan_reckons_with_no_fewer_workers_than_one(swept: Path, files: Path) -> None:
    with pytest.raises(BadClusterError, match="workers = 0"):
        sl.plan(files / "cross.toml", lake=swept, workers=0)


@pytest.mark.parametrize("lake", [5, 0, False, b"var/lake", "", {"url": "var/lake"}])
def test_what_names_no_lake_is_refused(lake: Any, files: Path, client: Client) -> None:
    with pytest.raises(LakeAddressError, match="cannot open the lake"):
        sl.open(lake)
    with pytest.raises(LakeAddressError, match="use a folder"):
        sl.run(files / "cross.toml", lake=lake, client=client)


@pytest.mark.parametrize("config", [5, None, ["sma_cross"], b"cross.toml"])
def test_what_is_no_configuration_is_refused(config: Any, swept: Path) -> None:
    with pytest.raises(ConfigError, match="give a file, a document as TOML parses to, or a SweepConfig"):
        sl.plan(config, lake=swept)


@pytest.mark.parametrize(
    "given",
    [
        {"min_sharpe": "x"},
        {"max_drawdown": "0.5"},
        {"min_trades": [1]},
        {"since": 5},
        {"until": 5.5},
        {"where": 5},
        {"symbol": 5},
        {"limit": "3"},
        {"limit": None},
        {"limit": 2.5},
        {"limit": True},
        {"limit": -1},
    ],
)
def test_a_search_names_the_value_that_is_of_another_kind(swept: Path, given: dict[str, Any]) -> None:
    (name,) = given
    with sl.open(swept) as lake, pytest.raises(BadValueError, match=f"^{name} = "):
        lake.search(**given)


@pytest.mark.parametrize("n", ["3", None, 2.5, 0])
@pytest.mark.parametrize(
    "question", ["best", "leaderboard", "plateau", "plateaus", "local_maxima", "boundary", "correlated"]
)
def test_a_count_is_a_whole_number(swept: Path, question: str, n: Any) -> None:
    with sl.open(swept) as lake, pytest.raises(BadValueError, match=r"^n = .*at least one"):
        getattr(lake.sweep(), question)(n=n)


def test_a_judged_condition_is_a_text(swept: Path) -> None:
    with sl.open(swept) as lake, pytest.raises(BadValueError, match=r"^where = 5: give a text"):
        lake.sweep().plateau(where=5)


def test_numbers_of_numpy_are_numbers(swept: Path) -> None:
    with sl.open(swept) as lake:
        found = lake.search(min_sharpe=np.float32(-9), min_trades=np.int64(0), limit=np.int64(3))
        assert found.equals(lake.search(min_sharpe=-9.0, min_trades=0, limit=3))
        assert lake.best(np.int32(2)).equals(lake.best(2))
        assert len(lake.sweep().plateau(np.int64(2))) == 2


def test_trials_are_those_of_the_sweep_or_of_the_lake(swept: Path) -> None:
    told = 'unknown trials "x"; there is: sweep, lake'
    with sl.open(swept) as lake, pytest.raises(UnknownNameError, match=told):
        lake.sweep().luck(trials="x")  # type: ignore[arg-type]

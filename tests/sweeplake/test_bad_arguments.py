"""Arguments of the Python API that name nothing are refused at once, by name and with what to give."""

from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

import sweeplake as sl
from lake.errors import LakeAddressError
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

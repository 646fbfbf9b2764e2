"""The clusters that `configs/clusters` describes, as far as they can be had here."""

import runpy
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from tests.contracts.source import ROOT
from tests.e2e.processes import started

CLUSTERS = ROOT / "configs" / "clusters"
SWEEP = {
    "name": "anywhere",
    "strategy": "sma_cross",
    "symbols": ["AAA"],
    "timeframe": "1d",
    "grid": {"fast": {"start": 2, "stop": 20, "step": 1}, "slow": [30, 40]},
}


def described(name: str) -> Any:
    """Return the function that makes a cluster."""
    return runpy.run_path(str(CLUSTERS / f"{name}.py"))["cluster"]


def test_a_slurm_job_starts_workers_that_leave_before_their_time_is_up() -> None:
    with closing(described("slurm")()) as cluster:
        script = cluster.job_script().splitlines()
    assert script[0].startswith("#!")
    directives = {line for line in script if line.startswith("#SBATCH")}
    assert {
        "#SBATCH -p compute",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH -t 02:00:00",
        "#SBATCH --requeue",
    } <= directives
    command = script[-1]
    for option in ("dask_worker tcp://", "--nthreads 1", "--nworkers 8", "--lifetime 115m", "--nanny"):
        assert option in command


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What connects to an SSH server of this machine."""
    keys = {name: asyncssh.generate_private_key("ssh-ed25519") for name in ("host", "client")}
    for name, key in keys.items():
        key.write_private_key(str(tmp_path / name))
        key.write_public_key(str(tmp_path / f"{name}.pub"))
    server = (sys.executable, "-m", "tests.e2e.ssh_server", tmp_path / "host", tmp_path / "client.pub")
    with started(*server, cwd=ROOT) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield {
            "port": port,
            "username": "anybody",
            "client_keys": [str(tmp_path / "client")],
            "known_hosts": None,
        }


def test_a_sweep_runs_on_machines_that_are_reached_by_ssh(small_lake: Lake, ssh: dict[str, Any]) -> None:
    with described("ssh")(["127.0.0.1"], 2, **ssh) as cluster, Client(cluster) as client:
        sweep = sl.run(SWEEP, lake=small_lake, client=client)
    assert sweep.outcome.status == "finished"
    assert sweep.outcome.computed == 38

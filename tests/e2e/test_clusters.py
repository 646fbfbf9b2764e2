"""The clusters that `configs/clusters` describes, as far as they can be had here."""

import runpy
from contextlib import closing
from pathlib import Path
from typing import Any

from distributed import Client

import sweeplake as sl
from tests.contracts.source import ROOT
from tests.e2e.ssh_server import serving

CLUSTERS = ROOT / "configs" / "clusters"


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


def test_a_sweep_runs_on_machines_reached_by_ssh(tmp_path: Path) -> None:
    config = {
        "name": "by SSH",
        "strategy": "sma_cross",
        "symbols": ["IBM"],
        "timeframe": "1d",
        "grid": {"fast": [5, 10], "slow": [20, 50]},
    }
    lake = sl.open(tmp_path / "lake")
    sl.ingest(["IBM"], source="demo", lake=lake)
    with (
        serving(tmp_path) as connection,
        described("ssh")(["127.0.0.1"], workers=2, **connection) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        sweep = sl.run(config, lake=lake, client=client)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished", 4)

"""The clusters that `configs/clusters` describes, as far as they can be had here."""

import runpy
from contextlib import closing
from typing import Any

from tests.contracts.source import ROOT

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

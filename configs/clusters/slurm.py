"""Workers as SLURM jobs: start this where `sbatch` is; it runs a sweep on as many jobs as there is work for.

    pip install sweeplake dask-jobqueue
    python configs/clusters/slurm.py configs/sma_cross.toml /shared/lake

Jobs that end before the sweep does, by their time limit or because they were preempted, change nothing: a
worker leaves before its time is up, and others go on with what it had not finished.
"""

import signal
import sys

from dask_jobqueue import SLURMCluster
from distributed import Client

import sweeplake as sl

# dask_jobqueue lets Ctrl-C exit at once; a sweep commits what it has computed first.
signal.signal(signal.SIGINT, signal.default_int_handler)


def cluster() -> SLURMCluster:
    """Return a cluster without jobs yet; print(cluster().job_script()) shows what a job runs."""
    return SLURMCluster(
        queue="compute",
        cores=8,  # a process each, of one thread: a user's strategy holds the interpreter
        processes=8,
        memory="16GB",
        walltime="02:00:00",
        worker_extra_args=["--lifetime", "115m", "--lifetime-stagger", "4m"],
        job_extra_directives=["--requeue"],
        scheduler_options={"dashboard_address": ":0"},  # any free port: others may sweep on this machine
    )


if __name__ == "__main__":
    file, lake = sys.argv[1:]
    with cluster() as jobs, Client(jobs) as client:
        jobs.adapt(minimum=0, maximum=64)
        print(sl.run(file, lake=lake, client=client).best(10))

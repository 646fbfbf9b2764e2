"""Workers on machines that you reach by SSH, with the same Python environment at the same path as here.

    pip install sweeplake asyncssh
    python configs/clusters/ssh.py configs/sma_cross.toml /shared/lake first-host second-host

The scheduler runs on the first host; every host has some worker processes, of one thread each. All of it ends
with this program.
"""

import sys
from collections.abc import Sequence
from typing import Any

from distributed import Client, SSHCluster

import sweeplake as sl


def cluster(hosts: Sequence[str], workers: int = 8, **connection: Any) -> SSHCluster:
    """Return a running cluster.

    Args:
        hosts: The machines.
        workers: Processes on each of them: its cores.
        connection: What asyncssh needs beside your SSH configuration: username, port, client_keys.
    """
    return SSHCluster(
        [hosts[0], *hosts],
        connect_options=connection,
        worker_options={"nthreads": 1, "n_workers": workers},
        scheduler_options={"port": 0, "dashboard_address": ":8797"},
    )


if __name__ == "__main__":
    file, lake, *machines = sys.argv[1:]
    with cluster(machines) as there, Client(there) as client:
        print(sl.run(file, lake=lake, client=client).best(10))

"""Cluster: the Dask client that a sweep runs on."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

import dask
from distributed import Client, get_client

import lake
import queries
import sweeps
from sweeps.errors import SweepError
from sweeps.execution.embedded import LOCAL_CONFIG, start_cluster
from sweeps.execution.warm import Warm

CONNECT_SECONDS = 15
WORKERS_SECONDS = 60
PACKAGES = ("dask", "distributed", "numba", "numpy", "pyarrow", "sweeplake")


class ClusterUnreachableError(SweepError):
    """No scheduler answers, or it has no workers."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address, self.reason = address, reason

    def __str__(self) -> str:
        return (
            f"cluster {self.address}: {self.reason}; start `dask scheduler` and "
            f"`dask worker {self.address}`, or leave --scheduler out for an embedded cluster"
        )


class ClusterVersionError(SweepError):
    """Workers run other code than the client."""

    def __init__(self, worker: str, differences: tuple[str, ...]) -> None:
        super().__init__(worker, differences)
        self.worker, self.differences = worker, differences

    def __str__(self) -> str:
        return (
            f"worker {self.worker} differs from this client: {', '.join(self.differences)}; "
            "install the same sweeplake wheel and library versions there"
        )


@contextmanager
def connected(client: Client | str | None = None, workers: int | None = None) -> Iterator[Client]:
    """Yield a client; what was started here is closed here.

    Args:
        client: A Dask client, a scheduler's address, or None: the current client if there is one, else an
            embedded cluster of single-threaded processes.
        workers: Processes of an embedded cluster; None means one a core.

    Raises:
        ClusterUnreachableError: If no scheduler answers at the address, or it has no workers.
        ClusterVersionError: If a worker runs other versions.
    """
    if isinstance(client, Client):
        yield _warmed(checked(client))
    elif isinstance(client, str):
        with _connect(client) as remote:
            yield _warmed(checked(remote))
    elif workers is None and (current := _current_client()) is not None:
        yield _warmed(checked(current))
    else:
        with (
            dask.config.set(LOCAL_CONFIG),
            start_cluster(workers or os.cpu_count() or 1) as cluster,
            Client(cluster) as local,
        ):
            yield _warmed(local)


def _warmed(client: Client) -> Client:
    """Return the client; its workers, also those that join later, are warm before their first block."""
    client.register_plugin(Warm())
    return client


def checked(client: Client) -> Client:
    """Return the client once it has workers that run this code."""
    address = str(client.scheduler.address) if client.scheduler else "?"
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as error:
        raise ClusterUnreachableError(address, f"no worker joined in {WORKERS_SECONDS} s") from error
    here = code_versions()
    for worker, there in client.run(code_versions, on_error="return").items():
        if not isinstance(there, dict):
            raise ClusterVersionError(worker, (f"sweeplake cannot be imported ({there})",))
        differences = tuple(
            f"{name} {there.get(name)} there, {mine} here"
            for name, mine in here.items()
            if there.get(name) != mine
        )
        if differences:
            raise ClusterVersionError(worker, differences)
    return client


@cache
def code_versions() -> dict[str, str]:
    """Return what must be equal on client and workers: library versions, and a hash of this code itself."""
    return {name: version(name) for name in PACKAGES} | {"sweeplake code": _code_hash()}


def _code_hash() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for package in (lake, queries, sweeps):
        folder = Path(package.__path__[0])
        for file in sorted(folder.rglob("*.py")):
            digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _current_client() -> Client | None:
    try:
        return get_client()
    except ValueError:
        return None


@contextmanager
def _connect(address: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterUnreachableError(address, f"no scheduler answers ({error})") from error
    with client:
        yield client

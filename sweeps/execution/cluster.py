"""Cluster: the Dask client that a sweep runs on."""

import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import dask
from distributed import CancelledError, Client, get_client, wait
from distributed.comm.addressing import get_address_host_port, parse_address
from distributed.core import clean_exception
from distributed.protocol.pickle import dumps
from distributed.utils import silence_logging_cmgr

from lake.retrying import retried
from sweeps.errors import SweepError
from sweeps.execution.crew import answer, worker_states
from sweeps.execution.embedded import LOCAL_CONFIG, start_cluster
from sweeps.execution.versions import code_versions, differences, require_unchanged
from sweeps.execution.warm import Warm
from sweeps.execution.window import LEFT

T = TypeVar("T")
CONNECT_SECONDS = 15
RETRY_SECONDS = 0.2
STILL_SECONDS = 20
"""A worker that does not answer for so long is not waited for when a sweep begins."""
SOCKETS = ("tcp", "tls")
"""Protocols whose addresses are a host and a port."""
WORKERS_SECONDS = 60
GONE = "its scheduler is gone"


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
        CodeChangedError: If workers that are started here would.
    """
    if isinstance(client, Client):
        with _ready(client):
            yield client
    elif isinstance(client, str):
        with _connect(client) as remote, _ready(remote):
            yield remote
    elif not is_embedded(client, workers):
        with _ready(get_client()) as current:
            yield current
    else:
        require_unchanged()
        with (
            dask.config.set(LOCAL_CONFIG),
            start_cluster(workers or os.cpu_count() or 1) as cluster,
            Client(cluster) as local,
        ):
            _answered(lambda: local.register_plugin(Warm()))
            yield local


def is_embedded(client: Client | str | None, workers: int | None) -> bool:
    """Return whether `connected` would start an embedded cluster: there is no other one."""
    if client is not None or workers is not None:
        return client is None
    try:
        get_client()
    except ValueError:
        return True
    return False


@contextmanager
def _ready(client: Client) -> Iterator[Client]:
    """Yield the client of a cluster that is not ours, its workers checked and warm, also those that join.

    Raises:
        ClusterUnreachableError: If it has no workers, or its scheduler goes away meanwhile.
        ClusterVersionError: If a worker runs other versions.
    """
    address, warm = str(client.scheduler.address) if client.scheduler else "?", Warm()
    try:
        _check(client)
        _answered(lambda: _register(client, warm))
    except SweepError:
        raise
    except Exception as error:  # a client that lost its scheduler, and gave it up, may raise anything
        if client.status not in LEFT and not isinstance(error, OSError):
            raise
        raise ClusterUnreachableError(address, GONE) from error
    try:
        yield client
    finally:
        with suppress(ValueError):  # a scheduler that was started anew does not know it
            answer(client, lambda scheduler: scheduler.unregister_worker_plugin(name=warm.name))


def _check(client: Client) -> None:
    """Return once there are workers, and all that answer run this code.

    Those that join later are asked by `Warm`, and who stands still now when it is given a block. A cluster
    that scales to zero is given something to do, for it starts no worker before.
    """
    address = str(client.scheduler.address) if client.scheduler else "?"
    try:
        _await_work(client)
    except TimeoutError as error:
        raise ClusterUnreachableError(address, _reason(worker_states(client))) from error
    except CancelledError as error:
        raise ClusterUnreachableError(address, GONE) from error
    for worker, there in _answered(lambda: _versions(client)).items():
        if isinstance(there, OSError):  # it left meanwhile, or does not answer
            continue
        if not isinstance(there, dict):
            raise ClusterVersionError(worker, (f"sweeplake cannot be imported ({there})",))
        if different := differences(code_versions(), there):
            raise ClusterVersionError(worker, different)


def _await_work(client: Client) -> None:
    """Return once a worker did something; where one does not, another is asked.

    Raises:
        TimeoutError: If none does.
    """
    asked, begun = [], time.monotonic()
    while True:
        asked.append(client.submit(code_versions, pure=False))
        try:
            wait(asked, min(STILL_SECONDS, WORKERS_SECONDS), return_when="FIRST_COMPLETED")
        except TimeoutError:
            if time.monotonic() > begun + WORKERS_SECONDS:
                raise
        else:
            return


def _versions(client: Client) -> Mapping[str, object]:
    """Return what workers say that they run, or why not; of nobody, if one keeps all waiting."""
    found: dict[str, object] = {}
    with suppress(TimeoutError):
        found = client.run(code_versions, on_error="return", callback_timeout=STILL_SECONDS)
    return found


def _register(client: Client, warm: Warm) -> None:
    """Return once all workers are warm, or one keeps them waiting; those that join later will be."""

    def ask(scheduler: Any) -> Awaitable[dict[str, Any]]:
        asked: Awaitable[dict[str, Any]] = scheduler.register_worker_plugin(
            plugin=dumps(warm), name=warm.name, idempotent=False
        )
        return asked

    with suppress(TimeoutError):
        for answered in client.sync(ask, client.scheduler, callback_timeout=STILL_SECONDS).values():
            if answered["status"] == "error":
                raise clean_exception(**answered)[1] or RuntimeError(answered)


def _reason(workers: Mapping[str, str]) -> str:
    """Return why nothing was done, by the states of the workers that are there."""
    if workers:
        states = ", ".join(sorted(set(workers.values())))
        return (
            f"none of its {len(workers)} workers ({states}) did anything in {WORKERS_SECONDS} s; "
            "one that is paused needs a higher --memory-limit"
        )
    return (
        f"no worker joined in {WORKERS_SECONDS} s; if one leaves at once, a client of another release was "
        "killed here before: start the scheduler again"
    )


def _answered(ask: Callable[[], T]) -> T:
    """Return what all workers answer; they are asked again where one left meanwhile."""
    return retried(ask, lambda error: isinstance(error, OSError), WORKERS_SECONDS)


def _await_listening(address: str) -> None:
    """Return once something listens at an address; a client that finds nothing there takes long to be gone.

    Raises:
        OSError: If nothing does in time.
        ValueError: If it is no address.
    """
    if parse_address(address)[0] not in SOCKETS:
        return
    host, port = get_address_host_port(address, strict=True)
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            with socket.create_connection((host, port), CONNECT_SECONDS):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)


@contextmanager
def _connect(address: str) -> Iterator[Client]:
    """Yield a client; if it loses the scheduler, it tries to come back as long as Dask's settings say.

    That is `distributed.comm.timeouts.connect`, 30 s. A scheduler that was never there is told sooner. What
    Dask logs of connections meanwhile stays off the terminal, as with a cluster of its own on this machine:
    what is lost for good is an error of ours.
    """
    with silence_logging_cmgr(logging.CRITICAL):
        try:
            _await_listening(address)
            with Client(address, timeout=CONNECT_SECONDS, set_as_default=False):
                pass
            client = Client(address)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterUnreachableError(address, f"no scheduler answers ({error})") from error
        with client:
            yield client

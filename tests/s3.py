"""A test store: moto's S3 server on loopback, as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import s3fs

from tests.proxy import Proxy

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Bucket:
    """An empty bucket behind a proxy.

    Attributes:
        url: Address of a lake in it.
        proxy: What stands between it and every client whose environment is this process's.
        port: The server itself, past the proxy.
    """

    url: str
    proxy: Proxy
    port: int


@contextmanager
def serving(**settings: str) -> Iterator[int]:
    """Yield the port of a server that lives as long as this; settings go into its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    hidden = {**os.environ, **settings}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=hidden)
    try:
        _wait(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def make_bucket(port: int, name: str) -> None:
    """Create a bucket on the server itself, past any proxy."""
    key, secret = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    store = s3fs.S3FileSystem(
        key=key, secret=secret, endpoint_url=f"http://127.0.0.1:{port}", skip_instance_cache=True
    )
    store.mkdir(name)


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "the S3 server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError

"""What holds for every test."""

import faulthandler
import os
import threading
import uuid
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.proxy import Proxy
from tests.s3 import CREDENTIALS, Bucket, make_bucket, serving

settings.register_profile("untimed", deadline=None)  # a busy machine is no defect of the code
settings.load_profile("untimed")
_MOST_SECONDS = 1200.0
_UNBOUNDED = ("soak", "bench")
_told = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep where errors are written to, which tests put elsewhere meanwhile."""
    config.stash[_told] = os.dup(2)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """End the process of a test that never ends, saying where it is: its timeout bounds no teardown."""

    def end() -> None:
        os.write(item.config.stash[_told], f"\n{item.nodeid} does not end\n".encode())
        faulthandler.dump_traceback(item.config.stash[_told])
        os._exit(1)

    timer = threading.Timer(_MOST_SECONDS, end)
    timer.daemon = True
    if not any(map(item.get_closest_marker, _UNBOUNDED)):
        timer.start()
    try:
        return (yield)
    finally:
        timer.cancel()


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """An S3 server that all tests of this process share."""
    with serving() as port:
        yield port


@pytest.fixture
def bucket(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket behind a proxy of its own; the environment leads there."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    make_bucket(s3_port, name)
    with Proxy("127.0.0.1", s3_port) as proxy:
        for variable, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": proxy.endpoint}.items():
            monkeypatch.setenv(variable, value)
        yield Bucket(f"s3://{name}/lake", proxy, s3_port)

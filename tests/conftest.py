"""What holds for every test."""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.proxy import Proxy
from tests.s3 import CREDENTIALS, Bucket, make_bucket, serving

settings.register_profile("untimed", deadline=None)  # a busy machine is no defect of the code
settings.load_profile("untimed")


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

"""A lake on S3: ingest, sweep and questions against a real endpoint on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    try:
        _wait(port, server)
        import s3fs

        s3fs.S3FileSystem(endpoint_url=endpoint, skip_instance_cache=True).mkdir("bucket")
        yield "s3://bucket/lake"
    finally:
        server.terminate()
        server.wait()


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "the S3 server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError


def sweeplake(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "sweeplake", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False, timeout=240)


def test_a_sweep_runs_into_a_lake_on_s3_and_is_questioned_there(s3: str) -> None:
    ingested = sweeplake("ingest", "AAPL", "--source", "demo", "--lake", s3)
    assert ingested.returncode == 0, ingested.stderr
    ran = sweeplake("run", "configs/sma_cross_aapl.toml", "--lake", s3, "--workers", "1")
    assert ran.returncode == 0, ran.stderr
    best = sweeplake("best", "--lake", s3, "-n", "1", "--json")
    assert best.returncode == 0, best.stderr
    counted = sweeplake(
        "sql",
        "select count(*) as n, count(distinct run_id) as d from metrics",
        "--lake",
        s3,
        "--format",
        "csv",
    )
    assert counted.stdout.split() == ['"n","d"', "36,36"]


@pytest.mark.parametrize("url", ["s3://no-such-bucket/lake", "unreachable"])
def test_storage_that_does_not_answer_is_told_in_one_message(
    s3: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if url == "unreachable":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        url = s3
    answer = sweeplake("ingest", "AAPL", "--source", "demo", "--lake", url)
    assert answer.returncode == 2
    assert answer.stderr.startswith(
        ("error: cannot reach the lake s3://", "error: cannot write to the lake s3://")
    )
    assert "Traceback" not in answer.stderr

"""Addresses: what a lake's URL may be, and what else needs."""

import pickle
from pathlib import Path

import pytest

from lake.errors import LakeAddressError
from lake.lake import open_lake
from lake.storage import Storage
from tests.lake.runs import add_runs, rows_of
from tests.s3 import Bucket


@pytest.mark.parametrize(
    ("url", "extra"),
    [("gs://bucket/lake", "gcs"), ("az://box/lake", "azure"), ("abfss://box@account.dfs/lake", "azure")],
)
def test_a_store_whose_package_is_missing_names_what_to_install(url: str, extra: str) -> None:
    with pytest.raises(LakeAddressError, match=rf"pip install 'sweeplake\[{extra}\]'"):
        Storage(url)


@pytest.mark.parametrize("url", ["hdfs://host/lake", "http://host/lake", "memory://lake", "s4://bucket"])
def test_a_scheme_that_not_both_engines_speak_is_refused_with_those_that_are(url: str) -> None:
    with pytest.raises(LakeAddressError, match="unknown scheme; there are file, s3"):
        Storage(url)


def test_delta_is_told_the_endpoint_and_how_to_retry(bucket: Bucket) -> None:
    options = Storage(bucket.url).delta_options
    assert options["AWS_ENDPOINT_URL"] == bucket.proxy.endpoint
    assert options["AWS_ALLOW_HTTP"] == "true"
    assert int(options["max_retries"]) > 0


def test_the_endpoint_is_the_one_of_the_moment(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(f"{bucket.url}/")
    assert pickle.loads(pickle.dumps(storage)).fs is storage.fs  # noqa: S301  our own bytes
    assert storage.uri("bars/a") == f"{bucket.url}/bars/a"
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{bucket.port}")
    assert Storage(bucket.url).fs is not storage.fs
    assert not Storage(bucket.url).exists()
    assert bucket.proxy.seen == []


@pytest.mark.parametrize("name", ["a%20b", "q%25r", "x%2fy"])
def test_an_address_that_engines_take_for_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeAddressError, match="as one letter; choose another name"):
        open_lake(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a b", "100%", "a%b c", "é#?"])
def test_an_address_with_other_letters_is_one(tmp_path: Path, name: str) -> None:
    lake = open_lake(str(tmp_path / name))
    add_runs(lake, ["r1"])
    assert rows_of(lake, "metrics") == ["r1"]

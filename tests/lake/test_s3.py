"""Storage on an S3 server that fails for a moment, loses answers, or is not there."""

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest
import s3fs

from lake.errors import LakeUnreachableError, LakeUnwritableError
from lake.s3 import PART_BYTES
from lake.storage import Storage
from tests.proxy import Action, Hook, answer_lost, dropped, faulty, passed_on, refused, undisturbed
from tests.s3 import CREDENTIALS, Bucket, serving

LARGE = bytes(range(256)) * (PART_BYTES * 5 // 2 // 256)


def only(action: Action, method: str, part: str, times: int = 1) -> Hook:
    """Return a hook that does something to the first requests of a kind."""
    left = [times]

    def hook(asked: str, path: str, n: int) -> Action:
        if asked == method and part in path and left[0] > 0:
            left[0] -= 1
            return action
        return passed_on

    return hook


def test_every_operation_outlives_faults(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    assert not storage.exists()
    bucket.proxy.hook = faulty(0.3, seed=1)
    contents = {f"metrics/symbol=A%2FB/{n}.parquet": bytes([n]) * 1000 for n in range(20)}
    for path, data in contents.items():
        storage.put(path, data)
        assert storage.read(path) == data
        assert storage.size(path) == 1000
        assert storage.open(path, 1000).read() == data
        assert storage.modified(path) is not None
    assert {file.path for file in storage.walk("metrics")} == contents.keys()
    assert storage.list("metrics/symbol=A%2FB") == sorted(f"{n}.parquet" for n in range(20))
    storage.delete([*contents, "metrics/never.parquet"])
    assert list(storage.walk("")) == []
    assert storage.list("metrics") == []
    assert bucket.proxy.faults > 20


def test_a_writer_whose_answer_was_lost_knows_that_it_won(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    bucket.proxy.hook = only(answer_lost, "PUT", "owner", times=2)
    assert storage.put_if_absent("owner", b"mine")
    bucket.proxy.hook = only(answer_lost, "PUT", "owner")
    assert not storage.put_if_absent("owner", b"another's")
    assert storage.read("owner") == b"mine"


def _claims(url: str, writer: int, keys: int) -> list[int]:
    storage = Storage(url)
    return [key for key in range(keys) if storage.put_if_absent(f"claims/{key}", f"by {writer}".encode())]


def test_of_several_processes_one_wins_each_file_though_answers_are_lost(bucket: Bucket) -> None:
    bucket.proxy.hook = faulty(0.3, seed=2, faults=(answer_lost, dropped, refused(503, "SlowDown")))
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as processes:
        won = list(processes.map(_claims, [bucket.url] * 4, range(4), [12] * 4))
    bucket.proxy.hook = undisturbed
    assert sorted(key for keys in won for key in keys) == list(range(12))
    storage = Storage(bucket.url)
    for writer, keys in enumerate(won):
        assert all(storage.read(f"claims/{key}") == f"by {writer}".encode() for key in keys)


def test_a_large_file_goes_up_by_parts_and_a_part_that_fails_goes_again(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    bucket.proxy.hook = only(refused(500, "InternalError"), "PUT", "partNumber=2")
    storage.put("large", LARGE)
    parts = Counter(path.partition("partNumber=")[2][:1] for _, path in bucket.proxy.seen)
    assert {number: parts[number] for number in "123"} == {"1": 1, "2": 2, "3": 1}
    assert storage.read("large") == LARGE


def test_a_large_file_of_which_a_part_is_refused_is_not_there_at_all(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    bucket.proxy.hook = only(refused(403, "AccessDenied"), "PUT", "partNumber=2")
    with pytest.raises(LakeUnwritableError):
        storage.put("large", LARGE)
    assert storage.size("large") is None
    assert storage.fs.list_multipart_uploads(storage.root.split("/")[0]) == []


def test_a_large_file_is_whole_though_the_answer_to_its_completion_is_lost(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    bucket.proxy.hook = only(answer_lost, "POST", "uploadId=")
    storage.put("large", LARGE)
    bucket.proxy.hook = only(refused(404, "NoSuchUpload"), "POST", "uploadId=")
    with pytest.raises(LakeUnwritableError):
        storage.put("other", LARGE)
    assert storage.read("large") == LARGE
    assert storage.size("other") is None


def test_more_files_than_one_request_takes_are_deleted(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    storage.put("last", b"x")
    bucket.proxy.forget()
    storage.delete([f"never/{n}" for n in range(1500)] + ["last"])
    assert bucket.proxy.counts() == {"POST": 2}
    assert storage.size("last") is None


def test_a_file_of_known_size_is_read_without_asking_for_it(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    storage.put("file", b"0123456789")
    bucket.proxy.forget()
    with storage.open("file", 10) as source:
        source.seek(4)
        assert source.read(3) == b"456"
    known = storage.known({"file": 10})
    assert known.size(storage.uri("file")) == 10
    assert known.exists(storage.uri("file"))
    assert not known.exists(storage.uri("other"))
    assert bucket.proxy.seen == [("GET", f"/{storage.path('file')}")]


def test_a_bucket_that_is_missing_is_named_at_once(bucket: Bucket) -> None:
    with pytest.raises(LakeUnreachableError, match="bucket no-such-bucket does not exist"):
        Storage("s3://no-such-bucket/lake").exists()
    assert bucket.proxy.counts() == {"GET": 1}


def test_credentials_that_the_server_does_not_know_are_told(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(INITIAL_NO_AUTH_ACTION_COUNT="0") as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(LakeUnreachableError, match="credentials in the environment"):
            Storage(bucket.url).exists()
        with pytest.raises(LakeUnwritableError):
            Storage(bucket.url).put("file", b"x")


def test_an_endpoint_where_nobody_listens_is_told(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(LakeUnreachableError, match="AWS_ENDPOINT_URL"):
        Storage(bucket.url).exists()


def test_a_store_that_never_answered_is_given_up_after_a_few_attempts(bucket: Bucket) -> None:
    bucket.proxy.hook = faulty(1.0, faults=(dropped,))
    with pytest.raises(LakeUnreachableError):
        Storage(bucket.url).exists()
    assert 1 < len(bucket.proxy.seen) <= 20  # a client sends twice what broke off on a kept connection


def test_a_folder_that_comes_to_be_while_it_is_walked_is_no_file(bucket: Bucket) -> None:
    storage = Storage(bucket.url)
    key, secret = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    endpoint = f"http://127.0.0.1:{bucket.port}"
    rival = s3fs.S3FileSystem(key=key, secret=secret, endpoint_url=endpoint, skip_instance_cache=True)
    asked = []

    def put_after_the_listing(method: str, path: str, n: int) -> Action:
        del path, n
        asked.append(method)
        if asked == ["GET", "HEAD"]:
            rival.pipe_file(storage.path("metrics/a.parquet").removeprefix("s3://"), b"rows")
        return passed_on

    bucket.proxy.hook = put_after_the_listing
    assert list(storage.walk("metrics")) == []
    assert asked[:2] == ["GET", "HEAD"]
    assert [file.path for file in storage.walk("metrics")] == ["metrics/a.parquet"]


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_file_of_known_size_is_read_in_any_pieces(bucket: Bucket, size: int) -> None:
    storage, data = Storage(bucket.url), (bytes(range(251)) * (size // 251 + 1))[:size]
    storage.put("file", data)
    for piece in (size, size * 2, max(1, size // 3), -1):
        with storage.open("file", size) as source:
            read = b""
            while got := source.read(piece):
                read += got
            assert (read, source.tell()) == (data, size)
    with storage.open("file", size + 1) as source, pytest.raises(OSError, match="ends earlier"):
        source.read()

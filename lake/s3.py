"""S3: fsspec's filesystem with one policy of retries for every request."""

import asyncio
import errno
import os
from collections.abc import Mapping
from typing import Any

import botocore.exceptions
from aiohttp import ClientPayloadError
from botocore.parsers import ResponseParserError
from fsspec.asyn import sync_wrapper
from s3fs import S3FileSystem
from s3fs.errors import translate_boto_error

from lake.retrying import retried_async

PATIENCE_SECONDS = 30.0
"""How long a store is asked again that answered before."""
FIRST_PATIENCE_SECONDS = 5.0
"""How long a store is asked again that never answered yet: its address is probably wrong."""
PART_BYTES = 16 * 2**20
"""Size of an upload's parts; a file of two or more goes up by parts."""

_STATUS = frozenset({408, 429, 500, 502, 503, 504, 509})
_CODES = frozenset(
    {"ConditionalRequestConflict", "IncompleteBody", "InternalError", "OperationAborted", "RequestTimeout"}
    | {"RequestLimitExceeded", "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException"}
    | {"TooManyRequests", "TooManyRequestsException", "XAmzContentSHA256Mismatch"}
)
_BROKEN = (
    botocore.exceptions.ConnectionError,
    botocore.exceptions.HTTPClientError,
    ClientPayloadError,
    ResponseParserError,
    TimeoutError,
    asyncio.TimeoutError,
)


class S3Files(S3FileSystem):  # type: ignore[misc]
    """S3 by the environment: `AWS_ENDPOINT_URL`, `AWS_REGION`, and credentials as AWS's own tools find them.

    Errors of the server (5xx), throttling and broken connections are tried again, with growing and random
    pauses: for `PATIENCE_SECONDS`, or for `FIRST_PATIENCE_SECONDS` if the store never answered. botocore's
    own retries are off, so that there is one count. Listings are not cached: others write here too.
    """

    def __init__(self, endpoint_url: str | None, region_name: str | None) -> None:
        super().__init__(
            endpoint_url=endpoint_url,
            client_kwargs={"region_name": region_name} if region_name else {},
            config_kwargs={"retries": {"total_max_attempts": 1, "mode": "standard"}},
            use_listings_cache=False,
        )
        self.answered = False

    async def _call_s3(self, method: str, *given: Any, **named: Any) -> Any:
        await self.set_session()
        call = getattr(await self.get_s3(named.get("Bucket")), method)
        arguments = self._get_s3_method_kwargs(call, *given, **named)

        async def once() -> Any:
            answer = await call(**arguments)
            self.answered = True
            return answer

        try:
            return await retried_async(once, self._is_transient, self._patience)
        except _BROKEN as error:  # s3fs would start all over again on its own errors
            raise ConnectionError(errno.ECONNABORTED, str(error)) from error
        except botocore.exceptions.ClientError as error:
            raise _translated(error, named) from error

    call_s3 = sync_wrapper(_call_s3)

    async def _cat_file(self, path: str, **given: Any) -> bytes:
        # One request and no question for the size first; several at a time only where a caller asks so.
        return bytes(await super()._cat_file(path, **{"max_concurrency": 1, **given}))

    async def _pipe_file(self, path: str, data: bytes, **given: Any) -> Any:
        return await super()._pipe_file(
            path, data, **{"chunksize": PART_BYTES, "max_concurrency": 4, **given}
        )

    async def _bulk_delete(self, pathlist: list[str], **given: Any) -> list[str]:
        """Remove up to 1,000 objects; unlike the base class, say so if one could not be removed."""
        bucket, _, _ = self.split_path(pathlist[0])
        objects = [{"Key": self.split_path(path)[1]} for path in pathlist]
        answer = await self._call_s3(
            "delete_objects", given, Bucket=bucket, Delete={"Objects": objects, "Quiet": True}
        )
        for error in answer.get("Errors", ()):
            raise PermissionError(
                errno.EACCES, f"{error.get('Code')}: {error.get('Message')}", error.get("Key")
            )
        return pathlist

    delete_objects = sync_wrapper(_bulk_delete)

    def _is_transient(self, error: Exception) -> bool:
        if isinstance(error, botocore.exceptions.ClientError):
            self.answered = True
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return status in _STATUS or error.response.get("Error", {}).get("Code") in _CODES
        return isinstance(error, _BROKEN) and not isinstance(error, botocore.exceptions.SSLError)

    def _patience(self) -> float:
        return PATIENCE_SECONDS if self.answered else FIRST_PATIENCE_SECONDS


def _translated(error: botocore.exceptions.ClientError, named: Mapping[str, Any]) -> Exception:
    """Return a server's error as one of Python's own."""
    code = error.response.get("Error", {}).get("Code")
    if code == "NoSuchBucket":
        return ConnectionError(errno.ENOENT, f"the bucket {named.get('Bucket')} does not exist")
    if code == "PreconditionFailed" and "IfNoneMatch" in named:  # not every store names the condition
        return FileExistsError(errno.EEXIST, "the object exists", named.get("Key"))
    translated: Exception = translate_boto_error(error)
    return translated


def open_s3() -> S3Files:
    """Return the filesystem that the environment describes; the same one for the same environment."""
    return S3Files(endpoint(), os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))


def endpoint() -> str | None:
    """Return the endpoint that is not AWS's own, from the environment."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")

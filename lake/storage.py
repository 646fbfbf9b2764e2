"""Storage: the one place where a lake's URL becomes a filesystem and Delta's address."""

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lake.errors import LakeError


class LakeUnwritableError(LakeError):
    """The lake's place cannot be written."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return (
            f"cannot write to the lake {self.url}: {self.reason}; "
            "give another place with --lake or $SWEEPLAKE_LAKE"
        )


class LakeAddressError(LakeError):
    """The lake's URL is not understood."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"cannot open the lake {self.url!r}: {self.reason}; use a folder, file://..., or s3://bucket/prefix"


class LakeUnreachableError(LakeError):
    """The lake's storage does not answer."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return (
            f"cannot reach the lake {self.url}: {self.reason}; see that the bucket exists, "
            "that AWS_ENDPOINT_URL is right, and that the credentials in the environment may use it"
        )


@dataclass(frozen=True)
class StoredFile:
    """One file of a lake, committed or not.

    Attributes:
        path: Path relative to the lake's root.
        size_bytes: Its size.
        modified_at: When it was last written, by the store's clock; UTC.
    """

    path: str
    size_bytes: int
    modified_at: datetime


class Storage:
    """Bytes of one lake, on local disk or object storage.

    Credentials and endpoints come from the environment (``AWS_*`` for S3). Paths are relative to the lake's
    root. Instances are picklable and safe to use from several threads.
    """

    def __init__(self, url: str) -> None:
        """Resolve a URL; touches nothing.

        Args:
            url: A folder, or any fsspec URL that delta-rs also speaks.

        Raises:
            LakeAddressError: If the scheme is unknown or its package is not installed.
        """
        try:
            self.fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise LakeAddressError(url, str(error)) from error
        self.local = isinstance(self.fs, LocalFileSystem)
        self.root = str(Path(root).resolve()) if self.local else root.rstrip("/")
        self.url = self.root if self.local else f"{url.split('://', 1)[0]}://{self.root}"

    def __reduce__(self) -> tuple[type["Storage"], tuple[str]]:
        return Storage, (self.url,)

    @property
    def delta_options(self) -> dict[str, str]:
        """What delta-rs needs beside the environment: plain HTTP where the endpoint is that."""
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        return {"AWS_ALLOW_HTTP": "true"} if plain and not self.local else {}

    def path(self, relative: str) -> str:
        """Return the filesystem's own path of a file of the lake."""
        return f"{self.root}/{relative}"

    def uri(self, relative: str) -> str:
        """Return the address that other engines open."""
        return f"{self.url}/{relative}"

    def exists(self) -> bool:
        """Return whether anything was ever written here.

        Raises:
            LakeUnreachableError: If the storage does not answer.
        """
        try:
            return bool(self.fs.exists(self.path("_lake.json")))
        except Exception as error:  # each store's own kinds: refused, forbidden, no such host, time-out
            raise LakeUnreachableError(self.url, f"{type(error).__name__}: {error}") from error

    def read(self, relative: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: If it is not there.
        """
        return bytes(self.fs.cat_file(self.path(relative)))

    def list(self, relative: str) -> list[str]:
        """Return the names in a folder, sorted; empty if there is no such folder."""
        try:
            self.fs.invalidate_cache()
            return sorted(entry.rsplit("/", 1)[-1] for entry in self.fs.ls(self.path(relative), detail=False))
        except FileNotFoundError:
            return []

    def walk(self, relative: str) -> Iterator[StoredFile]:
        """Yield every file below a folder, at any depth, in no order; nothing if there is no such folder.

        Temporaries that a crash left beside their targets are among them. Paths are relative to the lake's
        root, as `delete` takes them. A file that goes meanwhile may be left out.
        """
        if self.local:
            yield from self._walk_disk(Path(self.path(relative)))
            return
        self.fs.invalidate_cache()
        for path, info in self.fs.find(self.path(relative), detail=True).items():
            yield StoredFile(path.removeprefix(f"{self.root}/"), int(info["size"]), _modified(info))

    def _walk_disk(self, folder: Path) -> Iterator[StoredFile]:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                with suppress(FileNotFoundError):
                    held = path.stat()
                    at = datetime.fromtimestamp(held.st_mtime, UTC)
                    yield StoredFile(path.relative_to(self.root).as_posix(), held.st_size, at)

    def size(self, relative: str) -> int | None:
        """Return a file's size in bytes; None if it is not there."""
        info = self._info(relative)
        return None if info is None else int(info["size"])

    def modified(self, relative: str) -> datetime | None:
        """Return when a file was last written, by the store's clock, UTC; None if it is not there."""
        info = self._info(relative)
        return None if info is None else _modified(info)

    def _info(self, relative: str) -> Mapping[str, Any] | None:
        try:
            self.fs.invalidate_cache()
            info: Mapping[str, Any] = self.fs.info(self.path(relative))
        except FileNotFoundError:
            return None
        return info if info["type"] == "file" else None

    def delete(self, relatives: Sequence[str]) -> None:
        """Remove files, many at a time; those that are not there are no error. Safe to repeat."""
        if self.local:
            for relative in relatives:
                Path(self.path(relative)).unlink(missing_ok=True)
        elif relatives:
            self.fs.rm([self.path(relative) for relative in relatives])

    def put(self, relative: str, data: bytes | memoryview) -> None:
        """Write a file whose name nobody else uses; on return it is durable, and it is never seen half."""
        path = self.path(relative)
        if not self.local:
            self.fs.pipe_file(path, bytes(data))
            return
        temporary = self._temporary(path, data)
        os.replace(temporary, path)  # noqa: PTH105

    def put_if_absent(self, relative: str, data: bytes) -> bool:
        """Write a file unless it exists; of several writers exactly one gets True. Safe to retry."""
        path = self.path(relative)
        if not self.local:
            try:
                self.fs.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            return True
        temporary = self._temporary(path, data)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            Path(temporary).unlink()
        return True

    def make_writable(self) -> None:
        """Create the lake's root.

        Raises:
            LakeUnwritableError: If it cannot be created or written.
        """
        try:
            if self.local:
                Path(self.root).mkdir(parents=True, exist_ok=True)
            probe = f"_probe-{uuid.uuid4().hex}"
            self.put(probe, b"")
            self.fs.rm_file(self.path(probe))
        except OSError as error:
            raise LakeUnwritableError(self.url, error.strerror or str(error)) from error
        except Exception as error:  # each store's own kinds
            raise LakeUnwritableError(self.url, f"{type(error).__name__}: {error}") from error

    @staticmethod
    def _temporary(path: str, data: bytes | memoryview) -> str:
        """Write and sync a temporary neighbour; readers skip names that begin with an underscore."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"_{target.name}.{uuid.uuid4().hex}")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return str(temporary)


def _modified(info: Mapping[str, Any]) -> datetime:
    """Return the time of writing, by whichever name a store's filesystem has it."""
    for name in ("LastModified", "last_modified", "mtime", "updated"):
        at = info.get(name)
        if isinstance(at, (int, float)):
            return datetime.fromtimestamp(at, UTC)
        if isinstance(at, str):
            at = datetime.fromisoformat(at)
        if at is not None:
            return at.astimezone(UTC)
    raise KeyError("modified")

"""Storage: the one place where a lake's URL becomes a filesystem and Delta's address."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from lake import disk
from lake.errors import LakeAddressError, LakeError, LakeUnreachableError, LakeUnwritableError
from lake.known import KnownFile, KnownFiles
from lake.stores import LOCAL_SCHEMES, STORES, modified_at, scheme_of

_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
DELETED_AT_ONCE = 1000


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
    root. Instances are picklable and safe to use from several threads. What a store refuses or loses for a
    moment is tried again (`lake/s3.py`); every method but `put_if_absent` may raise `LakeUnreachableError`
    with nothing known but that, writing ones `LakeUnwritableError`, and may then be repeated.
    """

    def __init__(self, url: str) -> None:
        """Resolve a URL; touches nothing.

        Args:
            url: A folder, file://..., s3://..., or the address of another store that delta-rs also speaks.

        Raises:
            LakeAddressError: If the scheme is unknown, its package is not installed, or engines would take
                the address for another one.
        """
        self.local = scheme_of(url) in LOCAL_SCHEMES
        self._store = None if self.local else STORES.get(scheme_of(url))
        if self._store is not None:
            try:
                self.fs = self._store.filesystem()
            except ImportError as error:
                remedy = f"install its package first: pip install 'sweeplake[{self._store.extra}]'"
                raise LakeAddressError(url, f"{error}; {remedy}") from error
            self.root, self.url = str(self.fs._strip_protocol(url)).rstrip("/"), url.rstrip("/")  # noqa: SLF001
        elif self.local:
            self.fs, root = fsspec.core.url_to_fs(url)
            self.root = self.url = str(Path(root).resolve())
        else:
            raise LakeAddressError(url, f"unknown scheme; there are file, {', '.join(STORES)}")
        if escape := _ESCAPE.search(self.root):
            reason = f"some engines read {escape[0]!r} in {self.root} as one letter; choose another name"
            raise LakeAddressError(url, reason)

    def __reduce__(self) -> tuple[type["Storage"], tuple[str]]:
        return Storage, (self.url,)

    @property
    def delta_options(self) -> dict[str, str]:
        """What delta-rs needs beside the environment: how to retry, and the endpoint."""
        return {} if self._store is None else dict(self._store.delta_options())

    def path(self, relative: str) -> str:
        """Return the filesystem's own path of a file of the lake."""
        return f"{self.root}/{relative}"

    def uri(self, relative: str) -> str:
        """Return the address that other engines open."""
        return f"{self.url}/{relative}"

    def exists(self) -> bool:
        """Return whether anything was ever written here.

        Raises:
            LakeUnreachableError: If the storage does not answer, or has no such bucket.
        """
        return self.read_if_there("_lake.json") is not None

    def read_if_there(self, relative: str) -> bytes | None:
        """Return a file's bytes; None if it is not there."""
        try:
            return self.read(relative)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, relative: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: If it is not there.
        """
        with self._reaching():
            return bytes(self.fs.cat_file(self.path(relative)))

    def open(self, relative: str, size_bytes: int) -> BinaryIO:
        """Open a file whose size is known, to read ranges of it; each range is one request."""
        if self.local:
            return Path(self.path(relative)).open("rb")
        opened: BinaryIO = KnownFile(self.fs, self.path(relative), size_bytes)
        return opened

    def known(self, sizes: Mapping[str, int]) -> KnownFiles:
        """Return a filesystem for engines that has these files, their sizes known, and nothing else.

        Args:
            sizes: Bytes by path relative to the lake's root.
        """
        return KnownFiles(self.fs, {self.path(relative): size for relative, size in sizes.items()})

    def list(self, relative: str) -> list[str]:
        """Return the names in a folder, sorted; empty if there is no such folder."""
        try:
            with self._reaching():
                self.fs.invalidate_cache()
                paths = self.fs.ls(self.path(relative), detail=False)
        except FileNotFoundError:
            return []
        return sorted(path.rsplit("/", 1)[-1] for path in paths)

    def walk(self, relative: str) -> Iterator[StoredFile]:
        """Yield every file below a folder, at any depth, in no order; nothing if there is no such folder.

        Temporaries that a crash left beside their targets are among them. Paths are relative to the lake's
        root, as `delete` takes them. A file that goes meanwhile may be left out.

        Raises:
            LakeUnreachableError: If not all of it can be listed.
        """
        if self.local:
            with self._reaching():
                for path, held in disk.walk(Path(self.path(relative))):
                    at = datetime.fromtimestamp(held.st_mtime, UTC)
                    yield StoredFile(path.relative_to(self.root).as_posix(), held.st_size, at)
            return
        with self._reaching():
            self.fs.invalidate_cache()
            found = self.fs.find(self.path(relative).rstrip("/"), detail=True)
        files = ((name, info) for name, info in found.items() if info["type"] == "file")
        for name, info in files:  # a folder that came to be meanwhile may be found itself
            yield StoredFile(name.removeprefix(f"{self.root}/"), int(info["size"]), modified_at(info))

    def size(self, relative: str) -> int | None:
        """Return a file's size in bytes; None if it is not there."""
        info = self._info(relative)
        return None if info is None else int(info["size"])

    def modified(self, relative: str) -> datetime | None:
        """Return when a file was last written, by the store's clock, UTC; None if it is not there."""
        info = self._info(relative)
        return None if info is None else modified_at(info)

    def delete(self, relatives: Sequence[str]) -> None:
        """Remove files, many at a time; those that are not there are no error. Safe to repeat."""
        paths = [self.path(relative) for relative in relatives]
        with self._writing():
            if self.local:
                for path in paths:
                    Path(path).unlink(missing_ok=True)
                return
            for first in range(0, len(paths), DELETED_AT_ONCE):
                self._delete(paths[first : first + DELETED_AT_ONCE])

    def put(self, relative: str, data: bytes | memoryview) -> None:
        """Write a file whose name nobody else uses; on return it is durable, and it is never seen half."""
        path = self.path(relative)
        with self._writing():
            if self.local:
                disk.replace(Path(path), data)
                return
            try:
                self.fs.pipe_file(path, bytes(data))
            except FileNotFoundError:
                # An upload by parts whose completion was done and the answer lost is known no more.
                if self.size(relative) != len(data):
                    raise

    def put_if_absent(self, relative: str, data: bytes) -> bool:
        """Write a file unless it exists; of several writers with different bytes exactly one gets True.

        True means: these bytes lie there, now and for good. So a writer whose first answer was lost gets
        True from its retry, and one whose bytes may equal another's puts a token of its own into them.

        Raises:
            LakeUnwritableError: If the store did not answer; whether the file was written is not known.
        """
        path = self.path(relative)
        with self._writing():
            written = disk.link_if_absent(Path(path), data) if self.local else self._create(path, data)
            return written or self.read(relative) == data

    def make_writable(self) -> None:
        """Create the lake's root, and see that of two writers of one name only one is let in.

        Raises:
            LakeUnwritableError: If it cannot be created or written, or overwrites what is there.
        """
        probe = f"_probe-{uuid.uuid4().hex}"
        self.put_if_absent(probe, b"first")
        only_one = not self.put_if_absent(probe, b"second")
        self.delete([probe])
        if not only_one:
            raise LakeUnwritableError(
                self.url, "the store overwrites objects, as it has no conditional writes"
            )

    @property
    def _is_s3(self) -> bool:
        return self._store is not None and self._store.protocol == "s3"

    def _create(self, path: str, data: bytes) -> bool:
        try:
            whole = {"chunksize": len(data) + 1} if self._is_s3 else {}  # one request, one condition
            self.fs.pipe_file(path, data, mode="create", **whole)
        except FileExistsError:
            return False
        return True

    def _delete(self, paths: Sequence[str]) -> None:
        if self._is_s3:
            self.fs.delete_objects(paths)
            return
        for path in paths:
            with suppress(FileNotFoundError):
                self.fs.rm_file(path)

    def _info(self, relative: str) -> Mapping[str, Any] | None:
        try:
            with self._reaching():
                self.fs.invalidate_cache()
                info: Mapping[str, Any] = self.fs.info(self.path(relative))
        except FileNotFoundError:
            return None
        return info if info["type"] == "file" else None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Tell what a store's filesystem raises in one kind of error; a missing file stays one."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, LakeError):
            raise
        except Exception as error:  # each store's own kinds: refused, forbidden, no such host, time-out
            raise LakeUnreachableError(self.url, _reason(error)) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except LakeError:
            raise
        except Exception as error:  # each store's own kinds, and a disk that is full or not ours
            raise LakeUnwritableError(self.url, _reason(error)) from error


def _reason(error: Exception) -> str:
    """Return an error in one line."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}".partition("\n")[0]

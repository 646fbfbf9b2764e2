"""Known files: reading files of an object store whose sizes are known, without asking for them."""

import errno
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.spec import AbstractBufferedFile

WRITTEN_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""When every known file was last changed, as far as caches ask: files of a lake never change."""

ENDS_EARLY = "the file ends earlier than when it was committed"
"""What is said of a file that is shorter than it is known to be."""


class KnownFile(AbstractBufferedFile):  # type: ignore[misc]
    """A file of known size, read by ranges; opening it asks the store nothing."""

    def __init__(self, store: AbstractFileSystem, path: str, size_bytes: int) -> None:
        super().__init__(store, path, "rb", cache_type="none", size=size_bytes)

    def _fetch_range(self, start: int, end: int) -> bytes:
        last = min(end, self.size)  # readers may ask for more than there is
        if start >= last:
            return b""
        try:
            found = bytes(self.fs.cat_file(self.path, start=start, end=last))
        except FileNotFoundError:  # stores do not say which
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.path) from None
        except Exception as error:
            if not _is_behind_the_end(error):
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                # Each store's own kinds. Arrow tells of content by errors without a number: this is none.
                reason = f"{type(error).__name__}: {error}".partition("\n")[0]
                raise ConnectionError(errno.ECONNABORTED, reason, self.path) from error
            found = b""
        if len(found) < last - start:
            raise OSError(errno.EIO, ENDS_EARLY, self.path)
        return found


def _is_behind_the_end(error: Exception) -> bool:
    """Say whether an error is S3's answer to a range that begins behind the end of a file."""
    answer = getattr(error.__cause__, "response", None)
    told = answer.get("Error", {}).get("Code") if isinstance(answer, Mapping) else None
    return told in {"InvalidRange", "416"}


class KnownFiles(AbstractFileSystem):  # type: ignore[misc]
    """A view of a store that has the files of one snapshot and nothing else, and knows their sizes.

    DuckDB asks for size and time of every file it opens: a HEAD request each, if the store is asked.
    """

    cachable = False

    def __init__(self, store: AbstractFileSystem, sizes: Mapping[str, int]) -> None:
        """Show some files.

        Args:
            store: The filesystem that has them.
            sizes: Bytes by the filesystem's own path.
        """
        super().__init__()
        self.protocol = store.protocol
        self._store, self._sizes = store, sizes

    def _strip_protocol(self, path: str) -> str:
        return str(self._store._strip_protocol(path))  # noqa: SLF001  fsspec's own way

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return what is known of a file.

        Raises:
            FileNotFoundError: If the snapshot does not have it.
        """
        stripped = self._strip_protocol(path)
        try:
            size = self._sizes[stripped]
        except KeyError:
            raise FileNotFoundError(path) from None
        return {"name": stripped, "size": size, "type": "file", "mtime": WRITTEN_ONCE.timestamp()}

    def modified(self, path: str) -> datetime:
        """Return a time that never changes, as the files."""
        self.info(path)
        return WRITTEN_ONCE

    def glob(self, path: str, **_: Any) -> list[str]:
        """Return the path itself: no pattern is ever asked for."""
        return [self._strip_protocol(path)]

    def _open(self, path: str, mode: str = "rb", **_: Any) -> KnownFile:
        if mode != "rb":
            raise PermissionError(f"{path}: files of a lake are only read here")
        return KnownFile(self._store, path, self.info(path)["size"])

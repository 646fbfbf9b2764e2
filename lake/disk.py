"""Disk: files that appear whole or not at all, and are still there after the power went."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes | memoryview) -> None:
    """Write a file; on return it is durable, and it is never seen half.

    A crash may leave a temporary `_<name>.<uuid>` beside it, which readers skip.
    """
    temporary = _temporary(path, data)
    temporary.replace(path)
    _sync(path.parent)


def link_if_absent(path: Path, data: bytes) -> bool:
    """Write a file as `replace` does, unless it exists; of several writers exactly one gets True."""
    temporary = _temporary(path, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    _sync(path.parent)
    return True


def walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every file below a folder, at any depth, in no order; what goes meanwhile is left out.

    Raises:
        OSError: If a folder cannot be listed: what lies there is not nothing.
    """
    for parent, _, names in os.walk(folder, onerror=_raise_unless_gone):
        for name in names:
            path = Path(parent, name)
            with suppress(FileNotFoundError):
                yield path, path.stat()


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _temporary(path: Path, data: bytes | memoryview) -> Path:
    _make_folder(path.parent)
    temporary = path.with_name(f"_{path.name}.{uuid.uuid4().hex}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _make_folder(folder: Path) -> None:
    """Create a folder and those above it, each durable in the one above."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(folder)) from None
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable: a rename is only that after its folder was synced."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

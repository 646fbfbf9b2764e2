"""Files: written whole or not at all, where they are regular ones."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from queries.errors import BadValueError


def require_folder(path: Path) -> None:
    """Return if a file's folder is there, before anything is computed for it.

    Raises:
        BadValueError: If not.
    """
    if not path.resolve().parent.is_dir() and not path.exists():
        raise BadValueError("file", str(path), f"there is no folder {path.parent}; make it first")


def whole(path: Path, write: Callable[[BinaryIO], int]) -> int:
    """Return what a function returns that writes a file, which is then there, or stays as it was.

    A link stays, and what it leads to is written; a file that is replaced keeps its mode. What is no regular
    file, as a pipe or a device, is written as it comes.

    Raises:
        BadValueError: If the file cannot be written.
    """
    try:
        mode = _mode(path)
        if mode is not None and not stat.S_ISREG(mode):
            with path.open("wb") as sink:
                return write(sink)
        return _replaced(path.resolve(), mode, write)
    except OSError as error:
        raise BadValueError("file", str(path), error.strerror or str(error)) from error


def _replaced(path: Path, mode: int | None, write: Callable[[BinaryIO], int]) -> int:
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("xb") as sink:
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
            count = write(sink)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _mode(path: Path) -> int | None:
    """Return the mode of what is there, links followed; None if there is nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None

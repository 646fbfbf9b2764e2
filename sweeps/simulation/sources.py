"""Sources: a digest of this package's own text, under which compiled code is cached."""

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numba


@cache
def source_digest() -> str:
    """Return a digest of every source file of the package."""
    digest = blake2b(digest_size=7)
    for text in _texts(files("sweeps.simulation")):
        digest.update(text)
    return digest.hexdigest()


def _texts(folder: Traversable) -> Iterator[bytes]:
    for part in sorted(folder.iterdir(), key=lambda part: part.name):
        if part.is_dir():
            yield from _texts(part)
        elif part.name.endswith(".py") and not part.name.startswith("."):  # an editor's lock begins with one
            yield part.read_bytes()


def door(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator of a compiled function that Python calls, kept on disk by the digest.

    numba's disk cache looks at the file of the cached function alone: an edit of a function that it calls
    from another file would go unseen. And where its file tells of a class that is no more, it raises. So the
    digest is part of the file's name.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        function.__qualname__ = f"{function.__qualname__}-{source_digest()}"
        return numba.njit(nogil=True, cache=True, error_model="numpy", **options)(function)

    return compiled

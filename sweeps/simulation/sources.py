"""Sources: a digest of this package's own text, the key under which compiled code is cached."""

from functools import cache
from hashlib import blake2b
from pathlib import Path


@cache
def source_digest() -> int:
    """Return a digest of every source file of the package.

    numba's disk cache looks at the file of the cached function alone; an edit of a function that it calls
    from another file would go unseen. A value that a function captures is part of the cache's key, so the
    compiled doors capture this one.
    """
    digest = blake2b(digest_size=7)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return int.from_bytes(digest.digest(), "big")

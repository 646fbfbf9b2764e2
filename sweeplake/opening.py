"""Opening a lake."""

import os

from lake.lake import open_lake
from sweeplake.addresses import DEFAULT_LAKE, LAKE_VARIABLE
from sweeplake.lake import Lake


def open(url: "str | os.PathLike[str] | None" = None) -> Lake:  # noqa: A001  sl.open is what users write
    """Open a lake; nothing is created before the first write.

    Args:
        url: A folder, file://... or s3://bucket/prefix; None is `$SWEEPLAKE_LAKE`, else var/lake.

    Raises:
        LakeAddressError: If the scheme is unknown or its package is not installed.
        LakeFormatError: If another format wrote it.
    """
    chosen = os.fspath(url) if url is not None else os.environ.get(LAKE_VARIABLE)
    return Lake(open_lake(chosen or DEFAULT_LAKE))


def held(lake: "Lake | str | os.PathLike[str] | None") -> Lake:
    """Return a lake that is open already, or open it."""
    return lake if isinstance(lake, Lake) else open(lake)

"""Opening a lake."""

import os
from typing import TYPE_CHECKING

from lake.errors import LakeAddressError
from lake.lake import PinnedLakeError, open_lake
from sweeplake.addresses import DEFAULT_LAKE, LAKE_VARIABLE
from sweeplake.lake import Lake

if TYPE_CHECKING:
    from datetime import datetime


def open(  # noqa: A001  sl.open is what users write
    url: "str | os.PathLike[str] | None" = None,
    *,
    version: int | None = None,
    as_of: "datetime | str | None" = None,
) -> Lake:
    """Open a lake; nothing is created before the first write.

    Args:
        url: A folder, file://... or s3://bucket/prefix; None is `$SWEEPLAKE_LAKE`, else var/lake.
        version: Read it as it was when `metrics` came to this version; see `sweeplake history`.
        as_of: Read it as it was at this time, UTC unless it says otherwise. A lake that is opened so is for
            reading alone, and stays there.

    Raises:
        LakeAddressError: If it is no address, the scheme is unknown or its package is not installed.
        LakeFormatError: If another format wrote it.
        VersionGoneError: When it is first asked, if it no longer has that version.
    """
    return Lake(open_lake(_address(url)), version=version, as_of=as_of)


def _address(url: object) -> str:
    if url is None:
        return os.environ.get(LAKE_VARIABLE) or DEFAULT_LAKE
    address = os.fspath(url) if isinstance(url, os.PathLike) else url
    if not isinstance(address, str):
        raise LakeAddressError(repr(url), f"it is of type {type(url).__name__}")
    if not address:
        raise LakeAddressError(address, "it is empty")
    return address


def written(lake: "Lake | str | os.PathLike[str] | None") -> Lake:
    """Return a lake that may be written; arguments as `held`.

    Raises:
        PinnedLakeError: If it is open at an earlier version or time.
    """
    opened = held(lake)
    if opened.is_pinned:
        raise PinnedLakeError(opened.url)
    return opened


def held(lake: "Lake | str | os.PathLike[str] | None") -> Lake:
    """Return a lake that is open already, or open it."""
    return lake if isinstance(lake, Lake) else open(lake)

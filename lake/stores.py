"""Stores: the kinds of places a lake can be at, and the filesystem and the Delta options of each.

Everything comes from the environment: each store's credentials and endpoint by the names its own tools use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import fsspec

RETRIES = {
    "max_retries": "10",
    "retry_timeout": "30s",
    "backoff_config.init_backoff": "100ms",
    "backoff_config.max_backoff": "5s",
    "backoff_config.base": "2",
    "connect_timeout": "5s",
}
"""How delta-rs asks again: as long and with such pauses as the filesystems do (`lake/s3.py`)."""


@dataclass(frozen=True)
class Store:
    """A kind of object storage that fsspec and delta-rs both speak.

    Attributes:
        package: Module of fsspec's filesystem.
        extra: What to install it by: `pip install 'sweeplake[extra]'`.
        protocol: fsspec's name for it.
    """

    package: str
    extra: str
    protocol: str

    def filesystem(self) -> Any:
        """Return its filesystem, set up from the environment.

        Raises:
            ImportError: If its package is not installed.
        """
        import_module(self.package)
        if self.protocol == "s3":
            return import_module("lake.s3").open_s3()
        return fsspec.filesystem(self.protocol)

    def delta_options(self) -> Mapping[str, str]:
        """Return what delta-rs needs beside the environment."""
        endpoint = import_module("lake.s3").endpoint() if self.protocol == "s3" else None
        if endpoint is None:
            return RETRIES
        plain = {"AWS_ALLOW_HTTP": "true"} if endpoint.startswith("http://") else {}
        return {**RETRIES, "AWS_ENDPOINT_URL": endpoint, **plain}


_S3 = Store("s3fs", "s3", "s3")
_GCS = Store("gcsfs", "gcs", "gs")
_AZURE = Store("adlfs", "azure", "abfs")
STORES = {"s3": _S3, "s3a": _S3, "gs": _GCS, "az": _AZURE, "abfs": _AZURE, "abfss": _AZURE}
"""By scheme of the URL."""
LOCAL_SCHEMES = ("", "file", "local")


def scheme_of(url: str) -> str:
    """Return what stands before `://`; "" if nothing does."""
    before, separator, _ = url.partition("://")
    return before.lower() if separator else ""


def modified_at(info: Mapping[str, Any]) -> datetime:
    """Return when a file was written, by whichever name its filesystem has for it; UTC."""
    for name in ("LastModified", "lastmodified_at", "mtime", "updated"):
        at = info.get(name)
        if isinstance(at, (int, float)):
            return datetime.fromtimestamp(at, UTC)
        if isinstance(at, str):
            at = datetime.fromisoformat(at)
        if at is not None:
            return at.astimezone(UTC)
    raise KeyError("modified")

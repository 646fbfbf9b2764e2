"""Layout: where a file of a table lies. Hive partitions, one `name=value` folder a column."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import pyarrow as pa

HASH_DIGITS = 32
_DENSE = "dense"


def partition_path(partition_by: Sequence[str], values: Mapping[str, str]) -> str:
    """Return `a=1/b=2`, every value percent-encoded so that any symbol (`BTC/USDT`, `ES=F`) is one folder."""
    return "/".join(f"{name}={quote(values[name], safe='')}" for name in partition_by)


def new_file_path(
    partition_by: Sequence[str], values: Mapping[str, str], schema: pa.Schema, sha256: str, *, dense: bool
) -> str:
    """Return a path, relative to the table, that no other writer will ever choose.

    The name is `<signature>-<uuid>-<hash>.parquet`, or `<signature>-<uuid>-dense-<hash>.parquet` if the file
    is encoded to stay, so that compaction tells from the log alone what is not. The signature is of the
    columns, so that a reader groups files of one schema without opening them; the hash is of the bytes, so
    that a file can always be held against its name.
    """
    columns = "\n".join(f"{item.name} {item.type}" for item in schema)
    signature = hashlib.blake2b(columns.encode(), digest_size=4).hexdigest()
    parts = [signature, uuid.uuid4().hex, *([_DENSE] if dense else []), sha256[:HASH_DIGITS]]
    name = f"{'-'.join(parts)}.parquet"
    folder = partition_path(partition_by, values)
    return f"{folder}/{name}" if folder else name


def schema_signature(path: str) -> str:
    """Return the signature of a file's columns, from its name."""
    return _parts(path)[0]


def is_dense(path: str) -> bool:
    """Return whether a file is encoded to stay, from its name."""
    return _DENSE in _parts(path)


def named_hash(path: str) -> str:
    """Return the first `HASH_DIGITS` hex digits of the SHA-256 of a file's bytes, from its name."""
    return _parts(path)[-1]


def _parts(path: str) -> list[str]:
    return path.rsplit("/", 1)[-1].removesuffix(".parquet").split("-")

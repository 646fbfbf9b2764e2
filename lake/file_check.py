"""One file of a lake held against what the log says of it, and against the hash in its name."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from lake.apart import read_apart
from lake.away import READ_ERRORS, raise_if_away
from lake.claims import Claim
from lake.findings import DAMAGED, MISSING, PARTITION, STATISTICS
from lake.layout import HASH_DIGITS, named_hash
from lake.parquet import read_columns
from lake.schemas import TABLES
from lake.statistics import document_value, file_statistics
from lake.storage import Storage

Problem = tuple[str, str]
"""Kind of a finding, and what is wrong."""

Held = tuple[str, Claim, int | None]
"""A file's table, what the log says of it, and its size in the storage; None if it is not there."""

_HASH = re.compile(f"[0-9a-f]{{{HASH_DIGITS}}}")
_CHUNK_BYTES = 4_000_000


def check_file(storage: Storage, table: str, claim: Claim, size: int | None, *, deep: bool) -> list[Problem]:
    """Return what is wrong with a file; [] if it is as it was written.

    Not deep: its size and its footer. Deep: every byte, against the hash in its name and the checksums of its
    pages, and the bounds of its rows.

    Args:
        storage: Where it lies.
        table: Its table.
        claim: What the log says.
        size: Its size as the storage lists it; None if it is not there.
        deep: Whether every byte is read.

    Raises:
        LakeUnreachableError: If the storage does not answer, or does not let it be read.
    """
    if size is None:
        return [(MISSING, "the file is not there")]
    if size != claim.file.size_bytes:
        return [(DAMAGED, f"it has {size:,} bytes; {claim.file.size_bytes:,} were committed")]
    misplaced = [(PARTITION, "its folders tell other values than the log")] if claim.misplaced(table) else []
    try:
        with storage.open(f"{table}/{claim.file.path}", size) as source:
            if deep and (broken := _broken_hash(source, claim.file.path)):
                return [(DAMAGED, broken)]
            return misplaced + list(_statistics_problems(source, table, claim, deep=deep))
    except FileNotFoundError:
        return [(MISSING, "the file is not there")]
    except READ_ERRORS as error:
        raise_if_away(storage, error)
        return [(DAMAGED, f"it cannot be read: {str(error).strip().partition(chr(10))[0]}")]


def check_apart(storage: Storage, held: Sequence[Held]) -> list[list[Problem]]:
    """Return what is wrong with files by their sizes and footers, in order, read by a process apart.

    Raises:
        LakeUnreachableError: If the storage does not answer, or does not let one be read.
        CheckFailedError: If they could not be read for another reason than themselves.
    """
    return read_apart(partial(_footer_problems, storage), held, _deadly)


def _footer_problems(storage: Storage, held: Held) -> list[Problem]:
    return check_file(storage, *held, deep=False)


def _deadly(crash: int) -> list[Problem]:
    return [(DAMAGED, f"whoever reads its footer dies (signal {crash})")]


def _broken_hash(source: BinaryIO, path: str) -> str:
    """Return what is wrong with a file's bytes; "" if they hash to what its name says, or it says nothing."""
    wanted = named_hash(path)
    if not _HASH.fullmatch(wanted):
        return ""
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
    source.seek(0)
    found = digest.hexdigest()[:HASH_DIGITS]
    return "" if found == wanted else f"its bytes hash to {found[:8]}..., its name says {wanted[:8]}..."


def _statistics_problems(source: BinaryIO, table: str, claim: Claim, *, deep: bool) -> Iterator[Problem]:
    indexed = TABLES[table].indexed
    file = pq.ParquetFile(source, page_checksum_verification=True)
    if deep:
        told = json.loads(file_statistics(read_columns(file, indexed), indexed))
        differing = claim.differences(told)
    else:
        differing = _footer_differences(file.metadata, indexed, claim)
    if differing == ["rows"] or (differing and claim.rows != file.metadata.num_rows):
        told = "no row count" if claim.rows is None else f"{claim.rows:,} rows"
        yield STATISTICS, f"the log says {told}, the file has {file.metadata.num_rows:,}"
    elif differing:
        yield STATISTICS, f"the log's bounds are not the file's: {', '.join(differing)}"


def _footer_differences(metadata: pq.FileMetaData, indexed: Sequence[str], claim: Claim) -> list[str]:
    """Return what the footer knows otherwise; it leaves NaN out, so the log may say less."""
    known = footer_statistics(metadata, indexed)
    differing = [] if claim.rows == metadata.num_rows else ["rows"]
    for name, (low, high, nulls) in known.items():
        bounds = claim.minimum.get(name), claim.maximum.get(name)
        if claim.nulls.get(name) != nulls or bounds not in ((low, high), (None, None)):
            differing.append(name)
    return differing


def footer_statistics(
    metadata: pq.FileMetaData, indexed: Sequence[str]
) -> Mapping[str, tuple[Any, Any, int]]:
    """Return smallest value, largest and NULL count of the indexed columns that a footer has all of."""
    found: dict[str, tuple[Any, Any, int]] = {}
    for place in range(metadata.num_columns):
        name = metadata.schema.column(place).path
        if name not in indexed:
            continue
        groups = [metadata.row_group(group).column(place) for group in range(metadata.num_row_groups)]
        held = [group.statistics for group in groups]
        if any(item is None or not item.has_null_count for item in held):
            continue
        filled = [
            item for item, group in zip(held, groups, strict=True) if item.null_count < group.num_values
        ]
        if any(not item.has_min_max for item in filled):
            continue
        low = min((item.min for item in filled), default=None)
        high = max((item.max for item in filled), default=None)
        nulls = sum(item.null_count for item in held)
        found[name] = (document_value(low, upwards=False), document_value(high, upwards=True), nulls)
    return found

"""Entry: one commit, as the bytes of its place in a table's log (the Delta protocol, writer version 2)."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lake.log import commit_note
from lake.receipts import FileReceipt
from lake.snapshot import DataFile

ENGINE = "sweeplake"


def encode_entry(
    adds: Sequence[FileReceipt],
    removes: Sequence[DataFile],
    steps: Mapping[str, int],
    note: str,
    after_ms: int = 0,
) -> bytes:
    """Return a commit as one JSON document a line; no two are ever the same bytes.

    Args:
        adds: Receipts of written files.
        removes: Files to take out.
        steps: Application transactions that it takes, by application.
        note: What it does, in a few words.
        after_ms: When the version before was committed: times of a log ascend, whatever clocks say.
    """
    now_ms = max(int(time.time() * 1000), after_ms + 1)
    actions = [
        *_adds(adds, now_ms),
        *_removes(removes, now_ms),
        *({"txn": {"appId": app_id, "version": version}} for app_id, version in steps.items()),
    ]
    info = {
        "timestamp": now_ms,
        "operation": "WRITE",
        "operationParameters": {"mode": "Append"},
        "isBlindAppend": not removes,
        "engineInfo": ENGINE,
        "txnId": uuid.uuid4().hex,
        **commit_note(note, len(actions), sum(file.rows for file in removes)),
    }
    lines = [{"commitInfo": info}, *actions]
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def _adds(files: Sequence[FileReceipt], now_ms: int) -> Iterator[dict[str, Any]]:
    for file in files:
        yield {
            "add": {
                "path": _encoded(file.path),
                "partitionValues": dict(file.partition),
                "size": file.size_bytes,
                "modificationTime": now_ms,
                "dataChange": True,
                "stats": file.statistics,
            }
        }


def _removes(files: Sequence[DataFile], now_ms: int) -> Iterator[dict[str, Any]]:
    for file in files:
        yield {
            "remove": {
                "path": _encoded(file.path),
                "deletionTimestamp": now_ms,
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": dict(file.partition),
                "size": file.size_bytes,
            }
        }


def _encoded(path: str) -> str:
    """Return a path as the log has it: a URI, so that a folder's own percent signs are encoded once more."""
    return quote(path, safe="/=~")

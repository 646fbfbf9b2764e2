"""Clock: the storage's own, by which the ages of files are told; no machine's clock is asked."""

import uuid
from datetime import datetime

from lake.storage import Storage


def store_time(storage: Storage, folder: str = "") -> datetime:
    """Return the time by the storage's clock: that of a probe, put into a folder for the purpose."""
    probe = f"{folder}/_probe-{uuid.uuid4().hex}".lstrip("/")
    storage.put(probe, b"")
    try:
        now = storage.modified(probe)
    finally:
        storage.delete([probe])
    if now is None:
        raise FileNotFoundError(storage.path(probe))
    return now

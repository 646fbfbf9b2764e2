"""Admission: the columns of files join their table before anything else is done with the files."""

import time
from collections.abc import Sequence

from deltalake.exceptions import DeltaError

from lake.commits import ATTEMPTS, CommitLostError
from lake.lake import Lake
from lake.receipts import FileReceipt, further_of


def admit_columns(lake: Lake, table: str, adds: Sequence[FileReceipt]) -> None:
    """Add the columns of files to their table, in a commit of their own; columns never go or change.

    So what is put down to be committed later can be.

    Raises:
        ColumnClashError: If a column exists with another type, or under another spelling.
        CommitLostError: If rivals were faster too often.
    """
    further = further_of(adds)
    if not further:
        return
    head, reason = lake.head(table), ""
    with head.lock:
        for attempt in range(ATTEMPTS):
            try:
                head.evolve(further)
            except DeltaError as error:
                reason = str(error)
                time.sleep(min(0.01 * 2**attempt, 1.0))
            else:
                return
    raise CommitLostError(table, reason)

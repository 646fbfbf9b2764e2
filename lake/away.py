"""Away: whether a file that could not be read is damaged, or nobody could ask for it."""

import errno

import pyarrow as pa

from lake.errors import LakeUnreachableError
from lake.known import ENDS_EARLY
from lake.storage import Storage

READ_ERRORS = (OSError, pa.ArrowException, ValueError)
"""What reading a file raises, whatever is wrong."""


def raise_if_away(storage: Storage, error: Exception) -> None:
    """Return if an error of reading a file is about what the file holds, or that it is missing.

    Arrow tells of content by an OSError without a number. A number is the way's: a store that does not answer
    or refuses, a disk that is not ours. EIO of a local disk is that of one file, which it gives no more.

    Raises:
        LakeUnreachableError: If it is about the way.
    """
    if not isinstance(error, OSError) or isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return
    if type(error) is OSError and error.errno is None:
        return
    if error.errno == errno.EIO and (storage.local or error.strerror == ENDS_EARLY):
        return
    reason = error.strerror or str(error).strip().partition("\n")[0] or type(error).__name__
    raise LakeUnreachableError(
        storage.url, f"{reason}: {error.filename}" if error.filename else reason
    ) from error

"""Still lost: files that are about to go are read once more; what was away for a moment is not damaged."""

from collections.abc import Mapping, Sequence

from lake.claims import Claim
from lake.file_check import check_apart, check_file
from lake.findings import LOST_FILES
from lake.snapshot import DataFile
from lake.storage import Storage


def still_lost(storage: Storage, lost: Mapping[str, Sequence[DataFile]]) -> dict[str, list[DataFile]]:
    """Return those of some files that are missing or damaged, by table, each read here and now.

    Footers are read by a process apart; every byte only of files whose footers could be read.

    Raises:
        LakeUnreachableError: If the storage does not answer, or does not let one be read.
        CheckFailedError: If the process that reads footers could not do it.
    """
    found = {}
    for table, files in lost.items():
        held = [(table, _claim(file), storage.size(f"{table}/{file.path}")) for file in files]
        footers = check_apart(storage, held)
        found[table] = [
            item[1].file
            for item, problems in zip(held, footers, strict=True)
            if _is_lost(problems) or _is_lost(check_file(storage, *item, deep=True))
        ]
    return found


def _claim(file: DataFile) -> Claim:
    """Return what the log says of a file, but for its statistics: no file is lost for them."""
    return Claim(file, file.rows, {}, {}, {})


def _is_lost(problems: Sequence[tuple[str, str]]) -> bool:
    return any(kind in LOST_FILES for kind, _ in problems)

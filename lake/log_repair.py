"""Repair of a table's log: a checkpoint that is gone, an entry that is cut off."""

from deltalake import DeltaTable

from lake.entry import encode_entry
from lake.log import LogDamagedError, entry_path, log_files, read_entry
from lake.storage import Storage

ASIDE = "_damaged"
"""Folder of the lake where what was taken out of a log is kept."""


def restore_checkpoint(storage: Storage, table: str) -> bool:
    """Make a new checkpoint where the last one is gone and every entry is there; return whether it was so.

    Safe to repeat and beside writers: the log says the same with it and without.
    """
    log = log_files(storage, table)
    hint = f"{table}/_delta_log/_last_checkpoint"
    if log.checkpoints or log.oldest != 0 or log.newest < 0 or storage.size(hint) is None:
        return False
    storage.delete([hint])
    handle = DeltaTable(storage.uri(table), storage_options=storage.delta_options)
    handle.create_checkpoint()
    return True


def set_aside_cut_entry(storage: Storage, table: str) -> str:
    """Put a commit of nothing in the place of a log's newest entry if that is cut off.

    What is left of it is kept in `_damaged/`. A sweep whose commit it was has it in its journal still, and
    `resume` commits it again. The number stays taken, for writers count on that (`head`); only a first entry
    goes altogether, and the table with it. Older entries stay: later ones may follow from them.

    Returns:
        Where it was; "" if the newest entry is whole.
    """
    log = log_files(storage, table)
    if not log.entries or log.entries[-1] != log.newest:
        return ""
    path = entry_path(table, log.newest)
    try:
        read_entry(storage, table, log.newest)
    except LogDamagedError:
        storage.put(f"{ASIDE}/{path}", storage.read(path))
        if log.newest == 0:
            storage.delete([path])
        else:
            storage.put(path, encode_entry([], [], {}, "repair: a cut entry set aside"))
        return path
    return ""

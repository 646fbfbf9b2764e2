"""`sweeplake cache`."""

import time

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import counted, note, print_json


@click.command()
@lake_option
@click.option("--clear", is_flag=True, help="Delete the copy of this lake instead.")
@json_option
def cache(lake_url: str, clear: bool, as_json: bool) -> None:  # noqa: FBT001
    """Copy the metrics of a lake to this machine, to ask them faster.

    Every question uses the copy from then on, and reads only what came since from the lake; after a
    compaction or a removal it reads the lake alone until this is called again, which takes over what it can.
    The copy lies below $SWEEPLAKE_CACHE, else below the user's cache folder: some 490 bytes a run.
    """
    import sweeplake
    from queries.cache.folder import clear as delete
    from queries.cache.folder import current

    with sweeplake.open(lake_url) as opened:
        if clear:
            freed = delete(opened.url)
            print_json({"freed_bytes": freed}) if as_json else note(f"{freed / 1e6:,.1f} MB freed")
            return
        before, begun = current(opened.url), time.monotonic()
        copy = opened.cache()
    seconds, size = time.monotonic() - begun, copy.database.stat().st_size
    is_new = before is None or before.database != copy.database
    if as_json:
        print_json(
            {
                "rows": copy.rows,
                "files": len(copy.files),
                "bytes": size,
                "path": str(copy.database),
                "updated": is_new,
                "seconds": seconds,
            }
        )
        return
    held = f"{counted(copy.rows, 'run')} of {counted(len(copy.files), 'file')}, {size / 1e6:,.1f} MB"
    note(f"{held}, {f'copied in {seconds:,.1f} s' if is_new else 'are here already'}: {copy.database}")

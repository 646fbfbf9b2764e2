"""`sweeplake vacuum`."""

from collections import Counter
from datetime import timedelta
from typing import Any

import click

from sweeplake.cli.options import Age, json_option, lake_option
from sweeplake.cli.output import counted, note, print_json
from sweeplake.cli.tables import print_table


@click.command()
@lake_option
@click.option(
    "--older-than", "age", type=Age(), default="24h", show_default=True, help="E.g. 90m, 36h, 7d, 2w."
)
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--force", is_flag=True, help="Allow an age below 24h: nothing else may use the lake then.")
@json_option
def vacuum(lake_url: str, age: timedelta, dry_run: bool, force: bool, as_json: bool) -> None:  # noqa: FBT001
    """Delete the files that nothing of the last 24 hours needs.

    What compaction, retention and deletion took out, what writers that died left, journals of finished
    sweeps, and old entries of the tables' logs. After it nothing older than the age can be undone or read.
    """
    import sweeplake
    from lake.vacuum import vacuum as delete
    from lake.vacuum import vacuum_plan

    with sweeplake.open(lake_url) as opened:
        lake = opened.tables.require()
        plan = vacuum_plan(lake, age, force=force)
        if not dry_run:
            for gone in delete(lake, plan):
                note(f"  {gone:,} of {counted(len(plan.leftovers), 'file')} deleted")
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "before": plan.before,
                "files": len(plan.leftovers),
                "bytes": plan.size_bytes,
                "logs_kept": dict(plan.logs_kept),
                "leftovers": [
                    {"path": item.path, "kind": item.kind, "bytes": item.size_bytes}
                    for item in plan.leftovers
                ],
            }
        )
    elif plan.leftovers:
        print_table(_kinds(plan), ("kind", "files", "bytes"))
        note(f"{plan.size_bytes / 1e6:,.1f} MB {'would be freed' if dry_run else 'freed'}")
    else:
        note("there is nothing to delete")
    for table, reason in plan.logs_kept:
        note(f"the log of {table} stays whole, as its checkpoint cannot be read: {reason}")


def _kinds(plan: Any) -> list[dict[str, Any]]:
    files, sizes = Counter[str](), Counter[str]()
    for item in plan.leftovers:
        files[item.kind] += 1
        sizes[item.kind] += item.size_bytes
    return [{"kind": kind, "files": files[kind], "bytes": sizes[kind]} for kind in sorted(files)]

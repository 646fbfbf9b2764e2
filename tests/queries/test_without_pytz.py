"""Questions that are about times, where pytz is not installed: nothing that sweeplake needs brings it."""

import subprocess
import sys
from textwrap import dedent

from lake.lake import Lake
from tests.queries.conftest import CROSS

ASKED = """
    import sys

    sys.modules["pytz"] = None
    from lake.lake import open_lake
    from queries import held, top
    from queries.catalog import Catalog
    from queries.search import search
    from queries.show import show
    from queries.summary import summary

    held.MOST_ROWS, top.FEW_ROWS = {most}, 0
    with Catalog(open_lake({url!r})) as catalog:
        newest = search(catalog, sort="date", limit=3).to_pylist()
        show(catalog, newest[0]["run_id"])
        summary(catalog, {sweep!r})
        print([row["created_at"].isoformat() for row in newest])
    """


def test_times_are_answered(filled: Lake) -> None:
    told = set()
    for most in (0, 20_000):  # from the files, and from memory
        script = dedent(ASKED).format(most=most, url=filled.url, sweep=CROSS)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told.add(done.stdout)
    assert len(told) == 1

"""Translation: what DuckDB tells of Python's errors, as each release of Python writes tracebacks."""

import duckdb
import pytest

from lake.lake import Lake
from queries.errors import QueryError, SnapshotGoneError
from queries.translation import translated

OLDER = (
    'Traceback (most recent call last):\n  File "a.py", line 5, in open\n'
    "{error}\n\nLINE 1: from x('a')\n{dots}"
)
NEWER = (
    'Traceback (most recent call last):\n\n  File "a.py", line 5, in open\n    open()\n    ^^^^^^\n\n'
    "{error}\n\n\nLINE 1: from x('a')\n{dots}"
)


@pytest.mark.parametrize(
    "form", [OLDER, NEWER, OLDER.partition("\n\nLINE")[0], NEWER.partition("\n\nLINE")[0]]
)
def test_what_python_raised_is_told_in_one_line(lake: Lake, form: str) -> None:
    for error in ("OSError: [Errno 16] injected", "ValueError: LINE 3 is bad: a, b"):
        with pytest.raises(QueryError) as told, translated(lake.snapshot()):
            raise duckdb.Error(form.format(error=error, dots=" " * 14 + "^"))
        assert str(told.value) == f"the query failed: {error}"
    with pytest.raises(SnapshotGoneError) as gone, translated(lake.snapshot()):
        raise duckdb.Error(form.format(error="FileNotFoundError: [Errno 2] No such file: 'a'", dots="^"))
    assert "\n" not in str(gone.value)

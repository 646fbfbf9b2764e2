"""Sleep: a machine that stands still for over a day, while another one vacuums the lake."""

import os
import time
from pathlib import Path

import pytest

from lake.lake import Lake, open_lake
from lake.vacuum import vacuum, vacuum_plan

HOURS = 30
_SECONDS = HOURS * 3600.0


def sleep(lake: Lake, monkeypatch: pytest.MonkeyPatch, *, vacuumed: bool = True) -> None:
    """Let the clock of this process go on, and every file of the lake grow as old; then vacuum it."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + _SECONDS)
    for path in Path(lake.url).rglob("*"):
        if path.is_file():
            at = path.stat().st_mtime - _SECONDS
            os.utime(path, (at, at))
    if vacuumed:
        other = open_lake(lake.url)
        for _ in vacuum(other, vacuum_plan(other)):
            pass

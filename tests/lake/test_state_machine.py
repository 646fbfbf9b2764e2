"""The lake on disk against a dictionary, dying at any call of the storage; see `machine`."""

import tempfile
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

from tests.lake.machine import LakeMachine
from tests.lake.seam import Death, watched


class DiskMachine(LakeMachine):
    """On a local disk; a moment is one before or after a put or a deletion."""

    def place(self) -> str:
        self.folder = tempfile.TemporaryDirectory()
        return f"{self.folder.name}/lake"

    def die(self, moment: int, work: Callable[[], Any]) -> Any:
        with watched(Death(moment)):
            return work()

    def teardown(self) -> None:
        self.folder.cleanup()


DiskMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, suppress_health_check=list(HealthCheck), deadline=None
)
TestDisk = DiskMachine.TestCase

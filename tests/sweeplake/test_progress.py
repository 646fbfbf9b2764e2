"""What is drawn of a sweep while it runs."""

from sweeplake.cli.progress import _Bar
from sweeps.execution.events import Progressed, Started


def test_a_bar_ends_where_the_sweep_does_that_got_longer() -> None:
    bar = _Bar()
    bar(Started("S", "walk", 324, 1, 2, None))
    bar(Progressed(324, 0, 324, 1.0))
    bar(Progressed(336, 0, 336, 2.0))
    (task,) = bar._progress.tasks
    assert (task.completed, task.total) == (336, 336)

"""Chaos: drivers and workers killed, rival compactions, retention, vacuum and readers, all at once."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.soak.lives import COULD_NOT_RUN, PATIENCE_SECONDS, Command, Life, Tally
from tests.soak.readers import Reader

PATIENCE = 3.0
"""Times the length asked for that a soak waits for its kills."""


class Chaos:
    """A lake under everything at once, for a while; then a last, quiet look.

    Args:
        lake_url: The lake, with bars in it.
        counts: A folder in which processes count their commits and conflicts, also those that are killed.
        configs: Sweeps that are run over and over, each by a life of its own.
        policy: A retention policy that removes ended sweeps.
        seed: Where the accidents come from.
        broken: A guard that is taken out, to see that the soak notices; "" for none. See `entry`.
        pace: Seconds between two commands of a kind.
    """

    def __init__(
        self,
        lake_url: str,
        counts: Path,
        configs: list[Path],
        policy: Path,
        seed: int,
        broken: str = "",
        pace: float = 1.0,
    ) -> None:
        self.lake_url, self.policy, self.tally = lake_url, policy, Tally()
        self.counts, self.pace = counts, pace
        self.environment = {"SOAK_BREAK": broken, "SOAK_SEED": str(seed), "SOAK_COUNTS": str(counts)}
        self.lives = [
            Life(config, lake_url, self.tally, random.Random(seed + place), self.environment)
            for place, config in enumerate(configs)
        ]
        self.reader = Reader(lake_url, self.tally)

    def rage(self, seconds: float, wanted: Mapping[str, float]) -> Tally:
        """Let it rage for so long, let the sweeps end, check the lake, and return what was seen.

        Args:
            seconds: At least so long; at most three times that.
            wanted: And until so many of these were counted.
        """
        stop, quiet = threading.Event(), threading.Event()
        works: list[Callable[[], None]] = [lambda life=life: life.live(stop) for life in self.lives]  # type: ignore[misc]
        rest: list[Callable[[], None]] = [lambda: self.reader.read_on(quiet)]
        rest += [
            lambda: self._repeat(quiet, ["compact"]),
            lambda: self._repeat(quiet, ["compact", "--months"]),
        ]
        rest += [
            lambda: self._repeat(quiet, ["retain", "--policy", str(self.policy), "--apply"]),
            lambda: self._repeat(quiet, ["vacuum", "--older-than", "1m", "--force"]),
        ]
        lives = [threading.Thread(target=work) for work in works]
        others = [threading.Thread(target=work) for work in rest]
        for thread in lives + others:
            thread.start()
        begun = time.monotonic()
        while (spent := time.monotonic() - begun) < PATIENCE * seconds and not self.tally.wrong:
            self._count_commits()
            if spent >= seconds and all(self.tally[what] >= count for what, count in wanted.items()):
                break
            time.sleep(0.5)
        stop.set()
        for thread in lives:
            thread.join()
        quiet.set()
        for thread in others:
            thread.join()
        for life in self.lives:
            life.close()
        self.reader.read()
        self._check()
        self._count_commits()
        return self.tally

    def _count_commits(self) -> None:
        """Take over what the processes counted so far, those that were killed too."""
        for file in sorted(self.counts.iterdir()):
            self.tally.counts[file.name] = file.stat().st_size

    def _repeat(self, stop: threading.Event, words: list[str]) -> None:
        """Run a maintenance command over and over; a conflict with a rival is no error."""
        while not stop.is_set():
            code, told = self._once(*words)
            self.tally.add(f"{words[0]}s")
            if code == COULD_NOT_RUN and "another writer" in told:
                self.tally.add("conflicts told")
            elif code != 0:
                self.tally.blame(f"{' '.join(words)} ended with {code}: {told}")
            stop.wait(self.pace)

    def _once(self, *words: str) -> tuple[int | None, str]:
        command = Command(*words, "--lake", self.lake_url, environment=self.environment)
        code = command.wait(PATIENCE_SECONDS)
        command.end()
        return code, "\n".join(command.lines[-3:])

    def _check(self) -> None:
        code, told = self._once("check", "--deep")
        self.tally.add("checks")
        if code != 0:
            self.tally.blame(f"check --deep ended with {code}: {told}")

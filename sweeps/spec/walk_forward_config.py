"""`[walk_forward]`: choose on some of the bars, and see what the choice is worth on others."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sweeps.spec.errors import Problem
from sweeps.spec.lengths import Length, duration
from sweeps.spec.section import Section, refused

_TIMED = ("rolling", "anchored")
_NEEDED = {
    "rolling": ("train", "test"),
    "anchored": ("train", "test"),
    "kfold": ("folds",),
    "combinatorial": ("folds", "test_folds"),
}
_OPTIONAL = {
    "rolling": ("step", "purge"),
    "anchored": ("step", "purge"),
    "kfold": ("purge", "embargo"),
    "combinatorial": ("purge", "embargo"),
}
_EXAMPLES = {
    "train": 'train = "2y"',
    "test": 'test = "6mo"',
    "folds": "folds = 6",
    "test_folds": "test_folds = 2",
}


class WalkForwardConfig(Section):
    """How the window is split into spans to choose on and spans to test on, and what is chosen by.

    `rolling` spans have the length `train`, `anchored` ones begin at the window's start; a span to test on of
    the length `test` follows, and the next split is `step` later. `kfold` tests each of `folds` equal parts,
    `combinatorial` each choice of `test_folds` of them, and both choose on the rest. `purge` leaves out what
    lies before a span that is tested, `embargo` what lies after it.
    """

    scheme: Literal["rolling", "anchored", "kfold", "combinatorial"] = "rolling"
    train: Length | None = None
    test: Length | None = None
    step: Length | None = None
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    test_folds: Annotated[int, Field(ge=1)] | None = None
    purge: Length | None = None
    embargo: Length | None = None
    metric: Annotated[str, Field(min_length=1)] = "sharpe"
    min_trades: Annotated[int, Field(ge=0)] = 1
    per: Annotated[tuple[Literal["symbol"], ...], Field(strict=False)] = ("symbol",)

    @model_validator(mode="after")
    def _keys_suit_scheme(self) -> Self:
        problems: list[Problem] = []
        needed, optional = _NEEDED[self.scheme], _OPTIONAL[self.scheme]
        for name in ("train", "test", "step", "folds", "test_folds", "purge", "embargo"):
            given = getattr(self, name) is not None
            if name in needed and not given:
                problems.append(
                    (
                        f".{name}",
                        f'missing; scheme = "{self.scheme}" needs it, for example `{_EXAMPLES[name]}`',
                    )
                )
            elif given and name not in needed + optional:
                takes = ", ".join(needed + optional)
                problems.append((f".{name}", f'scheme = "{self.scheme}" has none; it takes {takes}'))
            elif given and name in ("train", "test", "step") and not duration(getattr(self, name)).count:
                problems.append((f".{name}", "must be more than 0"))
        if not problems and self.folds and self.test_folds and self.test_folds >= self.folds:
            problems.append(
                (".test_folds", f"must be below folds, {self.folds}, or nothing is left to choose on")
            )
        if problems:
            raise refused(*problems)
        return self

from typing import Annotated, Literal

import pytest

from sweeps.strategies.contract import MARK, Mark, Param, Parameter, backtester, strategy
from sweeps.strategies.errors import StrategyDefinitionError
from sweeps.strategies.parameters import declared_parameters


def test_parameters_are_declared_in_the_signature():
    def mine(
        bars,
        ind,
        *,
        fast: Annotated[int, Param("bars in the fast average", ge=2, le=500)] = 10,
        level: Annotated[float, Param("how far", ge=0)],
        loud: bool = True,
        mode: str = "calm",
    ): ...

    assert declared_parameters(mine, "signals", "mine") == (
        Parameter("fast", "int", 10, 2, 500, "bars in the fast average"),
        Parameter("level", "float", None, 0, None, "how far"),
        Parameter("loud", "bool", default=True),
        Parameter("mode", "text", "calm"),
    )


def test_a_parameter_without_annotation_takes_the_kind_of_its_default_else_a_number():
    def mine(bars, ind, fast=3, *, far=2.5, loud=False, mode="calm", level=None, other): ...

    kinds = [one.kind for one in declared_parameters(mine, "signals", "mine")]
    assert kinds == ["int", "float", "bool", "text", "float", "float"]


def test_choices_come_from_a_literal_or_from_the_description():
    def mine(
        bars, ind, *, mode: Literal["sma", "ema"] = "ema", depth: Annotated[int, Param(choices=(1, 2))] = 2
    ): ...

    mode, depth = declared_parameters(mine, "signals", "mine")
    assert (mode.kind, mode.choices, mode.default) == ("text", ("sma", "ema"), "ema")
    assert (depth.kind, depth.choices) == ("int", (1, 2))


def test_an_annotation_written_as_text_is_read_and_others_are_left_alone():
    def mine(bars: "NotImportedHere", ind, *, fast: "Annotated[int, Param('bars')]" = 5): ...  # noqa: F821

    assert declared_parameters(mine, "signals", "mine") == (Parameter("fast", "int", 5, meaning="bars"),)


def test_a_whole_default_of_a_float_becomes_a_float():
    def mine(bars, ind, *, far: float = 2): ...

    assert repr(declared_parameters(mine, "signals", "mine")[0].default) == "2.0"


def test_a_backtester_takes_bars_and_parameters():
    def mine(bars, *, fast: int): ...

    assert [one.name for one in declared_parameters(mine, "backtester", "mine")] == ["fast"]


def no_indicators(bars): ...
def keyword_bars(*, bars, ind): ...
def many(bars, ind, **parameters): ...
def positional(bars, ind, fast, /): ...
def listed(bars, ind, *, fast: list[int]): ...
def unknown(bars, ind, *, fast: "Nothing"): ...  # noqa: F821
def wrong_kind(bars, ind, *, fast: int = 2.5): ...
def truth(bars, ind, *, fast: int = True): ...
def low(bars, ind, *, fast: Annotated[int, Param(ge=5)] = 2): ...
def high(bars, ind, *, fast: Annotated[float, Param(le=5)] = 7.0): ...
def other(bars, ind, *, mode: Literal["a", "b"] = "c"): ...


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (no_indicators, r"called as f\(bars, ind, \*, parameters\)"),
        (keyword_bars, r"called as f\(bars, ind, \*, parameters\)"),
        (many, "parameter parameters: name each parameter"),
        (positional, "parameter fast: name each parameter"),
        (listed, "parameter fast: annotate it int, float, bool or str"),
        (unknown, "parameter fast: name 'Nothing' is not defined"),
        (wrong_kind, "parameter fast: its default 2.5 is not int"),
        (truth, "its default True is not int"),
        (low, "out of its bounds"),
        (high, "out of its bounds"),
        (other, "not one of its choices"),
    ],
)
def test_a_signature_that_cannot_be_swept_is_refused(function, reason):
    with pytest.raises(StrategyDefinitionError, match=reason):
        declared_parameters(function, "signals", "mine")


def test_decorators_only_mark_the_function():
    def mine(bars, ind): ...

    assert strategy(mine) is mine
    assert getattr(mine, MARK) == Mark("signals", short=False)
    assert strategy(short=True)(mine) is mine
    assert getattr(mine, MARK).short
    assert getattr(backtester(mine), MARK).kind == "backtester"

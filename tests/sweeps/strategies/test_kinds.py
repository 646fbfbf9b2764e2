"""Whether a strategy may tell columns from numbers."""

import pytest

from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.kinds import tells_columns

ASKING = [
    "isinstance(fast, float)",
    "type(fast)(3)",
    "np.isscalar(fast)",
    "fast.__class__",
    "(fast > 3) is True",
    "1 < fast is not slow",
    "functools.singledispatch(level)(fast)",
    "operator.is_(fast, 3)",
    "is_float(fast)",
    "hasattr(fast, '__len__')",
    "hasattr(fast, name)",
    "getattr(fast, '__array__', None)",
]
NOT = [
    "fast is None",
    "None is not fast",
    "fast in (1, 2)",
    "fast == 3",
    "ind.sma(fast) > 3",
    "bars.type_of",
    "hasattr(helper, 'kept')",
    "getattr(bars, name)",
]


@pytest.mark.parametrize("line", ASKING)
def test_what_tells_kinds_apart_is_found_in_any_file(line: str) -> None:
    assert tells_columns(helped(line))


@pytest.mark.parametrize("line", NOT)
def test_what_is_the_same_for_every_kind_is_left_alone(line: str) -> None:
    assert not tells_columns(helped(line))


@pytest.mark.parametrize("case", ["float()", "float(real=3)", "True", "[float(), _]"])
def test_so_is_what_a_match_tells_by_kind(case: str) -> None:
    assert tells_columns(helped(f"3\nmatch x:\n    case {case}:\n        pass"))


@pytest.mark.parametrize("case", ["None", "3 | 4", "_"])
def test_a_match_by_value_is_left_alone(case: str) -> None:
    assert not tells_columns(helped(f"3\nmatch x:\n    case {case}:\n        pass"))


CATCHING = ["try:\n        {}\n    finally:\n        pass", "with suppress(ValueError):\n        {}"]


@pytest.mark.parametrize("block", CATCHING)
@pytest.mark.parametrize("function", ["def f(x):", "async def f(x):", "class A:\n  def f(self, x):"])
def test_so_is_what_a_function_may_catch(block: str, function: str) -> None:
    assert tells_columns(helped(f"3\n{function}\n    {block.format('return 1 / x')}"))


@pytest.mark.parametrize("block", CATCHING)
def test_what_a_module_catches_while_it_is_imported_is_left_alone(block: str) -> None:
    assert not tells_columns(helped(f"3\nif x:\n    {block.format('import talib')}"))


def helped(line: str) -> SourceBundle:
    return SourceBundle("mine", "mine", {"mine.py": "import helper", "helper.py": f"x = {line}"}, "")

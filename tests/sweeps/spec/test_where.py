import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.spec.errors import WhereError
from sweeps.spec.rules import Kind
from sweeps.spec.where import check_syntax, parse

KINDS: dict[str, Kind] = {"a": "int", "b": "float", "t": "text", "u": "text", "f": "bool"}
A = np.array([1.0, 2.0, 3.0, np.nan])
B = np.array([3.0, 2.0, np.nan, np.nan])
T = np.array(["x", "off", None, None], dtype=object)
F = np.array([True, False, True, False], dtype=object)


def holds(text: str) -> list[bool]:
    return parse(text, KINDS).holds({"a": A, "b": B, "t": T, "u": T, "f": F}).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", [1, 0, 0, 0]),
        ("a != b", [1, 0, 0, 0]),
        ("a == b", [0, 1, 0, 0]),
        ("not a < b", [0, 1, 1, 1]),
        ("1 < a <= 3", [0, 1, 1, 0]),
        ("a == 'off'", [0, 0, 0, 1]),
        ('"off" != b', [1, 1, 0, 0]),
        ("b == 'off' or a * 2 < b + 1", [1, 0, 1, 1]),
        ("a % 2 == 1 and a // 2 < 1", [1, 0, 0, 0]),
        ("a ** 2 >= 4", [0, 1, 1, 0]),
        ("-a < +b - 3", [1, 1, 0, 0]),
        ("a / (a - a) > 0", [0, 0, 0, 0]),
        ("t == 'x'", [1, 0, 0, 0]),
        ("t != 'x'", [0, 1, 0, 0]),
        ("t == 'off'", [0, 1, 1, 1]),
        ("t == u", [1, 1, 0, 0]),
        ("f", [1, 0, 1, 0]),
        ("f == False", [0, 1, 0, 1]),
        ("f and not a == 1", [0, 0, 1, 0]),
        ("a < 2 or True", [1, 1, 1, 1]),
        ("a > 1\n and a < 3  # only two", [0, 1, 0, 0]),
    ],
)
def test_a_condition_means_what_it_says_and_off_compares_with_nothing(text: str, expected: list[int]) -> None:
    assert holds(text) == [bool(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("a <", "is not a condition"),
        ("a = 1", "is not a condition"),
        ("c < 1", 'knows no parameter "c"'),
        ("a", "is a number, not a condition"),
        ("1 < 2", "names no parameter"),
        ("a < 'x'", "compares a number with a text"),
        ("a + 1 == 'off'", '"off" compares only with a parameter'),
        ("t < 'x'", "orders a text"),
        ("f > True", "orders a bool"),
        ("a and b", "`and` works on conditions, not on a number"),
        ("not a", "`not` works on conditions"),
        ("t + 1 < 2", "`arithmetic` works on numbers, not on a text"),
        ("a & b", "write `and` or `or`"),
        ("~f", "write `not`"),
        ("a @ b < 1", "uses an operator other than"),
        ("a in (1, 2)", "a tuple"),
        ("a is b", "uses `in` or `is`"),
        ("a ** b < 1", "may raise only to a number"),
        ("a ** 99 < 1", "may raise only to a number"),
        ("a < 1" + "0" * 400, "too large"),
        ("a < 1j", "neither a number"),
        ("a < None", "neither a number"),
        ("-" * 200 + "a < 1", "too deeply nested"),
        ("(" * 500 + "a" + ")" * 500 + " < 1", "too "),
        ("a < 1 and " * 500 + "a < 2", "longer than"),
        ("a < '\x00'", "is not a condition"),
    ],
)
def test_what_is_no_safe_condition_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(WhereError) as caught:
        parse(text, KINDS)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch pwned') == 0",
        "exit(1)",
        "abs(a) < 1",
        "a.__class__ == 1",
        "().__class__ == a",
        "[x for x in ()] == a",
        "(lambda: 1)() == a",
        "(a := 2) < 3",
        "f'{a}' == 'x'",
        "a[0] < 1",
        "a if f else b",
        "{1: 2} == a",
        "(yield) == a",
        "*a < 1",
        "a < 1; exit(1)",
        "a) or exit(1) or (a",
        "...  == a",
    ],
)
def test_code_is_refused_and_never_evaluated(
    text: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for check in (lambda: parse(text, KINDS), lambda: check_syntax(text)):
        with pytest.raises(WhereError):
            check()
    assert not list(tmp_path.iterdir())


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_clear_refusal(text: str) -> None:
    try:
        parse(text, KINDS)
    except WhereError as error:
        assert error.reason  # noqa: PT017


def test_syntax_is_checked_before_names_are_known() -> None:
    check_syntax("fast < slow and mode == 'x' and not flag")
    with pytest.raises(WhereError, match="calls a function"):
        check_syntax("max(fast) < slow")


def test_a_predicate_pickles_and_knows_its_names() -> None:
    predicate = parse("b > 1 and a < b", KINDS)
    again = pickle.loads(pickle.dumps(predicate))  # noqa: S301
    assert again == predicate
    assert again.names == ("a", "b")
    assert again.holds({"a": A, "b": B}).tolist() == [True, False, False, False]


numbers = st.one_of(st.none(), st.integers(-5, 5).map(float))


@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
)
def test_vectors_agree_with_one_comparison_at_a_time(
    rows: list[tuple[float | None, float | None]], sign: str
) -> None:
    compare = {
        "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
        "==": float.__eq__, "!=": float.__ne__,
    }[sign]  # fmt: skip
    a, b = (np.array([np.nan if row[at] is None else row[at] for row in rows]) for at in (0, 1))
    expected = [x is not None and y is not None and compare(x, y) for x, y in rows]
    assert parse(f"a {sign} b", KINDS).holds({"a": a, "b": b}).tolist() == expected

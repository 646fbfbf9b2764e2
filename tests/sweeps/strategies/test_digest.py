from pathlib import Path

import sweeps.strategies
from sweeps.strategies.digest import INDICATOR_MODULES, builtin_code, digest
from sweeps.strategies.registry import BUILTIN

FOLDER = Path(sweeps.strategies.__file__).parent


def texts(name: str) -> dict[str, str]:
    named = {f"sweeps.strategies.{module}": FOLDER / f"{module}.py" for module in INDICATOR_MODULES}
    return {key: path.read_text() for key, path in {name: FOLDER / "builtin" / f"{name}.py", **named}.items()}


def test_the_code_of_a_built_in_is_its_module_and_the_indicators():
    assert len({builtin_code(name) for name in BUILTIN}) == len(BUILTIN)
    for name in BUILTIN:
        assert builtin_code(name) == digest(texts(name))


def test_a_change_in_any_of_them_is_another_code():
    for changed in texts("sma_cross"):
        assert digest(texts("sma_cross") | {changed: "x = 1"}) != builtin_code("sma_cross")


def test_every_module_that_computes_indicators_counts():
    imported = {
        line.split()[1].rpartition(".")[2]
        for module in ("indicators", *INDICATOR_MODULES)
        for line in (FOLDER / f"{module}.py").read_text().splitlines()
        if line.startswith("from sweeps.strategies.")
    }
    assert imported - {"contract"} <= set(INDICATOR_MODULES)


def test_a_digest_knows_where_one_text_ends():
    assert digest({"a": "bc"}) != digest({"ab": "c"})
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1\r\n"}) == digest({"a": "1\n"})

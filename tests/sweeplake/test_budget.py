"""A budget below the bars alone, as an operator meets it: nothing goes in vain, and every round says why."""

import shutil
from pathlib import Path

import sweeplake as sl
from lake.usage import bytes_by_table
from tests.sweeplake.asking import Ask, tree


def test_a_budget_below_the_bars_removes_nothing_and_warns_in_every_way_it_is_asked(
    swept: Path, tmp_path: Path, ask: Ask
) -> None:
    lake = Path(shutil.copytree(swept, tmp_path / "lake"))
    with sl.open(lake) as opened:
        bars = bytes_by_table(opened.tables.snapshot())["bars"]
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[budget]\nbytes = {bars - 1}\n[compact]\nenabled = false\n")
    begun = f"{policy}: budget.bytes = {bars - 1} cannot be met, so it removes nothing"
    before = tree(lake)
    for words in (("retain",), ("retain", "--apply"), ("maintain",)):
        text = ask(*words, "--policy", policy, "--lake", lake)
        assert (text.code, text.out) == (0, "")
        assert f"warning: {begun}" in text.err
        assert "(bars " in text.err
        told = ask(*words, "--policy", policy, "--lake", lake, "--json").json
        retention = told.get("retention", told)
        assert retention["lines"] == []
        assert [warning.startswith(begun) for warning in retention["warnings"]] == [True]
    assert tree(lake) == before

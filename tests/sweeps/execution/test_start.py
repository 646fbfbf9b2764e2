"""Start: who a sweep belongs to."""

import pytest

from sweeps.execution.start import owner


def test_the_owner_is_who_the_environment_names_else_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SWEEPLAKE_OWNER", " ada ")
    assert owner() == "ada"
    monkeypatch.setenv("SWEEPLAKE_OWNER", " ")
    assert owner() == "root"
    monkeypatch.delenv("SWEEPLAKE_OWNER")
    assert owner() == "root"

"""Where things lie: the laws of charlstm.paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlstm import paths


@pytest.fixture
def only_the_home() -> None:
    """Here the shipped folders count."""


def test_a_home_of_its_own_reads_what_is_shipped_and_writes_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    shipped = paths.shipped() / "checkpoints"
    assert paths.checkpoint_roots() == [tmp_path / "checkpoints", shipped]
    assert paths.result_roots()[-1] == paths.shipped() / "data" / "results"
    assert paths.writable(shipped / "lstm-512") == tmp_path / "checkpoints" / "lstm-512"


def test_a_home_that_is_the_checkout_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHARLSTM_HOME", raising=False)
    assert paths.home() == paths.checkout()
    assert paths.checkpoint_roots() == [paths.shipped() / "checkpoints"]
    monkeypatch.setenv("CHARLSTM_HOME", str(paths.shipped()))
    assert len(paths.checkpoint_roots()) == 1

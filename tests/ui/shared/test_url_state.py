"""Laws of a tune's settings: as an address, and as a command."""

from __future__ import annotations

import shlex

import pytest

from charlstm.ui.shared.url_state import ComposeSettings, parse_settings


@pytest.mark.parametrize("bad", ["x", "-1", "1e99", "nan", "inf", "0x10", "9" * 500])
def test_a_bad_seed_in_an_address_is_refused(bad: str) -> None:
    settings, problems = parse_settings({"seed": bad}, models=["a"], default=ComposeSettings(model="a", seed=7))
    assert settings.seed == 7
    assert len(problems) == 1


@pytest.mark.parametrize("bad", ["D\nK:G", "\x00", "<script>", "x" * 500, "\u2028"])
@pytest.mark.parametrize("name", ["key", "meter", "rhythm"])
def test_an_address_puts_no_second_line_into_a_header(name: str, bad: str) -> None:
    settings, problems = parse_settings({name: bad}, models=["a"], default=ComposeSettings(model="a"))
    assert getattr(settings, name) == ""
    assert len(problems) == 1


def test_an_address_says_all_and_is_read_back() -> None:
    settings = ComposeSettings(
        model="a", seed=3, temperature=1.25, length=300, key="F#m", meter="C|", rhythm="slip jig", title="Mo's & Co"
    )
    assert parse_settings(settings.query, models=["a"], default=ComposeSettings(model="a")) == (settings, [])


def test_a_command_keeps_a_title_in_one_word() -> None:
    command = ComposeSettings(model="a", title="Mo's; rm -rf /").command
    assert "Mo's; rm -rf /" in shlex.split(command)

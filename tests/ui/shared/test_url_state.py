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
        model="a", seed=3, temperature=1.25, length=300, key="F#m", meter="C|", rhythm="slip jig", title="Mo's & Co",
        guard=True, top_k=12, top_p=0.9,
    )  # fmt: skip
    assert parse_settings(settings.query, models=["a"], default=ComposeSettings(model="a")) == (settings, [])


def test_a_command_keeps_a_title_in_one_word() -> None:
    command = ComposeSettings(model="a", title="Mo's; rm -rf /").command
    assert "Mo's; rm -rf /" in shlex.split(command)


def test_an_address_from_before_the_guard_brings_its_tune_back() -> None:
    """A link that was sent around says nothing of a guard: its tune was written without one."""
    default = ComposeSettings(model="a", guard=True)
    assert not parse_settings({"model": "a", "seed": "7"}, models=["a"], default=default)[0].guard
    for settings in (default, ComposeSettings(model="a")):
        assert parse_settings(settings.query, models=["a"], default=default)[0] == settings


@pytest.mark.parametrize(("name", "bad"), [("guard", "yes"), ("top_k", "-1"), ("top_k", "1e9"), ("top_p", "0")])
def test_a_bad_way_of_choosing_is_refused(name: str, bad: str) -> None:
    settings, problems = parse_settings({name: bad}, models=["a"], default=ComposeSettings(model="a"))
    assert settings == ComposeSettings(model="a")
    assert len(problems) == 1


def test_the_command_has_the_guard_only_where_the_tune_has_it() -> None:
    words = shlex.split(ComposeSettings(model="a", guard=True, top_k=5, top_p=0.9).command)
    assert {"--guard", "--top-k", "--top-p"} <= set(words)
    assert not {"--guard", "--top-k", "--top-p"} & set(shlex.split(ComposeSettings(model="a").command))

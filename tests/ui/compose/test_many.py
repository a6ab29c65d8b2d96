"""Laws of the panel that writes many tunes at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.library.store import Library
from charlstm.lm.infer.engine import load
from charlstm.lm.sample.sampling import sample
from charlstm.ui.compose import many
from charlstm.ui.compose.many import COUNT, LAST_FIRST
from charlstm.ui.shared.url_state import MAX_SEED, ComposeSettings
from charlstm.ui.shared.written_tunes import HEAD
from tests.pages import address_of, opened


def asked(app: AppTest) -> AppTest:
    app.button(key="compose.many.ask").click().run()
    assert not app.exception and not app.error
    return app


def test_twenty_tunes_are_written_when_asked_for_and_the_address_brings_them_back(app_home: Path) -> None:
    app = opened(seed="5", panel="many")
    assert "first" not in address_of(app)  # a panel that is open is no wish yet
    assert address_of(asked(app))["first"] == "6"
    assert address_of(asked(app))["first"] == str(6 + COUNT)  # others, not the same ones again
    assert any("Ranked by" in caption.value for caption in app.caption)
    again = opened(**address_of(app))
    assert any("Ranked by" in caption.value for caption in again.caption)


def test_another_tune_leaves_the_twenty_as_they_are(app_home: Path) -> None:
    app = asked(opened(seed="5", panel="many"))
    app.slider(key="compose.temperature").set_value(1.5).run()
    assert not app.exception
    assert (address_of(app)["first"], address_of(app)["temperature"]) == ("6", "1.5")
    assert app.session_state["compose.many.settings"].temperature != 1.5


@pytest.mark.parametrize("first", ["x", "-1", "9" * 30, str(MAX_SEED)])
def test_a_bad_first_seed_in_an_address_asks_for_nothing(app_home: Path, first: str) -> None:
    app = opened(seed="5", panel="many", first=first)
    assert not any("Ranked by" in caption.value for caption in app.caption)


def test_the_last_seeds_are_twenty_too(app_home: Path) -> None:
    assert address_of(asked(opened(seed=str(MAX_SEED - 1), panel="many")))["first"] == str(LAST_FIRST)


def test_a_card_is_opened_with_its_settings_and_only_if_it_was_there(
    app_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = ComposeSettings(model="reciter", seed=6, temperature=0.5)
    samples = sample(load("reciter"), n=3, seed=6)
    taken: list[ComposeSettings] = []
    monkeypatch.setattr(many, "take_tune", taken.append)
    for sent in (("open", "7"), ("open", "99"), ("", "")):
        monkeypatch.setattr(many, "pressed", lambda key, sent=sent: sent)
        many.act(asked_for, samples)
    assert taken == [ComposeSettings(model="reciter", seed=7, temperature=0.5)]


def test_a_card_that_was_kept_says_so(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(app_home / "library.sqlite", "somebody")
    monkeypatch.setattr(many, "session_library", lambda: library)
    samples = sample(load("reciter"), n=3, seed=6)
    added = [library.add(HEAD + one.text, "composed") for one in samples]
    assert many.kept_cards(samples) == []
    assert added[1] is not None
    library.change(added[1].number, starred=True, name="Mine")
    assert many.kept_cards(samples) == [str(one.seed) for one in samples if one.text == samples[1].text]

"""Laws of the page Compose, on a model that recites three tunes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from charlstm.cli import main
from charlstm.errors import AudioUnavailable
from charlstm.ui.compose import temperatures
from charlstm.ui.library.tunes import link
from charlstm.ui.shared.url_state import ComposeSettings
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter
from tests.pages import address_of, opened, switch_to

HOSTILE = "T:<img src=x onerror=alert(1)> **[a](http://b.example)**\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|d8:|"
RECITED = {"M": TUNES[5], "R": TUNES[3], "T": TUNES[0]}


def title(app: AppTest) -> str:
    return app.title[0].value.replace("\\", "").replace("\u2060", "")  # what keeps an address from being a link


def seed_of(letter: str) -> str:
    """A seed with which the reciter begins with this letter."""
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.sampling import sample

    found = sample(load("reciter"), n=12, seed=1)
    return next(str(s.seed) for s in found if s.text[0] == letter)


def test_the_first_screen_is_a_tune_without_a_click(app_home: Path) -> None:
    app = opened()
    tune = app.session_state["tune.sample"][1]
    assert tune.text and address_of(app)["guard"] == "1"
    said = " ".join(caption.value for caption in app.caption)
    assert "ended the tune" in said and "bars are complete" in said  # whatever the seed: it is guarded
    labels = ["MIDI", "ABC", "MusicXML", "PDF", "PNG", "SVG", "WAV"]
    assert [button.label for button in app.get("download_button")] == labels


def test_a_browser_that_draws_a_widget_late_finds_its_value_in_any_run(app_home: Path) -> None:
    """It showed, and then sent, temperature 0, seed 0 and 100 characters: what a widget without a default has."""
    app = opened(seed="11", temperature="1.35", length="300", key="G", title="Late")
    for _ in range(3):
        widgets = [*app.slider, *app.number_input, *app.text_input, *app.toggle]
        shown = {widget.label: (widget.value, widget.proto.default) for widget in widgets}
        shown |= {
            box.label: (box.options.index(box.format_func(box.value)), box.proto.default) for box in app.selectbox
        }
        labels = ("Temperature", "Seed", "Maximum length", "Title", "Always playable", "Compose in key", "Model")
        for label in (*labels, "Transpose to"):
            value, default = shown[label]
            assert value == (default[0] if label == "Temperature" else default), label
        app.run()


def test_a_second_run_shows_the_same_tune(app_home: Path) -> None:
    app = opened()
    before = app.session_state["tune.sample"][1]
    app.selectbox(key="compose.key").set_value("G").run()
    assert app.session_state["tune.sample"][1] is before  # a choice composes nothing, and is named
    assert any("not composed yet: compose in key" in caption.value for caption in app.caption)


def test_the_temperature_composes_with_the_same_seed(app_home: Path) -> None:
    app = opened(seed="5")
    app.slider(key="compose.temperature").set_value(1.5).run()
    assert not app.exception
    assert (address_of(app)["temperature"], address_of(app)["seed"]) == ("1.5", "5")
    assert not any("not composed yet" in caption.value for caption in app.caption)


def test_the_address_brings_the_same_tune_back(app_home: Path) -> None:
    seed = seed_of("T")
    first = opened(model="reciter", seed=seed, temperature="0.5")
    address = address_of(first)
    again = opened(**address)
    assert address["seed"] == seed
    assert title(first) == title(again) == "The Cold Kettle"


def test_another_tune_is_the_next_seed(app_home: Path) -> None:
    app = opened(seed="5")
    next(button for button in app.button if button.label == "Another tune").click().run()
    assert not app.exception
    assert address_of(app)["seed"] == "6"
    assert app.number_input(key="compose.seed").value == 6


def test_compose_takes_the_settings_and_leaves_the_seed(app_home: Path) -> None:
    app = opened(seed="5")
    app.selectbox(key="compose.key").set_value("G")
    for _ in range(2):  # the second time nothing has changed: the tune stays
        next(button for button in app.button if button.label == "Compose").click().run()
        assert not app.exception
        assert (address_of(app)["key"], address_of(app)["seed"]) == ("G", "5")
        assert "K:G\n" in app.session_state["tune.sample"][1].text
    assert "next seed" in app.toast[0].value


def key_box(app: AppTest) -> Selectbox:
    """The widget that says in which key the tune is."""
    return next(box for box in app.selectbox if box.label == "Transpose to")


def test_the_key_that_is_shown_is_the_tunes_own(app_home: Path) -> None:
    app = opened(seed="5")
    first = key_box(app)
    assert first.value == (first.options[7].removeprefix("Key: "), 0)


def test_what_a_browser_says_of_the_last_tunes_key_transposes_no_tune(app_home: Path) -> None:
    """A click that is made before the answer to another one has arrived sends all widgets as they were."""
    app = opened(model="reciter", seed=seed_of("T"), transpose="2")
    late, own_key = app._tree.get_widget_states(), key_box(app).value[0]
    app.query_params["seed"] = seed_of("R")
    app.session_state["sound.transpose"] = 0
    app.run()
    assert key_box(app).value[0] != own_key
    app._run(late)
    assert (app.session_state["sound.transpose"], key_box(app).value[1]) == (0, 0)
    assert "transpose" not in address_of(app)


def test_instrument_and_key_stay_for_the_next_tune_and_stand_in_the_address(app_home: Path) -> None:
    app = opened(seed="5", instrument="flute", transpose="2")
    assert (app.selectbox(key="sound.instrument").value, key_box(app).value[1]) == ("flute", 2)
    key_box(app).set_value((key_box(app).value[0], -3)).run()
    app.selectbox(key="sound.instrument").set_value("harp").run()
    next(button for button in app.button if button.label == "Another tune").click().run()
    assert not app.exception
    address = address_of(app)
    assert (address["seed"], address["instrument"], address["transpose"]) == ("6", "harp", "-3")
    key_box(app).set_value((key_box(app).value[0], 0)).run()
    app.selectbox(key="sound.instrument").set_value("piano").run()
    assert not {"instrument", "transpose"} & set(address_of(app))  # nothing is said of what is as usual


def test_a_link_to_a_model_that_is_not_there_says_so(app_home: Path) -> None:
    app = opened(model="<b>gone</b>", seed="5")
    assert any("gone" in warning.value and "reciter" in warning.value for warning in app.warning)
    assert app.session_state["tune.sample"]


def test_without_models_a_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    st.cache_resource.clear()
    for page in ("", "neurons"):
        app = opened(page)
        assert "charlstm train" in app.info[0].value


def test_a_title_the_model_cannot_write_is_a_sentence(app_home: Path) -> None:
    app = opened(title="Čaj")
    assert "Č" in app.error[0].value


def test_foreign_text_is_never_markdown(app_home: Path) -> None:
    save_reciter(app_home / "checkpoints" / "hostile", [HOSTILE])
    app = opened(model="hostile")
    shown = app.title[0].value
    assert "<img" not in shown.replace("\\<", "")
    assert "**" not in shown
    assert title(app) == HOSTILE[2:].split("\n")[0]


def test_the_command_writes_the_same_tune(app_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = opened(seed=seed_of("T"))
    app.session_state["compose.command"] = True
    app.run()
    capsys.readouterr()
    command = next(code.value for code in app.code if code.value.startswith("charlstm "))
    assert main(shlex.split(command)[1:]) in (0, None)
    assert app.session_state["tune.sample"][1].text in capsys.readouterr().out


def test_without_a_synthesizer_the_page_says_so_and_still_shows_the_tune(
    app_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sound(*_: object, **__: object) -> bytes:
        raise AudioUnavailable("there is no synthesizer; install midirenderer")

    monkeypatch.setattr("charlstm.ui.shared.player.octave_of", no_sound)
    app = opened()
    assert any("install midirenderer" in caption.value for caption in app.caption)
    assert {button.label for button in app.get("download_button")} >= {"MIDI", "ABC"}


def test_what_is_kept_and_edited_is_in_the_key_that_is_shown(app_home: Path) -> None:
    app = opened(model="reciter", seed=seed_of("T"), transpose="2")  # from D
    app.button(key="compose.keep").click().run()
    assert not app.exception
    (kept,) = app.session_state["library.tunes"].newest(starred=True)
    assert "\nK:E\n" in kept.text
    assert link(kept, "").endswith("&transpose=2")
    switch_to(app, "your_tune").run()
    app.button(key="your_tune.composed").click().run()
    assert app.session_state["your_tune.document"].text == kept.text
    switch_to(app, "library").run()
    app.button(key=f"library.open.{kept.number}").click().run()
    assert not app.exception
    assert app.session_state["sound.transpose"] == 2


def test_the_guard_is_a_switch_with_the_same_seed_and_in_the_address(app_home: Path) -> None:
    app = opened()
    seed = address_of(app)["seed"]
    app.toggle(key="compose.guard").set_value(False).run()
    assert address_of(app)["seed"] == seed and "guard" not in address_of(app)
    assert app.session_state["tune.sample"][1].text in RECITED.values()
    app.toggle(key="compose.guard").set_value(True).run()  # at once: a widget that was just moved is not an old value
    assert (address_of(app)["seed"], address_of(app)["guard"]) == (seed, "1")


def test_a_model_that_cannot_be_guarded_writes_without(app_home: Path) -> None:
    """Its characters lack the end of a tune, say; the page begins with a tune all the same."""
    save_reciter(app_home / "checkpoints" / "reciter", [HOSTILE.replace("]", "")])
    app = opened()
    assert app.toggle(key="compose.guard").disabled and "guard" not in address_of(app)
    app = opened(model="reciter", seed="1", guard="1")
    assert app.title and not app.error


def test_three_ways_on(app_home: Path) -> None:
    app = opened(seed="5", temperature="0.8")
    app.button(key="compose.wilder").click().run()
    assert (address_of(app)["seed"], address_of(app)["temperature"]) == ("5", "1.2")
    for _ in range(3):
        if not app.button(key="compose.wilder").disabled:
            app.button(key="compose.wilder").click().run()
    assert address_of(app)["temperature"] == "2" and app.button(key="compose.wilder").disabled
    app.button(key="compose.neuron").click().run()
    assert not app.exception
    assert any(header.value.startswith("Neuron") for header in app.title)


def test_tablature_is_in_the_address_and_a_key_that_fits_is_one_click_away(app_home: Path) -> None:
    app = opened(tablature="whistle-a", seed=seed_of("T"))  # too high for a whistle in A
    assert app.session_state["sound.tablature"] == address_of(app)["tablature"] == "whistle-a"
    assert any("cannot be played" in caption.value for caption in app.caption)
    app.button(key="compose.tablature.move").click().run()
    assert not app.exception
    assert not any("cannot be played" in caption.value for caption in app.caption)
    assert address_of(app)["transpose"] != "0"
    app.selectbox(key="sound.tablature").set_value("").run()
    assert "tablature" not in address_of(app)


def test_an_instrument_that_the_address_makes_up_is_none(app_home: Path) -> None:
    assert "tablature" not in address_of(opened(tablature="<b>kazoo</b>"))


def test_five_temperatures_of_one_seed_are_written_when_asked_for(app_home: Path) -> None:
    app = opened(seed="5")
    panel = next(group for group in app.get("button_group") if group.key == "compose.panel")
    assert "panel" not in address_of(app)
    panel.set_value("temperatures").run()
    assert not app.exception and not app.error
    assert address_of(app)["panel"] == "temperatures"
    assert not opened(**address_of(app)).error  # the address opens it again


def test_a_chosen_temperature_is_taken_with_the_same_seed(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser sends is somebody else's text: only a temperature that was offered counts."""
    for sent, wanted in ((("take", "1.5"), 1.5), (("take", "99"), None), (("", ""), None)):
        taken: list[ComposeSettings] = []
        monkeypatch.setattr(temperatures, "pressed", lambda key, sent=sent: sent)
        monkeypatch.setattr(temperatures, "take_tune", taken.append)
        temperatures.take(ComposeSettings(model="reciter", seed=5))
        assert [(one.seed, one.temperature) for one in taken] == ([] if wanted is None else [(5, wanted)])

"""Laws of the pages, on a network that recites three tunes: no training, no browser."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.cli import main
from charlstm.errors import AudioUnavailable
from charlstm.lm.sample.spelling import without_unknown
from charlstm.lm.vocab import Vocab
from charlstm.ui.shared.downloads import file_stem
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.sound import parse_instrument, parse_transpose
from charlstm.ui.shared.url_state import ComposeSettings, parse_settings
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter
from tests.pages import APP, switch_to

HOSTILE = "T:<img src=x onerror=alert(1)> **[a](http://b.example)**\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|d8:|"
RECITED = {"M": TUNES[5], "R": TUNES[3], "T": TUNES[0]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A house with one model that recites; caches are emptied around it."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", tuple(RECITED.values()))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


def opened(page: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        switch_to(app, page).run()
    assert not app.exception
    return app


def address_of(app: AppTest) -> dict[str, str]:
    """The address bar; AppTest holds a value as text or as a list of one."""
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def title(app: AppTest) -> str:
    return app.header[0].value.replace("\\", "")


def seed_of(letter: str) -> str:
    """A seed with which the reciter begins with this letter."""
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.sampling import sample

    found = sample(load("reciter"), n=12, seed=1)
    return next(str(s.seed) for s in found if s.text[0] == letter)


def test_the_first_screen_is_a_tune_without_a_click(home: Path) -> None:
    app = opened()
    tune = app.session_state["tune.sample"][1]
    assert tune.text in RECITED.values()
    assert any("ended the tune" in caption.value for caption in app.caption)
    labels = ["MIDI", "ABC", "MusicXML", "PDF", "PNG", "SVG", "WAV"]
    assert [button.label for button in app.get("download_button")] == labels


def test_a_second_run_shows_the_same_tune(home: Path) -> None:
    app = opened()
    before = app.session_state["tune.sample"][1]
    app.slider(key="compose.temperature").set_value(1.5).run()
    assert not app.exception
    assert app.session_state["tune.sample"][1] is before  # moving a slider composes nothing


def test_the_address_brings_the_same_tune_back(home: Path) -> None:
    seed = seed_of("T")
    first = opened(model="reciter", seed=seed, temperature="0.5")
    address = address_of(first)
    again = opened(**address)
    assert address["seed"] == seed
    assert title(first) == title(again) == "The Cold Kettle"


def test_another_tune_is_the_next_seed(home: Path) -> None:
    app = opened(seed="5")
    next(button for button in app.button if button.label == "Another tune").click().run()
    assert not app.exception
    assert address_of(app)["seed"] == "6"
    assert app.number_input(key="compose.seed").value == 6


def test_compose_takes_the_settings_and_never_gives_the_same_tune_twice(home: Path) -> None:
    app = opened(seed="5")
    app.selectbox(key="compose.key").set_value("G")
    next(button for button in app.button if button.label == "Compose").click().run()
    assert not app.exception
    assert (address_of(app)["key"], address_of(app)["seed"]) == ("G", "5")
    assert "K:G\n" in app.session_state["tune.sample"][1].text
    next(button for button in app.button if button.label == "Compose").click().run()
    assert address_of(app)["seed"] == "6"


def test_instrument_and_key_stay_for_the_next_tune_and_stand_in_the_address(home: Path) -> None:
    app = opened(seed="5", instrument="flute", transpose="2")
    assert (app.selectbox(key="sound.instrument").value, app.selectbox(key="sound.transpose").value) == ("flute", 2)
    app.selectbox(key="sound.transpose").set_value(-3).run()
    app.selectbox(key="sound.instrument").set_value("harp").run()
    next(button for button in app.button if button.label == "Another tune").click().run()
    assert not app.exception
    address = address_of(app)
    assert (address["seed"], address["instrument"], address["transpose"]) == ("6", "harp", "-3")
    app.selectbox(key="sound.transpose").set_value(0).run()
    app.selectbox(key="sound.instrument").set_value("piano").run()
    assert not {"instrument", "transpose"} & set(address_of(app))  # nothing is said of what is as usual


@pytest.mark.parametrize(
    ("query", "sound"),
    [
        ({}, ("piano", 0)),
        ({"instrument": "banjo", "transpose": "-12"}, ("banjo", -12)),
        ({"instrument": "Banjo", "transpose": "13"}, ("piano", 0)),
        ({"instrument": "<script>", "transpose": "1e1"}, ("piano", 0)),
        ({"transpose": "²"}, ("piano", 0)),
        ({"transpose": "+3"}, ("piano", 3)),
        ({"transpose": "--3"}, ("piano", 0)),
    ],
)
def test_an_address_names_an_instrument_and_a_key_or_none(query: dict[str, str], sound: tuple[str, int]) -> None:
    instrument, transpose = (
        parse_instrument(query.get("instrument", "piano")),
        parse_transpose(query.get("transpose", "0")),
    )
    assert (instrument or "piano", transpose or 0) == sound


def test_a_tune_without_a_key_is_drawn_where_it_is_and_says_so() -> None:
    drawing = draw.__wrapped__("X:1\nK:none\nABc|", 2)
    assert "stays where it is" in drawing.unmoved
    assert drawing.text == "X:1\nK:none\nABc|"
    assert drawing.midi


def test_a_drawing_in_another_key_is_of_the_same_tune() -> None:
    text = "X:1\n" + TUNES[1]
    here, there = draw.__wrapped__(text), draw.__wrapped__(text, 5)
    assert here.origin == there.origin
    assert [e.onset for e in here.events] == [e.onset for e in there.events]
    assert here.text == text != there.text
    assert here.beats == there.beats
    assert len(here.beats) > 8


def test_a_link_to_a_model_that_is_not_there_says_so(home: Path) -> None:
    app = opened(model="<b>gone</b>", seed="5")
    assert any("gone" in warning.value and "reciter" in warning.value for warning in app.warning)
    assert app.session_state["tune.sample"]


def test_without_models_a_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    st.cache_resource.clear()
    for page in ("", "neurons"):
        app = opened(page)
        assert "charlstm train" in app.info[0].value


def test_a_title_the_model_cannot_write_is_a_sentence(home: Path) -> None:
    app = opened(title="Čaj")
    assert "Č" in app.error[0].value


def test_foreign_text_is_never_markdown(home: Path) -> None:
    save_reciter(home / "checkpoints" / "hostile", [HOSTILE])
    app = opened(model="hostile")
    shown = app.header[0].value
    assert "<img" not in shown.replace("\\<", "")
    assert "**" not in shown
    assert title(app) == HOSTILE[2:].split("\n")[0]


def test_neurons_shows_the_tune_of_compose_with_a_value_for_each_character(home: Path) -> None:
    app = opened(seed=seed_of("T"))
    text = app.session_state["tune.sample"][1].text
    switch_to(app, "neurons").run()
    assert not app.exception
    assert app.session_state["tune.sample"][1].text == text
    app.slider(key="neurons.slider").set_value(3).run()
    assert not app.exception
    assert app.number_input(key="neurons.number").value == 3
    assert address_of(app)["neuron"] == "0:3"


def test_the_neuron_that_follows_the_header_is_offered(home: Path) -> None:
    app = opened("neurons")
    app.selectbox(key="neurons.concept").set_value("in_header").run()
    assert not app.exception
    best = app.get("button_group")[-1]
    assert "%" in best.options[0]
    layer, index = app.session_state["neurons.unit"]
    assert best.options[0].startswith(f"{index} ")
    assert address_of(app)["neuron"] == f"{layer}:{index}"


def test_characters_the_model_does_not_know_are_named_and_left_out_or_replaced(home: Path) -> None:
    app = opened("neurons")
    app.radio(key="neurons.source").set_value("Your own").run()
    app.text_area(key="neurons.pasted").set_value("T:The Cóld Ke”ttle\nM:4/4\nK:D\nd2fd|").run()
    assert not app.exception
    assert "ó" in app.warning[0].value


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


def test_the_command_writes_the_same_tune(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = opened(seed=seed_of("T"))
    capsys.readouterr()
    command = app.code[0].value
    assert main(shlex.split(command)[1:]) in (0, None)
    assert app.session_state["tune.sample"][1].text in capsys.readouterr().out


def test_without_a_synthesizer_the_page_says_so_and_still_shows_the_tune(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_sound(*_: object, **__: object) -> bytes:
        raise AudioUnavailable("there is no synthesizer; install midirenderer")

    monkeypatch.setattr("charlstm.score.audio.to_wav", no_sound)
    app = opened()
    assert any("install midirenderer" in caption.value for caption in app.caption)
    assert {button.label for button in app.get("download_button")} >= {"MIDI", "ABC"}


def test_what_cannot_be_drawn_says_why_and_where() -> None:
    drawing = draw.__wrapped__("X:1\nK:D\n%nothing here")
    assert drawing.problem
    assert not drawing.pages
    assert not drawing.midi


def test_events_cover_notes_of_the_text_in_order() -> None:
    text = "X:1\n" + TUNES[1]
    drawing = draw.__wrapped__(text)
    assert [event.onset for event in drawing.events] == sorted(event.onset for event in drawing.events)
    assert all(text[event.start] in "ABCDEFGabcdefg" for event in drawing.events)
    assert {f'id="{event.id}"' in drawing.pages[0][0] for event in drawing.events} == {True}


@pytest.mark.parametrize(
    "text", ["**a**", "[a](http://b)", "![a](http://b)", "<b>", ":material/home:", "$x$", "`a`", "# a"]
)
def test_plain_leaves_no_mark_unescaped(text: str) -> None:
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    assert all(escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c in "*[]()<>!:$`#")


def test_file_names_are_harmless() -> None:
    assert file_stem("../../<The> Bú\n") == "the-b"
    assert file_stem("☃") == "tune"


def test_without_unknown_uses_the_nearest_letter_only_if_asked() -> None:
    vocab = Vocab.of(["Cold 'K"])
    assert without_unknown("Cóld “K", vocab, nearest=False) == "Cld K"
    assert without_unknown("Cóld ’K", vocab, nearest=True) == "Cold 'K"

"""Laws of the form editor, on a small network that reads form plans and has learned nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.lm.config import ModelConfig, SampleConfig
from charlstm.lm.infer.engine import load
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import Checkpoint, save_checkpoint
from charlstm.tunes.form_plan.collection import collect_plans
from charlstm.tunes.form_plan.edit import add_bar
from charlstm.tunes.form_plan.notation import parse_plan, write_plan
from charlstm.tunes.form_plan.reading import read_plan, written_bars
from charlstm.tunes.views.attributes import parse_note_name, tune_attributes
from charlstm.ui.compose.form_blocks import bar_in_words, bar_names, is_pickup
from charlstm.ui.compose.form_editor import edited
from charlstm.ui.neurons.tune_source import replayed
from charlstm.ui.shared.url_state import ComposeSettings, parse_settings
from tests.conftest import TUNES, VOCAB, make_weights
from tests.pages import address_of, opened


@pytest.fixture
def planner(app_home: Path) -> Path:
    """A home with a model that reads plans."""
    config = ModelConfig(hidden_size=8, embedding_size=5, plan=True)
    about = Checkpoint(app_home / "checkpoints" / "planner", config, VOCAB, plans=collect_plans(TUNES))
    save_checkpoint(about, make_weights(config, VOCAB, scale=0.3))
    return app_home


def editor(**more: str) -> AppTest:
    """The editor at a tune that has a form, which one by chance may not have."""
    return opened(model="planner", seed=_seed(), guard="1", temperature="0.8", panel="form", **more)


def _seed() -> str:
    config = SampleConfig(temperature=0.8, guard=True)
    for seed in range(3, 99):
        plan = read_plan(sample(load("planner"), config, seed=seed)[0].text)
        if plan and len(plan.bars) > 3:
            return str(seed)
    raise AssertionError("no tune has a form")


def text_of(app: AppTest) -> str:
    return str(app.session_state["tune.sample"][1].text)


def bars_of(app: AppTest) -> list[str]:
    text = text_of(app)
    return [text[bar.start : bar.end] for bar in written_bars(text)[1]]


def test_a_model_without_plans_has_no_editor(app_home: Path) -> None:
    app = opened(seed="3", panel="form")
    group = next(group for group in app.get("button_group") if group.key == "compose.panel")
    assert "Form" not in group.options and "panel" not in address_of(app)


def test_an_edit_changes_one_bar_and_the_address_brings_it_back(planner: Path) -> None:
    app = editor()
    before, plan = bars_of(app), read_plan(text_of(app))
    assert plan is not None and len(before) == len(plan.bars)
    app.session_state["compose.form.bar"] = 1
    app.run()
    app.button(key="compose.form.add").click().run()
    assert not app.exception and not app.error
    after = bars_of(app)
    assert [*after[:2], *after[3:]] == before  # note for note
    again = opened(**address_of(app))
    assert text_of(again) == text_of(app)
    again.button(key="compose.form.own").click().run()
    assert bars_of(again) == before


def test_edits_add_up(planner: Path) -> None:
    app = editor()
    before = bars_of(app)
    for _ in range(2):
        app.button(key="compose.form.add").click().run()
    app.button(key="compose.form.add_part").click().run()
    assert not app.exception and not app.error
    assert len(bars_of(app)) == len(before) + 2 + 8
    app.slider(key="compose.temperature").set_value(1.2).run()  # another tune by the same form
    assert not app.exception and not app.error
    assert {"form"} == {"form", "edited_form", "kept_bars"} & set(address_of(app))


def test_a_second_click_before_the_tune_is_written_edits_the_form_of_the_first(planner: Path) -> None:
    """What the page shows then is the tune before both: its form would take the first edit back."""
    app = editor()
    shown = app.session_state["tune.settings"]
    plan = read_plan(text_of(app))
    assert plan is not None
    app.session_state["tune.settings"] = edited(shown, add_bar(plan, 0))  # the first click's
    app.button(key="compose.form.add").click().run()
    assert not app.exception and not app.error
    assert len(bars_of(app)) == len(plan.bars) + 2


def test_the_first_bar_of_a_part_that_is_short_is_a_pickup() -> None:
    plan = parse_plan("AAB: a(1/8) b c d(7/8) | b c e")
    assert [is_pickup(plan, bar) for bar in range(len(plan.bars))] == [True, *[False] * 6]


def test_a_form_that_is_none_is_a_sentence(planner: Path) -> None:
    app = editor()
    before = text_of(app)
    app.text_input(key="compose.form.text").set_value("AABB: zzz").run()
    assert app.error and not app.exception
    assert text_of(app) == before
    assert app.run().error  # it stays until another edit, and so does what was typed
    assert app.text_input(key="compose.form.text").value == "AABB: zzz"
    order = [(element.type, element.key) for element in app.main]
    assert order.index(("error", None)) == order.index(("text_input", "compose.form.text")) + 1
    app.text_input(key="compose.form.text").set_value("AABB: a b a c | d e d c").run()
    assert not app.error and not app.exception
    app.text_input(key="compose.form.text").set_value("x").run()
    app.button(key="compose.form.add").click().run()
    assert not app.error
    plan = read_plan(text_of(app))
    assert plan is not None and app.text_input(key="compose.form.text").value == write_plan(plan)


def test_an_address_with_an_edit_that_fits_no_tune_is_a_sentence(planner: Path) -> None:
    app = editor(edited_form="A: a b", kept_bars="0.150")
    assert any("bars" in error.value for error in app.error)
    assert not app.exception


@pytest.mark.parametrize(
    "bad", [{"form": "<b>"}, {"edited_form": "A: a b"}, {"edited_form": "A: a b", "kept_bars": "0.x"}]
)
def test_a_bad_form_in_an_address_is_refused(bad: dict[str, str]) -> None:
    settings, problems = parse_settings(bad, models=["a"], default=ComposeSettings(model="a"))
    assert (settings, len(problems)) == (ComposeSettings(model="a"), 1)


def test_each_bar_has_its_name_and_says_what_it_is() -> None:
    plan = parse_plan("AAB: a(1/8) b c b' [1 d=1 [2 d'~d | b e")
    names = bar_names(plan)
    assert names[:2] == ["a", "b"] and names[3] == "b'" and names[6] == "b"
    assert [bar_in_words(plan, bar) for bar in (0, 3, 6)] == ["new", "a variant of b", "b again"]


def test_what_is_shown_while_it_is_written_is_what_it_was_drawn_from(planner: Path) -> None:
    """A tune written by a plan is read by it again: the predictions under its characters are the very ones."""
    config = SampleConfig(temperature=0.8, guard=True)
    tune = next(one for one in sample(load("planner"), config, n=9, seed=3) if one.form)
    assert tune.form is not None
    read = replayed("planner", 0, tune.text, write_plan(tune.form)).predictions
    assert -read.surprisal[: len(tune.log_probs)] == pytest.approx(tune.log_probs, abs=1e-4)


def test_what_a_tune_is_to_be_like_is_in_the_address_and_kept_by_edits(planner: Path) -> None:
    app = editor()
    before = text_of(app)
    app.selectbox(key="compose.form.lowest").select("A4").run()
    app.selectbox(key="compose.form.density").select("4").run()
    app.selectbox(key="compose.form.heat.0").select("1.2").run()
    assert not app.exception and not app.error
    asked = address_of(app)["attributes"]
    assert asked.startswith("range=A4-E6 density=4 temperatures=1.2")
    got = tune_attributes(text_of(app))
    assert text_of(app) != before and got.range is not None and got.range.lowest >= parse_note_name("A4")
    assert any("asked for A4 to E6" in caption.value for caption in app.caption)
    assert "--density 4 --part-temperature 1.2" in app.session_state["tune.settings"].command
    # The same tune by its address, and by an edit of its form another one within the same range.
    assert text_of(opened(**address_of(app))) == text_of(app)
    app.button(key="compose.form.add").click().run()
    assert not app.exception and address_of(app)["attributes"] == asked
    # Back to what the model likes.
    app.selectbox(key="compose.form.lowest").select("").run()
    app.selectbox(key="compose.form.highest").select("").run()
    assert "range" not in address_of(app)["attributes"]


@pytest.mark.parametrize("bad", ["range=H4-C5", "density=900", "<b>", "leaps=nan", "temperatures=,"])
def test_bad_attributes_in_an_address_are_a_sentence(bad: str) -> None:
    settings, problems = parse_settings({"attributes": bad}, models=["a"], default=ComposeSettings(model="a"))
    assert settings.attributes == "" and len(problems) == 1

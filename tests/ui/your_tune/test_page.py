"""Laws of the page Your tune, on two models: one recites, one writes bars at random."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput

from charlstm.tunes.views.bars import bars
from charlstm.ui.shared.player import Selection
from charlstm.ui.shared.tune_link import pack_tune
from charlstm.ui.your_tune.rewrite import odds
from tests.conftest import TUNES
from tests.pages import APP, opened, switch_to

REEL = "X:1\n" + TUNES[0]
ROOM = "X:2\nT:Óld <b>Kettle</b> **x**\nC:me\n" + TUNES[0].partition("\n")[2]

pytestmark = pytest.mark.usefixtures("two_models")


def your_tune(text: str = "", model: str = "weaver", *, composed: bool = False) -> AppTest:
    """The page Your tune, with a tune in its editor; `composed`: after Compose, which has one to offer."""
    app = opened("" if composed else "your_tune")
    if composed:
        app.query_params.clear()  # as a browser does where a page is left
        switch_to(app, "your_tune").run()
    if text:
        app.session_state["your_tune.document"].put(text)
        app.run()
        app.selectbox(key="your_tune.model").set_value(model).run()
    assert not app.exception
    return app


def pressed(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def text_of(app: AppTest) -> str:
    text: str = app.session_state["your_tune.document"].text
    return text


def bar(app: AppTest, label: str) -> NumberInput:
    """The widget that asks for the number of a bar: another one each time that the page itself says the number."""
    return next(widget for widget in app.number_input if widget.label == label)


def tool(app: AppTest, name: str) -> None:
    group = next(g for g in app.get("button_group") if name in g.options)
    group.set_value(name).run()
    assert not app.exception


def test_an_empty_page_asks_for_a_tune_and_offers_the_composed_one() -> None:
    app = your_tune(composed=True)
    composed = app.session_state["tune.sample"][1].text
    pressed(app, "your_tune.composed")
    assert text_of(app) == "X:1\n" + composed
    pressed(app, "your_tune.undo")
    assert text_of(app) == ""


@pytest.mark.parametrize(("answer", "opened", "kept"), [
    ("keep", True, True), ("open", True, False), ("cancel", False, False),
])  # fmt: skip
def test_a_draft_is_asked_about_before_another_tune_takes_its_place(answer: str, opened: bool, kept: bool) -> None:
    app = your_tune(REEL, composed=True)
    pressed(app, "your_tune.composed")
    assert text_of(app) == REEL and any("The Cold Kettle" in warning.value for warning in app.warning)
    pressed(app, f"your_tune.waiting.{answer}")
    assert not app.warning
    assert (text_of(app) != REEL) == opened
    found = app.session_state["library.tunes"].find(REEL)
    assert (found is not None and found.starred) == kept


def test_what_is_in_the_library_or_as_it_was_opened_is_replaced_without_a_question() -> None:
    app = your_tune(REEL, composed=True)
    pressed(app, "your_tune.keep")
    pressed(app, "your_tune.composed")
    assert text_of(app) != REEL and not app.warning
    app.session_state["your_tune.document"].open_file("tune.abc", REEL.replace("Cold", "Warm").encode())
    app.run()
    pressed(app, "your_tune.composed")
    assert not app.warning


def test_the_address_names_a_composed_tune_and_never_a_text_of_ones_own() -> None:
    app = your_tune(composed=True)
    pressed(app, "your_tune.composed")
    query = {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}
    assert query["model"] in ("reciter", "weaver")
    assert set(query) <= {"model", "seed", "temperature", "length", "guard"}
    other = AppTest.from_file(APP, default_timeout=120)
    other.query_params["seed"] = "1"
    other.run()
    switch_to(other, "your_tune")
    for name, value in query.items():
        other.query_params[name] = value
    other.run()
    assert not other.exception
    assert text_of(other) == text_of(app)
    app.session_state["your_tune.document"].typed(REEL.replace("Cold", "Secret"))
    app.run()
    assert not app.query_params


def test_a_tune_is_continued_from_a_bar_and_another_way_when_asked_again() -> None:
    app = your_tune(ROOM)
    bar(app, "Keep bars up to").set_value(2).run()
    pressed(app, "your_tune.continue")
    first, marks = text_of(app), app.session_state["your_tune.document"].now.marks
    kept = ROOM[: bars(ROOM)[1].end]
    assert first.startswith(kept)
    assert marks == [(len(kept) + 1, len(first))]
    assert bar(app, "Keep bars up to").value == 2
    pressed(app, "your_tune.continue")
    assert text_of(app).startswith(kept)
    assert text_of(app) != first
    assert app.number_input(key="your_tune.seed").value == 2
    pressed(app, "your_tune.undo")
    assert text_of(app) == first
    pressed(app, "your_tune.undo")
    assert text_of(app) == ROOM


def overruled(app: AppTest) -> list[str]:
    """The sentences on what the guard overruled."""
    return [caption.value for caption in app.caption if "overruled" in caption.value]


def test_always_playable_what_is_added_ends_and_what_it_overruled_is_said_until_undone() -> None:
    """The weaver never ends a tune, so the guard has to."""
    app = your_tune(REEL)
    pressed(app, "your_tune.continue")
    document = app.session_state["your_tune.document"]
    assert document.text.rstrip().endswith(("|]", ":|")) and len(overruled(app)) == 1
    assert all(one.index >= len(REEL) - 1 for one in document.now.overruled)
    assert document.now.settings["guard"] == 1
    pressed(app, "your_tune.undo")
    assert not overruled(app)
    app.toggle(key="your_tune.guard").set_value(False).run()
    pressed(app, "your_tune.continue")
    assert app.number_input(key="your_tune.seed").value == 1  # another setting, so nothing was asked for twice
    assert "guard" not in document.now.settings and not overruled(app)


def test_a_model_that_cannot_be_guarded_says_so_and_the_wish_stays() -> None:
    app = your_tune(REEL, model="reciter")
    assert app.toggle(key="your_tune.guard").value  # it knows all that a tune needs
    app.session_state["your_tune.document"].put(REEL)
    with patch("charlstm.ui.your_tune.model_settings.can_guard", return_value=False):
        app.run()
        assert app.toggle(key="your_tune.no_guard").disabled and not app.toggle(key="your_tune.no_guard").value
        pressed(app, "your_tune.continue")
    app.run()
    assert app.toggle(key="your_tune.guard").value


def test_a_seed_continues_the_same_way_in_another_visit() -> None:
    made = []
    for _ in range(2):
        app = your_tune(REEL)
        app.number_input(key="your_tune.seed").set_value(5).run()
        pressed(app, "your_tune.continue")
        made.append(text_of(app))
    assert made[0] == made[1]


def test_bars_are_rewritten_heard_taken_and_undone() -> None:
    app = your_tune(ROOM)
    tool(app, "Rewrite bars")
    bar(app, "From bar").set_value(2).run()
    bar(app, "To bar").set_value(3).run()
    pressed(app, "your_tune.rewrite")
    assert sum(button.label == "Use this" for button in app.button) == 5
    pressed(app, "your_tune.hear.2")
    pressed(app, "your_tune.use.0")
    found, text = bars(ROOM), text_of(app)
    assert text != ROOM
    assert text.startswith(ROOM[: found[1].start])
    assert text.endswith(ROOM[found[2].end :])
    assert app.session_state["your_tune.document"].now.how == "rewritten"
    pressed(app, "your_tune.undo")
    assert text_of(app) == ROOM


def test_bars_have_the_numbers_that_the_score_prints() -> None:
    text = REEL.replace("|:d2fd", "A2|:d2fd", 1)
    app = your_tune(text)
    assert bar(app, "Keep bars up to").value == 4
    tool(app, "Rewrite bars")
    bar(app, "From bar").set_value(2).run()
    bar(app, "To bar").set_value(2).run()
    pressed(app, "your_tune.rewrite")
    pressed(app, "your_tune.use.0")
    kept, _, after = text.partition("e2ge cege")
    assert text_of(app).startswith(kept)
    assert text_of(app).endswith(after)
    assert text_of(app) != text


def test_bars_chosen_in_the_score_are_rewritten_though_the_browser_does_not_show_them_yet() -> None:
    """What it sends before it has the page's answer still has the numbers that were there before."""
    app = your_tune(REEL)
    tool(app, "Rewrite bars")
    chosen = bars(REEL)[2]
    with patch("charlstm.ui.shared.player.show_tune", return_value=Selection(chosen.start, chosen.end)):
        app.button(key="your_tune.rewrite").click()
        late = app._tree.get_widget_states()
        app.button(key="your_tune.rewrite").set_value(False).run()
        app._run(late)
    request, _ = app.session_state["your_tune.versions"]
    assert (request.first, request.last) == (3, 3)
    assert not app.exception


def test_bars_may_be_given_in_either_order() -> None:
    """Whoever types the first bar first has a moment ago given a first bar behind the last one."""
    app = your_tune(REEL)
    tool(app, "Rewrite bars")
    bar(app, "From bar").set_value(3).run()
    pressed(app, "your_tune.rewrite")
    request, _ = app.session_state["your_tune.versions"]
    assert (request.first, request.last) == (bar(app, "To bar").value, 3)


def test_characters_that_the_model_lacks_are_named_and_the_text_keeps_them() -> None:
    text = REEL.replace("Kettle", "Kettlé")
    app = your_tune(text, model="reciter")
    assert any("é" in warning.value and "as it is" in warning.value for warning in app.warning)
    tool(app, "Leave out")
    pressed(app, "your_tune.continue")
    assert text_of(app).startswith(text[:-2])


def test_a_tune_is_transposed_and_back() -> None:
    app = your_tune(REEL)
    tool(app, "Change key")
    app.selectbox(key="your_tune.steps").set_value(2).run()
    pressed(app, "your_tune.transpose")
    assert "\nK:E\n" in text_of(app)
    assert "|:e2ge Bege|" in text_of(app)
    pressed(app, "your_tune.undo")
    assert text_of(app) == REEL


@pytest.mark.parametrize("text", ["K:D\n", "no tune at all", "X:1\nT:only a head\nK:D", "%", "|||||", "w:\nV:1\n&&&"])
def test_any_text_leaves_the_page_standing(text: str) -> None:
    app = your_tune()
    app.session_state["your_tune.document"].put(text)
    for name in ("Rewrite bars", "Change key", "Continue"):
        app.run()
        assert not app.exception
        tool(app, name)


def test_a_tune_without_bars_is_continued_from_its_header() -> None:
    app = your_tune("X:1\nM:4/4\nL:1/8\nK:D\n")
    pressed(app, "your_tune.continue")
    assert text_of(app).startswith("X:1\nM:4/4\nL:1/8\nK:D\n")
    assert len(bars(text_of(app))) > 3


@pytest.mark.slow
def test_every_tune_that_a_model_makes_is_in_the_library_and_can_be_kept() -> None:
    app = your_tune(REEL, composed=True)
    pressed(app, "your_tune.continue")
    pressed(app, "your_tune.keep")
    tool(app, "Rewrite bars")
    pressed(app, "your_tune.rewrite")
    pressed(app, "your_tune.use.0")
    library = app.session_state["library.tunes"]
    assert [(kept.how, kept.starred) for kept in reversed(library.newest())] == [
        ("composed", False), ("continued", True), ("rewritten", False)
    ]  # fmt: skip


def test_odds_are_words() -> None:
    assert odds(0.01) == "The rest is about as likely as after your bars."
    assert odds(1.0).startswith("The rest is 2.7 times more likely")
    assert "less likely" in odds(-3)
    assert "over a million" in odds(99)


def test_what_is_being_written_is_there_in_the_visitors_next_visit() -> None:
    first = your_tune(REEL)
    other = AppTest.from_file(APP, default_timeout=120)
    other.session_state["visitor.id"] = first.session_state["visitor.id"]
    switch_to(other, "your_tune").run()
    assert not other.exception
    assert text_of(other) == REEL
    stranger = AppTest.from_file(APP, default_timeout=120)
    switch_to(stranger, "your_tune").run()
    assert text_of(stranger) == ""


def test_a_link_with_a_tune_opens_it_and_a_broken_one_is_a_sentence() -> None:
    text = ROOM.replace("Kettle", "Shared")
    app = AppTest.from_file(APP, default_timeout=120)
    switch_to(app, "your_tune")
    app.query_params["abc"] = pack_tune(text)
    app.run()
    assert not app.exception
    assert text_of(app) == text
    assert any("abc=" + pack_tune(text) in code.value for code in app.code)  # and can be shared on
    assert not app.query_params
    switch_to(app, "your_tune")
    app.query_params["abc"] = "x" * 99
    app.run()
    assert "holds no tune" in app.error[0].value
    assert text_of(app) == text


def test_tablature_names_what_cannot_be_played_and_moves_the_tune_to_where_it_fits() -> None:
    app = your_tune("X:1\nT:Low\nM:4/4\nL:1/8\nK:D\nA,2D2 FAdf|d8|]")
    app.selectbox(key="sound.tablature").set_value("whistle-d").run()
    assert any("1 of" in caption.value and "cannot be played" in caption.value for caption in app.caption)
    pressed(app, "your_tune.tablature.move")
    assert "K:G\n" in text_of(app)
    assert not any("cannot be played" in caption.value for caption in app.caption)
    assert list(app.query_params) == ["tablature"]

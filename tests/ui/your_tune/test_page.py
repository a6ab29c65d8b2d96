"""Laws of the pages Your tune and Library, on networks made by hand: one recites, one weaves bars."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.errors import NotationError
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.tunes.views.bars import bars
from charlstm.ui.your_tune.rewrite import odds
from charlstm.ui.your_tune.tune_document import MAX_BOOK, MAX_LENGTH, TuneDocument
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter, save_weaver
from tests.pages import APP, switch_to

REEL = "X:1\n" + TUNES[0]
ROOM = "X:2\nT:Óld <b>Kettle</b> **x**\nC:me\n" + TUNES[0].partition("\n")[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A house with two models; caches are emptied around it."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", (TUNES[0], TUNES[3]))
    save_weaver(tmp_path / "checkpoints" / "weaver", TUNES)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


def own(text: str = "", model: str = "weaver") -> AppTest:
    """The page Your tune, with a tune on the desk."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.run()
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


def on_desk(app: AppTest) -> str:
    text: str = app.session_state["your_tune.document"].text
    return text


def tool(app: AppTest, name: str) -> None:
    group = next(g for g in app.get("button_group") if name in g.options)
    group.set_value(name).run()
    assert not app.exception


def test_an_empty_desk_asks_for_a_tune_and_offers_the_composed_one() -> None:
    app = own()
    composed = app.session_state["tune.sample"][1].text
    pressed(app, "your_tune.composed")
    assert on_desk(app) == "X:1\n" + composed
    pressed(app, "your_tune.undo")
    assert on_desk(app) == ""


def test_the_address_names_a_composed_tune_and_never_a_text_of_ones_own() -> None:
    app = own()
    pressed(app, "your_tune.composed")
    query = {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}
    assert query["model"] in ("reciter", "weaver")
    assert set(query) <= {"model", "seed", "temperature", "length"}
    other = AppTest.from_file(APP, default_timeout=120)
    other.query_params["seed"] = "1"
    other.run()
    switch_to(other, "your_tune")
    for name, value in query.items():
        other.query_params[name] = value
    other.run()
    assert not other.exception
    assert on_desk(other) == on_desk(app)
    app.session_state["your_tune.document"].typed(REEL.replace("Cold", "Secret"))
    app.run()
    assert not app.query_params


def test_a_tune_is_carried_on_from_a_bar_and_another_way_when_asked_again() -> None:
    app = own(ROOM)
    app.number_input(key="your_tune.keep_bars").set_value(2).run()
    pressed(app, "your_tune.continue")
    first, marks = on_desk(app), app.session_state["your_tune.document"].now.marks
    kept = ROOM[: bars(ROOM)[1].end]
    assert first.startswith(kept)
    assert marks == [(len(kept) + 1, len(first))]
    assert app.number_input(key="your_tune.keep_bars").value == 2
    pressed(app, "your_tune.continue")
    assert on_desk(app).startswith(kept)
    assert on_desk(app) != first
    assert app.number_input(key="your_tune.seed").value == 2
    pressed(app, "your_tune.undo")
    assert on_desk(app) == first
    pressed(app, "your_tune.undo")
    assert on_desk(app) == ROOM


def test_a_seed_continues_the_same_way_in_another_visit() -> None:
    made = []
    for _ in range(2):
        app = own(REEL)
        app.number_input(key="your_tune.seed").set_value(5).run()
        pressed(app, "your_tune.continue")
        made.append(on_desk(app))
    assert made[0] == made[1]


def test_bars_are_written_anew_heard_taken_and_undone() -> None:
    app = own(ROOM)
    tool(app, "Rewrite bars")
    app.number_input(key="your_tune.first").set_value(2).run()
    app.number_input(key="your_tune.last").set_value(3).run()
    pressed(app, "your_tune.rewrite")
    assert sum(button.label == "Use this" for button in app.button) == 5
    pressed(app, "your_tune.hear.2")
    pressed(app, "your_tune.use.0")
    found, text = bars(ROOM), on_desk(app)
    assert text != ROOM
    assert text.startswith(ROOM[: found[1].start])
    assert text.endswith(ROOM[found[2].end :])
    assert app.session_state["your_tune.document"].now.how == "rewritten"
    pressed(app, "your_tune.undo")
    assert on_desk(app) == ROOM


def test_bars_in_the_wrong_order_are_a_sentence() -> None:
    app = own(REEL)
    tool(app, "Rewrite bars")
    app.number_input(key="your_tune.first").set_value(3).run()
    assert not app.exception
    assert any("first bar first" in info.value for info in app.info)


def test_characters_that_the_model_lacks_are_named_and_the_text_keeps_them() -> None:
    text = REEL.replace("Kettle", "Kettlé")
    app = own(text, model="reciter")
    assert any("é" in warning.value and "as it is" in warning.value for warning in app.warning)
    tool(app, "Leave out")
    pressed(app, "your_tune.continue")
    assert on_desk(app).startswith(text[:-2])


def test_a_tune_is_moved_to_another_key_and_back() -> None:
    app = own(REEL)
    tool(app, "Change key")
    app.selectbox(key="your_tune.steps").set_value(2).run()
    pressed(app, "your_tune.transpose")
    assert "\nK:E\n" in on_desk(app)
    assert "|:e2ge Bege|" in on_desk(app)
    pressed(app, "your_tune.undo")
    assert on_desk(app) == REEL


@pytest.mark.parametrize("text", ["K:D\n", "no tune at all", "X:1\nT:only a head\nK:D", "%", "|||||", "w:\nV:1\n&&&"])
def test_any_text_leaves_the_page_standing(text: str) -> None:
    app = own()
    app.session_state["your_tune.document"].put(text)
    for name in ("Rewrite bars", "Change key", "Continue"):
        app.run()
        assert not app.exception
        tool(app, name)


def test_a_tune_without_bars_is_carried_on_from_its_header() -> None:
    app = own("X:1\nM:4/4\nL:1/8\nK:D\n")
    pressed(app, "your_tune.continue")
    assert on_desk(app).startswith("X:1\nM:4/4\nL:1/8\nK:D\n")
    assert len(bars(on_desk(app))) > 3


def test_every_tune_that_a_model_makes_is_on_the_shelf_and_can_be_kept() -> None:
    app = own(REEL)
    pressed(app, "your_tune.continue")
    pressed(app, "your_tune.keep")
    tool(app, "Rewrite bars")
    pressed(app, "your_tune.rewrite")
    pressed(app, "your_tune.use.0")
    library = app.session_state["library.tunes"]
    assert [(kept.how, kept.starred) for kept in library.tunes.values()] == [
        ("composed", False), ("continued", True), ("rewritten", False)
    ]  # fmt: skip


def on_shelf() -> AppTest:
    """The page Library with three tunes, two of them kept."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["seed"] = "1"
    app.run()
    library = app.session_state["library.tunes"]
    for text in (TUNES[1], TUNES[2]):
        library.change(library.add(text, "own").number, starred=True)
    switch_to(app, "library").run()
    assert not app.exception
    return app


def test_an_empty_shelf_says_what_comes_here() -> None:
    app = AppTest.from_file(APP, default_timeout=120)
    switch_to(app, "your_tune").run()
    switch_to(app, "library").run()
    assert not app.exception
    assert "library is empty" in app.info[0].value


def test_tunes_are_heard_named_deleted_and_brought_back() -> None:
    app = on_shelf()
    pressed(app, "library.listen.2")
    assert app.subheader[0].value == "Maggie in the Barley"
    app.text_input(key="library.name.2").set_value("**Mine**").run()
    assert app.subheader[0].value == r"\*\*Mine\*\*"
    pressed(app, "library.delete.2")
    assert 2 not in app.session_state["library.tunes"].tunes
    pressed(app, "library.undo")
    assert app.session_state["library.tunes"].tunes[2].name == "**Mine**"
    pressed(app, "library.star.2")
    assert not app.session_state["library.tunes"].tunes[2].starred


def test_two_tunes_stand_side_by_side() -> None:
    app = on_shelf()
    pressed(app, "library.listen.3")
    pressed(app, "library.compare.2")
    assert [s.value for s in app.subheader][:2] == ["Two Left Boots", "Maggie in the Barley"]
    assert any("hornpipe" in m.value and "jig" in m.value for m in app.markdown)
    pressed(app, "library.single")
    assert app.subheader[0].value == "Maggie in the Barley"


def test_the_kept_tunes_become_a_book_and_a_zip_and_again_in_a_second_run() -> None:
    app = on_shelf()
    for _ in range(2):
        pressed(app, "library.make.zip")
        made = {kind: data for (_, kind), data in app.session_state["library.files"].items()}
        archive = zipfile.ZipFile(io.BytesIO(made["zipFalse"]))
        assert archive.testzip() is None
        assert archive.read("tunes.abc").decode().count("X:") == 2
        book = pypdf.PdfReader(io.BytesIO(archive.read("tunebook.pdf")))
        assert {"Maggie in the Barley", "Two Left Boots"} <= {str(item["/Title"]) for item in book.outline}
        labels = [button.label for button in app.get("download_button")]
        assert "Download tunebook (2 tunes, PDF)" in labels
        assert "Download all (2 tunes, ZIP)" in labels
    pressed(app, "library.star.2")  # another choice: the old book is not offered for it
    assert not any("PDF" in button.label for button in app.get("download_button"))


def test_a_long_shelf_is_shown_in_pages() -> None:
    app = on_shelf()
    for n in range(20):
        app.session_state["library.tunes"].add(f"T:{n}\nM:4/4\nL:1/8\nK:D\nA8|]", "own")
    app.run()
    assert not app.exception
    assert sum(button.label == "Listen" for button in app.button) == 8
    group = next(g for g in app.get("button_group") if g.key == "library.page")
    group.set_value(3).run()
    assert not app.exception
    assert sum(button.label == "Listen" for button in app.button) == 7


# ---- the document ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_book_of_any_spelling_is_opened_and_one_is_chosen(encoding: str, end: str) -> None:
    book = ("%abc-2.1\n\nX:1\nT:Föhn\nK:D\nabc|\n\nX:2\nT:Two\nK:G\ndef|\n").replace("\n", end).encode(encoding)
    there = TuneDocument()
    there.open_file("book.abc", book)
    assert len(there.book) == 2
    assert there.text == "X:1\nT:Föhn\nK:D\nabc|"
    there.choose(1)
    assert there.text == "X:2\nT:Two\nK:G\ndef|"
    there.undo()
    assert there.text == "X:1\nT:Föhn\nK:D\nabc|"


def test_a_pasted_book_is_opened_too() -> None:
    there = TuneDocument()
    there.typed("X:1\nK:D\nabc|\n\nX:2\nK:G\ndef|\n")
    assert len(there.book) == 2
    assert there.text == "X:1\nK:D\nabc|"


def test_a_midi_file_is_opened_and_read_again_in_another_meter() -> None:
    there = TuneDocument()
    there.open_file("tune.mid", to_midi(read_score(REEL)))
    assert "\nK:D\n" in "\n" + there.text
    there.read_midi(there.midi, meter="6/8")
    assert "M:6/8\n" in there.text


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.abc", b"", "no tune"),
        ("a.abc", b" \n\n", "no tune"),
        ("a.abc", b"X" * (MAX_BOOK + 1), "at most"),
        ("a.abc", b"X:1\nK:D\n" + b"abc|" * MAX_LENGTH, "at most"),
        ("a.mid", b"X:1\nK:D\nabc|", "not a MIDI file"),
        ("a.abc", b"MThd" + b"\x00" * 20, "MIDI"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence_and_the_desk_stays(name: str, data: bytes, said: str) -> None:
    there = TuneDocument()
    there.put("K:D\nabc|")
    with pytest.raises(NotationError, match=said):
        there.open_file(name, data)
    assert there.text == "K:D\nabc|"


def test_typing_is_undone_too_and_the_past_is_bounded() -> None:
    there = TuneDocument()
    for n in range(100):
        there.typed(f"K:D\n{'a' * n}|")
    for _ in range(100):
        there.undo()
    assert there.text.startswith("K:D\n")
    assert not there.past


def test_odds_are_words() -> None:
    assert odds(0.01) == "The rest is about as likely as after your bars."
    assert odds(1.0).startswith("The rest is 2.7 times more likely")
    assert "less likely" in odds(-3)
    assert "over a million" in odds(99)

"""Laws of the page Library."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pypdf
import pytest
from streamlit.testing.v1 import AppTest

from charlstm.tunes.abc import split_header
from tests.conftest import TUNES
from tests.pages import APP, address_of, opened, switch_to

pytestmark = pytest.mark.usefixtures("two_models")


def pressed(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def library_page() -> AppTest:
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


def test_an_empty_library_says_what_comes_here() -> None:
    app = AppTest.from_file(APP, default_timeout=120)
    switch_to(app, "your_tune").run()
    switch_to(app, "library").run()
    assert not app.exception
    assert "library is empty" in app.info[0].value


def test_tunes_are_heard_named_deleted_and_brought_back() -> None:
    app = library_page()
    pressed(app, "library.listen.2")
    assert app.header[0].value == "Maggie in the Barley"
    app.text_input(key="library.name.2").set_value("**Mine**").run()
    assert app.header[0].value == r"\*\*Mine\*\*"
    pressed(app, "library.delete.2")
    assert app.session_state["library.tunes"].get(2) is None
    pressed(app, "library.undo")
    assert app.session_state["library.tunes"].get(2).name == "**Mine**"
    pressed(app, "library.keep.2")
    assert not app.session_state["library.tunes"].get(2).starred


def test_a_chosen_tune_is_in_the_address_until_one_goes_back_to_the_list() -> None:
    app = library_page()
    assert not any(button.key == "library.back" for button in app.button)
    assert address_of(app) == {"tune": "all"}
    pressed(app, "library.listen.2")
    assert address_of(app) == {"tune": "2"}
    pressed(app, "library.compare.3")
    assert address_of(app) == {"tune": "2,3"}
    pressed(app, "library.back")
    assert address_of(app) == {"tune": "all"}
    assert not any(button.key == "library.back" for button in app.button)
    pressed(app, "library.listen.2")
    pressed(app, "library.delete.2")  # nothing is left to look at
    assert address_of(app) == {"tune": "all"}


def test_an_address_opens_a_tune_and_a_bad_one_opens_none() -> None:
    for tune, expected in (("2", "Maggie in the Barley"), ("9", "Two Left Boots"), (f"{2**70}", "Two Left Boots"),
                           ("1,2,3", "Two Left Boots"), ("<b>", "Two Left Boots")):  # fmt: skip
        app = library_page()
        app.query_params["tune"] = tune
        app.run()
        assert not app.exception
        assert app.header[0].value == expected
        assert address_of(app) == {"tune": "2" if tune == "2" else "all"}


def test_two_tunes_stand_side_by_side() -> None:
    app = library_page()
    pressed(app, "library.listen.3")
    pressed(app, "library.compare.2")
    assert [s.value for s in app.header][:2] == ["Two Left Boots", "Maggie in the Barley"]
    assert any("hornpipe" in m.value and "jig" in m.value for m in app.markdown)
    pressed(app, "library.single")
    assert app.header[0].value == "Maggie in the Barley"


def test_kept_tunes_become_a_book_and_all_that_are_listed_a_zip_and_again_in_a_second_run() -> None:
    app = library_page()
    for _ in range(2):
        pressed(app, "library.make.zip")
        made = {kind: data for (_, kind), data in app.session_state["library.files"].items()}
        archive = zipfile.ZipFile(io.BytesIO(made["zipFalse"]))
        assert archive.testzip() is None
        assert archive.read("tunes.abc").decode().count("X:") == 3  # all that are listed
        book = pypdf.PdfReader(io.BytesIO(archive.read("tunebook.pdf")))
        assert {"Maggie in the Barley", "Two Left Boots"} <= {str(item["/Title"]) for item in book.outline}
        labels = [button.label for button in app.get("download_button")]
        assert "Download ZIP (3 tunes)" in labels
    pressed(app, "library.make.pdf")
    assert "Download tunebook (2 tunes, PDF)" in [button.label for button in app.get("download_button")]
    pressed(app, "library.keep.2")  # another choice: the old book is not offered for it
    assert not any("PDF" in button.label for button in app.get("download_button"))


def test_a_long_library_is_shown_in_pages() -> None:
    app = library_page()
    for n in range(20):
        app.session_state["library.tunes"].add(f"T:{n}\nM:4/4\nL:1/8\nK:D\nA8|]", "own")
    app.run()
    assert not app.exception
    assert sum(button.label == "Listen" for button in app.button) == 8
    group = next(g for g in app.get("button_group") if g.key == "library.page")
    group.set_value(3).run()
    assert not app.exception
    assert sum(button.label == "Listen" for button in app.button) == 7


def test_a_tune_is_rated_tagged_and_found_by_a_search() -> None:
    app = library_page()
    app.text_input(key="library.tags.2").set_value("For class, slow").run()
    app.text_area(key="library.note.2").set_value("Two sharps <b>only</b>").run()
    tune = app.session_state["library.tunes"].get(2)
    assert (tune.tags, tune.note) == (("For class", "slow"), "Two sharps <b>only</b>")
    app.text_input(key="library.search").set_value("class sharps").run()
    assert not app.exception
    assert [button.key for button in app.button if button.label == "Listen"] == ["library.listen.2"]
    assert [header.value for header in app.header] == ["Export"]  # the open tune makes room for what is found
    pressed(app, "library.listen.2")
    assert app.header[0].value == "Maggie in the Barley"
    app.text_input(key="library.search").set_value("no such").run()
    assert any("No tune has all" in caption.value for caption in app.caption)


def test_a_library_that_cannot_be_opened_is_a_sentence_and_tunes_are_still_written(two_models: Path) -> None:
    (two_models / "data").mkdir(exist_ok=True)
    (two_models / "data" / "library.sqlite").write_bytes(b"not a database" * 100)
    app = opened(seed="1")
    assert app.session_state["tune.sample"]
    pressed(app, "compose.keep")
    assert "library" in app.toast[-1].value
    switch_to(app, "library").run()
    assert not app.exception
    assert "cannot be used" in app.error[0].value


def test_a_tune_is_edited_also_where_the_entry_script_lies_elsewhere_as_in_a_wheel(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(Path(APP).read_bytes())
    app = AppTest.from_file(str(tmp_path / "app.py"), default_timeout=120)
    app.query_params["seed"] = "1"
    app.run()
    pressed(app, "compose.edit")
    document = app.session_state["your_tune.document"]
    assert document.text == "X:1\n" + app.session_state["tune.sample"][1].text
    assert (document.now.how, document.now.settings["seed"]) == ("composed", "1")
    library = app.session_state["library.tunes"]
    (composed,) = library.newest()
    own = library.add(TUNES[1], "own")
    switch_to(app, "library").run()
    assert not any(button.key == f"library.open.{own.number}" for button in app.button)  # it has no settings
    pressed(app, f"library.edit.{own.number}")
    assert document.text == own.text
    switch_to(app, "library").run()
    pressed(app, f"library.open.{composed.number}")


def test_the_abc_holds_the_tunes_that_are_listed_under_the_visitors_names() -> None:
    app = library_page()
    labels = [button.label for button in app.get("download_button")]
    assert "Download ABC (3 tunes)" in labels
    app.text_input(key="library.name.2").set_value("50% Mine").run()
    tune = app.session_state["library.tunes"].get(2)
    assert split_header(tune.titled).get("T") == "50% Mine"
    assert split_header(tune.text).get("T") == "Maggie in the Barley"  # as it was written: it is found again by it
    group = next(g for g in app.get("button_group") if g.key == "library.which")
    group.set_value("Kept").run()
    assert not app.exception
    assert "Download ABC (2 tunes)" in [button.label for button in app.get("download_button")]

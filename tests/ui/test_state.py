"""Laws of the settings of a visit, and that no page spells a state key by hand."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm import ui
from charlstm.ui import state
from charlstm.ui.state import Setting

UI = Path(ui.__file__).parent
INPUTS = {
    "checkbox", "multiselect", "number_input", "pills", "radio", "segmented_control", "select_slider", "selectbox",
    "slider", "text_area", "text_input", "toggle",
}  # fmt: skip


def script() -> None:
    """Two pages of an app, the second without the first one's widgets, and callbacks that read settings."""
    import streamlit as st

    from charlstm.ui.state import Setting, settings_delivered

    number = Setting("a.number", 3, query="number", parse=int)
    letter = Setting("a.letter", "x", query="letter")
    seen = Setting("a.seen", "")

    def clicked() -> None:
        seen.set(f"{number.get()} {letter.get()}")

    page = st.radio("Page", ["first", "second", "cut short"])
    if page != "second":
        st.number_input("Number", 0, 9, key=number.widget())
        st.selectbox("Letter", ["y", "x"], key=letter.widget(["y", "x"]))
        if page == "cut short":
            st.stop()
    st.button("Click", on_click=clicked)
    st.text(f"{number.get()} {letter.get()} {seen.get()}")
    settings_delivered()


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(script)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_a_setting_is_there_again_when_its_page_is() -> None:
    app = opened()
    app.number_input[0].set_value(7).run()
    app.radio[0].set_value("second").run()
    app.run()
    assert app.text[0].value == "7 x"
    app.radio[0].set_value("first").run()
    assert app.number_input[0].value == 7


@pytest.mark.parametrize(("written", "number"), [("5", 5), ("five", 3), ("", 3)])
def test_the_address_speaks_in_a_new_visit_and_what_is_bad_in_it_does_not(written: str, number: int) -> None:
    app = opened(number=written, letter="q")
    assert app.number_input[0].value == number
    assert app.selectbox[0].value == "x"  # q is not offered
    app.number_input[0].set_value(8).run()
    app.query_params["number"] = "1"
    assert app.run().number_input[0].value == 8


def test_a_callback_reads_every_setting_whatever_the_page_shows() -> None:
    app = opened()
    app.radio[0].set_value("second").run()
    app.button[0].click().run()
    assert not app.exception
    assert app.text[0].value == "3 x 3 x"


def test_a_value_is_sent_in_two_runs_that_come_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second may answer to what a busy browser has loaded before the widget."""

    def sent(page: str) -> bool:
        app.radio[0].set_value(page).run()
        return bool(app.selectbox[0].proto.set_value)

    monkeypatch.setattr(state, "LOADS", 0.0)
    app = opened()
    assert [sent("first"), sent("first")] == [True, False]  # it was delivered before: now it is the browser's own
    app.radio[0].set_value("second").run()
    pages = ("cut short", "cut short", "first", "cut short", "first", "first")
    assert [sent(page) for page in pages] == [True, True, True, True, True, False]
    app.radio[0].set_value("second").run()
    monkeypatch.setattr(state, "LOADS", 600.0)  # the browser may still be loading what it draws the widget with
    assert [sent("first"), sent("first"), sent("first")] == [True, True, True]


def renewing() -> None:
    """A widget, and a button whose run gives it another value."""
    import streamlit as st

    from charlstm.ui.state import Setting, settings_delivered

    number = Setting("a.number", 3)
    if st.button("Renew"):
        number.renew(7)
    st.number_input("Number", 0, 9, key=number.widget())
    st.text(str(number.get()))
    settings_delivered()


def test_what_a_browser_says_of_a_widget_before_it_has_the_new_one_is_not_heeded() -> None:
    """A click that was made before the answer to another one has arrived sends all widgets as they were."""
    app = AppTest.from_function(renewing).run()
    late = app._tree.get_widget_states()
    app.button[0].click().run()
    app._run(late)
    assert (app.text[0].value, app.number_input[0].value) == ("7", 7)
    app.number_input[0].set_value(3).run()  # now it is the visitor who says so
    assert app.text[0].value == "3"


# ---- in the sources -------------------------------------------------------------------------------------------------


def pages() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(UI.rglob("*.py")):
        yield path.relative_to(UI).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_only_one_file_touches_the_session_state() -> None:
    touching = {
        place
        for place, tree in pages()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "session_state"
    }
    assert touching == {"state.py"}


def test_no_input_has_a_key_spelt_by_hand() -> None:
    spelt = [
        f"{place}:{node.lineno}"
        for place, tree in pages()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in INPUTS
        for keyword in node.keywords
        if keyword.arg == "key" and isinstance(keyword.value, (ast.Constant, ast.JoinedStr))
    ]
    assert spelt == []


def test_no_two_settings_share_a_key() -> None:
    declared: defaultdict[str, set[int]] = defaultdict(set)
    for module in pkgutil.walk_packages(ui.__path__, "charlstm.ui."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Setting):
                declared[value.key].add(id(value))
    assert declared
    assert {key for key, places in declared.items() if len(places) > 1} == set()

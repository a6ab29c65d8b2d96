"""The lesson: six steps, each with a page to open in the right state, something to do and a question."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from charlstm.ui.lesson.steps import steps
from tests.pages import APP, switch_to

PAGES = {"./", "neurons", "train", "experiments"}


def test_each_step_has_a_page_a_task_and_a_question() -> None:
    lesson = steps("mine", (0, 12), 250)
    assert len(lesson) == 6
    for step in lesson:
        assert step.links
        assert step.question.endswith("?")
        assert all(urlsplit(address).path in PAGES for _, address in step.links)


def test_what_is_looked_at_is_what_is_ablated() -> None:
    _, _, header, without, *_ = (parse_qs(urlsplit(step.links[0][1]).query) for step in steps("mine", (0, 12), 250))
    assert header["neuron"] == without["neurons"] == ["0:12"]
    assert without["action"] == ["ablate"]


def test_without_a_measured_model_the_lesson_leads_to_the_index() -> None:
    assert "view=directory" in steps("mine", None, 250)[2].links[0][1]


def test_the_page_shows_all_steps(app_home: Path) -> None:
    app = switch_to(AppTest.from_file(APP, default_timeout=120), "lesson").run()
    assert not app.exception
    assert [header.value[0] for header in app.header] == list("123456")
    assert len(app.get("link_button")) >= 6

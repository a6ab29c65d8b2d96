"""Work done once for all visitors: behind a bar or in a thread, from one cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.errors import CorpusError
from charlstm.progress import Progress, Report
from charlstm.ui import background
from charlstm.ui.background import in_background, is_done, is_underway, with_bar

GO_ON = threading.Event()
BEGUN: list[str] = []


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def wait_for(key: object) -> None:
    end = time.monotonic() + 60
    while not is_done("test", key) and time.monotonic() < end:
        time.sleep(0.01)


def test_a_result_is_computed_once_and_the_longest_unused_is_forgotten() -> None:
    computed: list[int] = []

    def ask(key: int) -> int:
        def work(report: Report) -> int:
            report(Progress("working", 1, 2))
            computed.append(key)
            return key * 10

        return with_bar("test", key, work, "Working")

    assert [ask(1), ask(1), ask(2), ask(3), ask(4), ask(1), ask(5), ask(1)] == [10, 10, 20, 30, 40, 10, 50, 10]
    assert computed == [1, 2, 3, 4, 5]
    ask(2)
    assert computed == [1, 2, 3, 4, 5, 2]


def test_a_failure_behind_a_bar_is_raised_and_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        with_bar("test", 9, lambda report: 1 // 0, "Failing")
    assert with_bar("test", 9, lambda report: 90, "Working") == 90


def test_work_in_the_background_is_waited_for_by_nobody() -> None:
    go = threading.Event()
    begun: list[int] = []

    def work() -> int:
        begun.append(1)
        go.wait(60)
        return 7

    assert in_background("test", "key", work) is None
    assert in_background("test", "key", work) is None
    assert not is_done("test", "key")
    go.set()
    wait_for("key")
    assert in_background("test", "key", work) == 7
    assert begun == [1]
    assert with_bar("test", "key", lambda report: 8, "Working") == 7  # one cache for both


def test_who_comes_later_learns_that_somebody_works() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        go_on.wait(60)
        return 1

    assert not is_underway("test", "key")
    in_background("test", "key", work)
    assert begun.wait(60)
    assert is_underway("test", "key")
    go_on.set()
    wait_for("key")
    assert not is_underway("test", "key")


def test_a_failure_in_the_background_is_none_and_an_end() -> None:
    assert in_background("test", "key", lambda: 1 // 0) is None
    wait_for("key")
    assert is_done("test", "key")
    assert in_background("test", "key", lambda: 5) is None


def _long_work(report: Report) -> str:
    BEGUN.append("work")
    while not GO_ON.wait(0.01):
        report(Progress("working", 1, 2))
    if len(BEGUN) > 2:
        raise CorpusError("there is no third time")
    return "the result"


def _visit() -> None:
    import streamlit as st

    from charlstm.ui.background import when_asked
    from tests.ui.test_background import _long_work

    result = when_asked("test", "key", _long_work, "Working", seconds=60, sentence="It takes", button="Begin")
    st.text(result or "not yet")


def _left(app: AppTest) -> None:
    """The visitor leaves the page while it waits."""
    with pytest.raises(RuntimeError, match="timed out"):
        app.run(timeout=1)


def test_what_was_asked_for_goes_on_when_its_visitor_leaves_and_is_there_for_all() -> None:
    GO_ON.clear()
    BEGUN.clear()
    first = AppTest.from_function(_visit).run()
    assert first.text[0].value == "not yet"
    assert BEGUN == []
    first.button[0].click()
    _left(first)
    _left(AppTest.from_function(_visit))  # another visitor looks on, and leaves
    assert is_underway("test", "key")
    GO_ON.set()
    for visit in (AppTest.from_function(_visit), first):  # each is back while it is done
        assert visit.run(timeout=60).text[0].value == "the result"
        assert not visit.button
    assert BEGUN == ["work"]


def test_what_was_asked_for_is_cancelled_or_fails_with_a_sentence_and_may_be_asked_for_again() -> None:
    GO_ON.clear()
    BEGUN[:] = ["before"]
    app = AppTest.from_function(_visit).run()
    app.button[0].click()
    _left(app)
    background._cancel("test", "key", background._results("test").asked["key"])
    again = AppTest.from_function(_visit).run(timeout=60)
    assert again.button[0].label == "Begin"  # at once, though the work has not ended yet
    end = time.monotonic() + 60
    while is_underway("test", "key") and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_done("test", "key")
    GO_ON.set()
    again.button[0].click().run(timeout=60)
    assert again.exception
    assert again.run(timeout=60).button[0].label == "Begin"

"""Work done once for all visitors: behind a bar or in a thread, from one cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import streamlit as st

from charlstm.progress import Progress, Report
from charlstm.ui.background import in_background, is_done, is_underway, with_bar


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

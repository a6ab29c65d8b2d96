"""A cache is bounded in bytes and age, works once for many, and forgets what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import streamlit as st

from charlstm.ui.cache import ByteCache, cached, size_of


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def test_the_least_recently_used_go_when_the_bytes_are_full() -> None:
    cache = ByteCache(100)
    for key in "abc":
        cache.get(key, lambda: bytes(40) if key != "b" else bytes(30))  # noqa: B023
    assert cache.bytes == 70 and len(cache) == 2  # a went
    cache.get("b", lambda: pytest.fail("b is there"))
    cache.get("d", lambda: bytes(50))
    assert cache.get("b", lambda: bytes(0)) == bytes(30)  # c went
    assert len(cache.get("huge", lambda: bytes(500))) == 500  # given, and not kept
    assert cache.bytes <= 100
    assert "huge" not in cache._results


def test_what_nobody_uses_goes_though_nobody_asks() -> None:
    cache = ByteCache(100, seconds=0.05)
    cache.get("a", lambda: bytes(40))
    for _ in range(200):
        if not len(cache):
            break
        time.sleep(0.02)
    assert (len(cache), cache.bytes) == (0, 0)


def test_of_many_that_ask_at_once_one_works() -> None:
    cache, worked, begin = ByteCache(100), [], threading.Barrier(6)

    def work() -> bytes:
        worked.append(1)
        time.sleep(0.05)
        return b"x"

    def ask() -> None:
        begin.wait()
        assert cache.get("key", work) == b"x"

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worked == [1]
    assert not cache._workers


def test_an_error_is_the_askers_and_leaves_nothing() -> None:
    cache = ByteCache(100)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert cache.get("a", lambda: b"now") == b"now"
    assert not cache._workers


def test_a_function_is_asked_once_for_the_same_arguments_however_they_are_given() -> None:
    asked: list[tuple[str, int]] = []

    @cached(megabytes=1)
    def work(text: str, times: int = 2) -> str:
        asked.append((text, times))
        return text * times

    assert [work("a"), work("a", 2), work(times=2, text="a"), work("a", 3)] == ["aa", "aa", "aa", "aaa"]
    assert asked == [("a", 2), ("a", 3)]


def test_an_array_counts_with_all_its_numbers() -> None:
    assert size_of(np.zeros(1000)) >= 8000
    assert size_of((b"x" * 5000, "y" * 300)) >= 5300

"""Garbage is collected now and then, not after each run, and memory is given back when nobody is there."""

from __future__ import annotations

import gc
import sys
import time
import tomllib
import weakref
from pathlib import Path

import pytest

from charlstm.paths import checkout
from charlstm.ui.cache import ByteCache
from charlstm.ui.memory import ENOUGH, Collector


class Ring:
    """What only the garbage collector frees."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def collections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: done.append("freeze"))
    collect = gc.collect
    monkeypatch.setattr(gc, "collect", lambda: (done.append("collect"), collect())[1])
    return done


def test_many_runs_are_one_collection(collections: list[str]) -> None:
    collector = Collector(every=3600, idle=3600)
    for _ in range(50):
        collector.run_ended()
    assert collections == ["collect", "freeze"]  # what was loaded before the first run
    collector.every = 0
    ring = weakref.ref(Ring())
    collector.run_ended()
    assert collections[2:] == ["collect"] and ring() is None


def test_what_was_loaded_since_stays(collections: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Collector(every=3600, idle=3600)
    collector.run_ended()
    for number in range(ENOUGH):
        monkeypatch.setitem(sys.modules, f"a_module_of_this_test_{number}", sys)
    collector.run_ended()
    collector.run_ended()
    assert collections == ["collect", "freeze"] * 2


def test_memory_is_given_back_once_when_everybody_has_left() -> None:
    collector = Collector(every=3600, idle=0.05)
    cache = ByteCache(100)
    cache.get("a tune", lambda: bytes(50))
    collector.run_ended()
    until = time.monotonic() + 30
    while not collector.idle_rounds and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.2)
    assert collector.idle_rounds == 1
    assert (len(cache), cache.bytes) == (0, 0)


def test_streamlit_itself_does_not_collect() -> None:
    config = tomllib.loads((Path(checkout() or "") / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False

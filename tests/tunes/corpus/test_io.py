"""A corpus on disk: killed at any moment, nested, tampered with, it is the old one, the new one, or a sentence."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from charlstm.errors import CorpusError
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES


class Killed(BaseException):
    """What ends a process that is killed: nobody catches it."""


@pytest.mark.parametrize("moment", range(8))
def test_a_save_that_is_killed_leaves_the_old_corpus_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Killed at each rename, before it and after it; the next save clears up."""
    old = Corpus("mine", train=TUNES[:2], validation=TUNES[2:3])
    new = Corpus("mine", train=TUNES[3:5], validation=TUNES[5:])
    path = save_corpus(old, tmp_path)
    calls, rename = [0], os.rename

    def kill(source: str, target: str) -> None:
        before, number = moment % 2 == 0, calls[0]
        calls[0] += 1
        if number == moment // 2 and before:
            raise Killed
        rename(source, target)
        if number == moment // 2:
            raise Killed

    monkeypatch.setattr(os, "replace", kill)
    try:
        save_corpus(new, tmp_path)
        killed = False
    except Killed:
        killed = True
    monkeypatch.undo()
    assert killed == (moment < 6)
    assert load_corpus(path).fingerprint in (old.fingerprint, new.fingerprint)
    save_corpus(new, tmp_path)
    assert load_corpus(path).fingerprint == new.fingerprint
    assert [p.name for p in tmp_path.glob(".*.abc")] == []


def test_of_six_who_save_under_one_name_exactly_one_does(tmp_path: Path) -> None:
    """All six are ready before the first one saves; each of the others hears why not."""
    barrier = threading.Barrier(6)

    def save(number: int) -> str:
        corpus = Corpus("ours", train=(f"T:{number}\nK:C\nA|",), validation=())
        barrier.wait(60)
        try:
            return save_corpus(corpus, tmp_path, replace=False).name
        except CorpusError as error:
            return str(error)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(save, range(6)))
    refusal = "There is already a collection called ours; choose another name."
    assert sorted(answers) == [refusal] * 5 + ["ours.json"]
    number = answers.index("ours.json")
    assert load_corpus(tmp_path / "ours.json").train == (f"T:{number}\nK:C\nA|",)


def test_a_corpus_that_is_saved_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Corpus("mine", train=TUNES[:2], validation=())
    new = replace(old, train=TUNES[2:4])
    path = save_corpus(old, tmp_path)
    read, once = Path.read_text, [True]

    def read_and_save(file: Path, **options: str) -> str:
        text = read(file, **options)
        if once and file == path:
            once.clear()
            save_corpus(new, tmp_path)
        return text

    monkeypatch.setattr(Path, "read_text", read_and_save)
    assert load_corpus(path).fingerprint == new.fingerprint


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[]", "{}", '{"fingerprint": 1}', ""])
def test_a_description_that_is_none_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = save_corpus(Corpus("mine", train=TUNES[:2], validation=()), tmp_path)
    path.write_text(text)
    with pytest.raises(CorpusError, match="build the corpus again"):
        load_corpus(path)

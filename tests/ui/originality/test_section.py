"""Laws of the section "Is it new?" on Compose and Your tune."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.evaluate import originality_file
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.background import is_done
from charlstm.ui.shared.corpora import corpus_stamp
from tests.conftest import TUNES
from tests.pages import opened, switch_to

# Eight notes of TUNES[0] in another key, between others.
PARTLY = "T:Partly\nM:4/4\nL:1/8\nK:G\nB,8|g2bg dgbg|G,8|]"
HOSTILE = "T:**[a](http://b.example)** <b>\nM:4/4\nL:1/8\nK:D\n|:A2fd Adfd|e2ge cege|dfaf bafd|edce d4:|"


@pytest.fixture
def with_corpus(app_home: Path) -> Path:
    """The default collection, of a few tunes: the first is learned from, real tunes share at most two notes with it."""
    save_corpus(Corpus("fiddle", train=(*TUNES[:3], HOSTILE), validation=(), test=(TUNES[3],) * 20))
    return app_home


def said(app: AppTest) -> str:
    (caption,) = [caption.value for caption in app.caption if "Is it new?" in caption.value]
    return str(caption)


def ready(app: AppTest) -> AppTest:
    """The page once the tunes are indexed."""
    deadline = time.monotonic() + 30
    while not is_done("originality", ("fiddle", corpus_stamp("fiddle"))) and time.monotonic() < deadline:
        time.sleep(0.02)
    app.run()
    assert not app.exception
    return app


def with_text(app: AppTest, text: str) -> AppTest:
    from charlstm.ui.your_tune.tune_document import TuneDocument

    document = TuneDocument()
    document.put(text)
    app.session_state["your_tune.document"] = document
    switch_to(app, "your_tune").run()
    assert not app.exception
    return app


def test_without_a_collection_it_says_what_it_needs(app_home: Path) -> None:
    assert "collection tiny is built" in said(opened())  # the model's own


def test_a_composed_tune_is_compared(with_corpus: Path) -> None:
    assert "shares with a training tune" in said(ready(opened()))


def test_a_copy_is_told(with_corpus: Path) -> None:
    """It is more than real tunes share."""
    app = ready(with_text(opened(), TUNES[0]))
    assert "The Cold Kettle" in said(app)
    assert "95 of 100" in said(app)
    assert not [m for m in app.markdown if m.value == "**This tune**"]  # closed: nothing is drawn


def test_part_of_a_tune_in_another_key_is_found(with_corpus: Path) -> None:
    app = ready(with_text(opened(), PARTLY))
    assert "7 notes, in “The Cold Kettle”" in said(app)


def test_open_it_shows_both_tunes(with_corpus: Path) -> None:
    app = with_text(opened(), TUNES[0])
    app.session_state["originality.open.your_tune"] = True
    app = ready(app)
    assert {"**This tune**", "**The Cold Kettle**"} <= {m.value for m in app.markdown}
    assert any("100%" in caption.value.replace("\\", "") for caption in app.caption)


def test_a_title_of_the_collection_is_text(with_corpus: Path) -> None:
    app = ready(with_text(opened(), HOSTILE.replace("T:", "T:Mine\nC:")))
    assert "\\*\\*\\[a\\]" in said(app)


def test_a_text_without_notes_says_nothing(with_corpus: Path) -> None:
    app = ready(with_text(opened(), "T:nothing\nK:C\n"))
    assert not [caption for caption in app.caption if "Is it new?" in caption.value]


def test_work_that_fails_is_said(with_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originality_file, "build_originality_index", None)
    assert "cannot be compared" in said(ready(opened()))

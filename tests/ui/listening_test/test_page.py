"""Laws of the page Listening test, on a model that recites and one that writes bars at random."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.library.votes import FIRST, SECOND, Votes, to_csv
from charlstm.paths import library_path
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.pages import address_of, opened


@pytest.fixture
def home(two_models: Path) -> Path:
    save_corpus(Corpus("fiddle", train=TUNES[:2], validation=(), test=TUNES[2:]))
    return two_models


def listening(test: str = "real") -> AppTest:
    """The page at an address."""
    return opened("listening_test", test=test)


def pair_of(app: AppTest) -> object:
    return app.session_state["listening_test.pair"]


def shown(app: AppTest) -> str:
    parts = [*app.title, *app.subheader, *app.caption, *app.markdown, *app.success, *app.info]
    return "\n".join(element.value for element in parts).replace("\\", "")


def answered(app: AppTest, answer: str, liked: str) -> AppTest:
    app.segmented_control(key="listening_test.answer").set_value(answer).run()
    app.segmented_control(key="listening_test.liked").set_value(liked).run()
    app.button(key="listening_test.cast").click().run()
    assert not app.exception
    return app


@pytest.mark.parametrize("test", ["real", "temperature", "model"])
def test_a_pair_has_no_hints_until_it_is_answered(home: Path, test: str) -> None:
    app = listening(test)
    pair = pair_of(app)
    assert {pair.first.by, pair.second.by} >= {pair.asked}
    assert pair.first.by != pair.second.by
    for tune in (pair.first, pair.second):
        assert "T:" not in tune.text and "R:" not in tune.text
        assert not tune.title or tune.title not in shown(app)
    assert app.button(key="listening_test.cast").disabled
    assert address_of(app)["test"] == test
    answered(app, pair.place(pair.asked), SECOND)
    assert pair_of(app) is pair
    assert "Right." in shown(app) and "You liked Tune 2 better." in shown(app)
    assert all(tune.by in shown(app) for tune in (pair.first, pair.second))


def test_a_vote_is_stored_once_with_what_was_heard(home: Path) -> None:
    app = listening()
    pair = pair_of(app)
    wrong = FIRST if pair.place(pair.asked) == SECOND else SECOND
    answered(app, wrong, "")
    app.run()
    app.session_state["listening_test.vote"] = None  # as for a second click that comes before the page has changed
    app.run()
    answered(app, wrong, "")
    assert "You liked both alike." in shown(app)
    (vote,) = Votes(library_path(), "any").all()
    assert (vote.test, vote.first, vote.second, vote.asked) == ("real", pair.first.by, pair.second.by, pair.asked)
    assert (vote.is_right, vote.liked) == (False, "")
    (row,) = csv.DictReader(io.StringIO(to_csv([vote])))
    assert row["first_tune"] == pair.first.id


def test_the_next_pair_is_another_and_asks_again(home: Path) -> None:
    app = listening()
    before = pair_of(app)
    answered(app, FIRST, FIRST)
    app.button(key="listening_test.next").click().run()
    assert pair_of(app) is not before
    assert app.segmented_control(key="listening_test.answer").value is None
    assert app.button(key="listening_test.cast").disabled


def test_results_are_those_of_the_votes_and_can_be_deleted(home: Path) -> None:
    app = listening()
    answered(app, pair_of(app).place(pair_of(app).asked), FIRST)
    app.session_state["listening_test.results"] = True
    app.run()
    assert "1 of 1 right" in shown(app)
    assert len(app.dataframe[0].value) == 1
    app.button(key="listening_test.delete").click().run()
    assert not app.exception
    assert "no votes yet" in shown(app)


def test_two_that_do_not_differ_are_no_pair(home: Path) -> None:
    app = listening("temperature")
    app.slider(key="listening_test.other_temperature").set_value(0.8).run()
    assert not app.exception
    assert "two that differ" in shown(app)

"""Laws of the ranking of many tunes."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.evaluate.originality import Originality
from charlstm.evaluate.ranking import new_nats, ranked, score_sample, score_tune
from charlstm.evaluate.usual_ranges import UsualRanges
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.views.bar_numbers import printed_bars

HEADER = "T:A\nM:4/4\nL:1/8\nK:D\n"
A, B, C, D = "dfed cABc", "defg afdf", "gfed cdec", "BAGF EDFD"
LAST = "d4 d4"
FORM = HEADER + f"{A}|{B}|{A}|{C}|{D}|{B}|{A}|{LAST}|]"


def test_real_tunes_are_neither_surer_nor_stranger_than_they_are() -> None:
    """Most likely is not best: what the model is surest of is plainer than any real tune. No two are quite alike."""
    nats = [0.1, 0.2, 0.7, 1.1, 1.6, 2.5, 2.6]
    values = [score_tune(FORM, one, usual=UsualRanges((0.7, 1.1, 1.6))).value("likely") for one in nats]
    assert values[2:5] == pytest.approx([0.5, 1, 0.5])
    assert 0 < values[0] < values[1] < values[2] and values[4] > values[5] > values[6] > 0


def test_a_bar_that_returns_is_no_surprise_whatever_the_tune() -> None:
    """Under a form of one's own they are most bars, and returns in every tune."""
    nats = np.full(len(FORM), 5.0)
    for bar in (A, B, C, D, LAST):
        start = FORM.index(bar)
        nats[start : start + len(bar)] = 1.0
    for given in (0, FORM.index(D)):  # characters that were not drawn
        whole = Sample(FORM, FORM[:given], 0, -np.append(nats[given:], 7.0), "end")
        cut = Sample(FORM, FORM[:given], 0, -nats[given:], "max_length")
        assert new_nats(whole) == new_nats(cut) == 1
    assert new_nats(Sample("T:A\n", "", 0, np.full(4, -3.0), "max_length")) == 3  # no bar


def test_a_form_that_was_asked_for_is_no_merit() -> None:
    sample = Sample(FORM, "", 0, np.zeros(0), "end")
    asked, given = (score_sample(sample, form_given=form_given) for form_given in (False, True))
    assert [name for name, _ in asked.answers] == ["form", "ending"]
    assert [name for name, _ in given.answers] == ["ending"]


def test_a_tune_whose_bars_return_beats_one_of_new_bars_and_one_of_a_single_bar() -> None:
    new = HEADER + "|".join(f"{note}8" for note in "ABcdefga") + "|]"
    single = HEADER + "|".join([LAST] * 8) + "|]"
    short = HEADER + f"{A}|{B}|{A}|{LAST}|]"
    form, *worse = (score_tune(text, 1.0).value("form") for text in (FORM, new, single, short))
    assert form == 1 and all(value < 1 for value in worse)


def test_where_real_tunes_take_nothing_up_and_are_short_a_tune_may_be_so_too() -> None:
    """Essen songs: a quarter of them have no bar twice."""
    songs = UsualRanges(returning=(0.0, 1.0), least_bars=4)
    new, single, short = (
        HEADER + "|".join(bars) + "|]" for bars in ([f"{note}8" for note in "ABcdefga"], [LAST] * 8, [A, B, A, LAST])
    )
    for text in (new, single, short):
        assert score_tune(text, 1.0, usual=songs).value("form") == 1 > score_tune(text, 1.0).value("form")


def test_each_fault_of_the_ending_counts_and_is_said() -> None:
    whole = score_tune(FORM, 1.0)
    for text, ended, words in (
        (FORM, False, "cut off"),
        (FORM.replace(LAST, "d4 c4"), True, "tonic"),
        (FORM.replace(B, "defg", 1), True, "do not fill"),
    ):
        worse = score_tune(text, 1.0, ended=ended)
        assert worse.value("ending") < whole.value("ending") == 1
        assert words in dict(worse.answers)["ending"].words


def test_a_copy_is_not_new_and_the_tune_it_is_of_is_named() -> None:
    fresh, usual, copy = (Originality(60, run, 20, title="The Kesh") for run in (0, 20, 40))
    values = [score_tune(FORM, 1.0, originality=one).value("new") for one in (fresh, usual, copy)]
    assert values == [1, 1, 0]
    assert "The Kesh" in dict(score_tune(FORM, 1.0, originality=copy).answers)["new"].words


def test_the_best_comes_first_and_equals_stay_in_their_order() -> None:
    cut = score_tune(FORM, 1.0, ended=False)
    whole = score_tune(FORM, 1.0)
    assert ranked([cut, whole, whole, cut]) == [1, 2, 0, 3]
    assert ranked([cut, whole], by="form") == [1, 0]  # equals by the question: by the total
    assert ranked([]) == []


@pytest.mark.parametrize("text", ["", "no music", "X:1\nK:D\n", "K:D\n|||", HEADER])
def test_what_is_no_tune_has_a_score_too(text: str) -> None:
    assert 0 <= score_tune(text, 3.0, ended=False, usual=UsualRanges((0.7, 1.1, 1.6))).total < 0.5


def test_bars_are_counted_as_the_score_numbers_them() -> None:
    halves = HEADER + f"A2|:{A}|{B}|{C}|d4 d2:|A2|{D}|{B}|{A}|d4 d2:|]"
    assert printed_bars(halves).highest == 8
    assert "of 8 bars are repeated" in dict(score_tune(halves, 1.0).answers)["form"].words

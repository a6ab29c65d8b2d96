"""Laws of the plain spelling: what is plain stays, what is not keeps its bars."""

from __future__ import annotations

from fractions import Fraction

import pytest

from charlstm.tunes.abc import body_tokens, lex
from charlstm.tunes.corpus.sources import music21_tunes
from charlstm.tunes.edit.normalize import plain_body, plain_header, plain_scale, scaled_body
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES


def plain_tune(text: str) -> str:
    return plain_header(text) + plain_body(body_tokens(text), plain_scale(text))


@pytest.mark.parametrize("text", TUNES)
def test_a_plain_tune_stays_as_it_is(text: str) -> None:
    assert plain_tune(text) == text


def test_tunes_of_the_books_keep_their_bars() -> None:
    for source in list(music21_tunes(("airdsAirs",)))[::20]:
        assert len(bars(plain_tune(source.text))) == len(bars(source.text))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('"Am"A2{g}B!trill!c|', "A2Bc|"),
        ("[CEG]2A|", "G2A|"),
        ("[C2E2]A|", "E2A|"),
        ("{ab A|", "ab A|"),
        ("[CE A|", "CE A|"),
        ("A  B (cd) .e|", "A B cd e|"),
        ("A|\nw:la\nB|", "A|\nB|"),
        ("A>B (3cde z2|1 f:|", "A>B (3cde z2|1 f:|"),
    ],
)
def test_what_is_left_out(body: str, expected: str) -> None:
    assert plain_body(lex(body), Fraction(1)) == expected


def test_lengths_come_back() -> None:
    body = "A2B>c (3def z/g3/2|"
    assert scaled_body(scaled_body(body, Fraction(1, 2)), Fraction(2)) == body


def test_a_tune_in_sixteenths_is_read_in_eighths() -> None:
    assert plain_tune("X:3\nT:A\nC:x\nM:C\nL:1/16\nK:Emin\nA4B2c2|") == "T:A\nM:4/4\nL:1/8\nK:Em\nA2Bc|"
    assert plain_tune("M:2/4\nK:D\nA2B2c2d2|") == "M:4/4\nL:1/8\nK:D\nA2B2c2d2|"  # as the cleaning does

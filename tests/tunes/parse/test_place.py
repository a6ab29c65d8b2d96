"""The one parse: what the player, the bars, the melody and the concepts see of a tune is the same."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.errors import NotationError
from charlstm.neurons.concepts.layout import layout
from charlstm.tunes.abc import body_tokens
from charlstm.tunes.parse.place import placed_tokens
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bars import bars
from charlstm.tunes.views.melody import melody
from tests.conftest import TUNES
from tests.tunes.parse.test_reader import HEADER, MARKS


def pitches(text: str) -> list[int]:
    """Of all notes but graces, as the player has them."""
    return [head.midi for event in read(text).events for head in event.heads]


@pytest.mark.parametrize(
    ("body", "midi"),
    [
        ("F[K:G]F", [65, 66]),  # a key inside the line
        ("F|\nK:G % once\nF", [65, 66]),
        ("F[K:G]F[K:clef=bass]F[K:zzz]F", [65, 66, 66, 66]),  # what names no key changes none
        ("F[K:G]F[K:none]F", [65, 66, 65]),
        ("^F[K:C]F", [66, 65]),  # a new key, a new bar
        ("^F8-|F8|F8", [66, 66, 65]),  # a tie carries an accidental over the bar line, and no further
        ("[^FA]8-|[FA]8|F8", [66, 69, 66, 69, 65]),
        ("[^F-A]8|[Fc]8|F8", [66, 69, 66, 72, 65]),
        ("^F8-|f8", [66, 77]),  # a note of another octave is not tied
        ("^F8-|z4 F4", [66, 65]),
        ("{^f}g f", [79, 78]),
    ],
)
def test_the_player_the_melody_and_the_concepts_agree_on_pitches(body: str, midi: list[int]) -> None:
    text = HEADER + body
    assert pitches(text) == midi
    assert [note.pitch for note in layout(text).notes if note.member != "grace"] == midi
    assert {pitch for pitch, _ in melody(text)} <= set(midi)


@pytest.mark.parametrize(
    ("body", "eighths"),
    [
        ("A2>B c2d2|", [7]),  # ABC 2.1, 4.4, leaves it open; abc2midi leaves the notes alone
        ("A>B>c d2|", [5]),
        ("A>|B c|", [Fraction(3, 2), Fraction(3, 2)]),  # acts over the bar line, as in abc2midi
        ("[CE\nG]2 A2|", [4]),  # a chord goes on in the next line
    ],
)
def test_the_player_and_the_bars_agree_on_lengths(body: str, eighths: list[Fraction]) -> None:
    text = HEADER + body
    assert [8 * bar.duration for bar in bars(text)] == eighths
    assert [8 * measure.duration for measure in read(text).measures] == eighths
    assert sum(8 * duration for _, duration in melody(text)) == sum(eighths)


def test_a_meter_with_a_comment_is_read_inside_the_tune_too() -> None:
    assert [bar.expected for bar in bars(HEADER + "C8|\nM:3/4 % slower\nC6|")] == [1, Fraction(3, 4)]


@pytest.mark.parametrize("text", TUNES)
def test_bars_are_the_measures_of_a_plain_tune(text: str) -> None:
    assert [(bar.duration, bar.expected) for bar in bars(text)] == [
        (m.duration, m.expected) for m in read(text).measures
    ]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet=MARKS, max_size=120), st.sampled_from(["", HEADER, "M:6/8\nK:Am\n"]))
def test_any_text_is_placed(body: str, header: str) -> None:
    """One for each token; bars count up, and in a bar every onset is the sum of the durations before it."""
    text = header + body
    placed = placed_tokens(text)
    assert [p.token for p in placed] == list(body_tokens(text))
    time = Fraction(0)
    for before, now in pairwise(placed):
        time = Fraction(0) if now.token.kind == "bar_line" else time + before.duration
        assert now.onset == time
        assert now.bar - before.bar in (0, 1)
    assert max((p.bar for p in placed), default=-1) + 1 == len(bars(text))
    by_bar = [sum((p.duration for p in placed if p.bar == number), Fraction(0)) for number in range(len(bars(text)))]
    assert [bar.duration for bar in bars(text)] == by_bar


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet="ABCDEFGabcdefgz|^_=-[] >2", max_size=80))
def test_any_notes_have_the_pitches_that_are_played(body: str) -> None:
    text = HEADER + body
    try:
        played = pitches(text)
    except NotationError:
        played = []
    assert [note.pitch for note in layout(text).notes] == played

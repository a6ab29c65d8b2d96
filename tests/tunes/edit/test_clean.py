"""The corpus's one spelling: what a source tune becomes, and why some are left out."""

from __future__ import annotations

import pytest

from charlstm.tunes.edit.clean import Dropped, clean_tune
from charlstm.tunes.edit.spelling import clean_title
from charlstm.tunes.views.bars import bars, misfits

EIGHT = "GABc dedB|" * 7 + "G4 G4"
HEADER = "X: 5\nT: KITTY, THE -- REEL\nM: C|\nL:1/8\nR: Reel\nZ: me\nK: E Minor\n"
SOURCE = HEADER + f'(G2\\\n{{a}}"Am"AB) !trill!cdef|{EIGHT}|]\n'


def test_header_in_its_order_and_body_in_its_spelling():
    assert clean_tune(SOURCE).splitlines() == [
        "T:The Kitty",
        "R:reel",
        "M:4/4",
        "L:1/8",
        "K:Em",
        "G2 AB cdef|GABc dedB|GABc dedB|GABc dedB|",
        "GABc dedB|GABc dedB|GABc dedB|GABc dedB|",
        "G4 G4|]",
    ]


def test_cleaning_a_clean_tune_changes_nothing():
    once = clean_tune(SOURCE)
    assert clean_tune(once) == once


def test_two_four_in_sixteenths_becomes_four_four_in_eighths():
    text = clean_tune(f"X:1\nM:2/4\nL:1/16\nK:G\n{EIGHT}|]")
    assert "M:4/4\nL:1/8" in text and not misfits(bars(text))


def test_other_units_are_rescaled():
    body = "G2 z A/B/|" * 8
    assert "G4 z2 AB|" in clean_tune(f"X:1\nM:4/4\nL:1/4\nK:G\n{body}]")


def test_repeats_are_written_at_both_ends_and_a_section_a_line():
    text = clean_tune(f"X:1\nM:4/4\nL:1/8\nK:G\n{EIGHT}::{EIGHT}:|")
    lines = text.splitlines()[3:]
    assert (
        lines[0].startswith("|:") and lines[1].endswith(":|") and lines[2].startswith("|:") and lines[3].endswith(":|")
    )


def test_second_endings_stay_with_their_section():
    text = clean_tune(f"X:1\nM:4/4\nL:1/8\nK:G\n|:{EIGHT}|1 G8:|2 A8||{EIGHT}|]")
    assert "|1 G8:|2 A8||\n" in text


def test_a_pickup_before_the_repeat_stays_before_it():
    assert "\nD2|:G2 AB" in clean_tune(f"X:1\nM:4/4\nL:1/8\nK:G\nD2|:G2 AB cdef|{EIGHT}:|")


def test_ties_only_between_equal_notes():
    text = clean_tune(f"X:1\nM:4/4\nL:1/8\nK:G\nG4-A4|A4-A4|{EIGHT}|]")
    assert "G4A4|A4-A4|" in text


def test_the_top_note_of_a_chord_stays():
    for chord in ("[GBg]2", "[GB\ng]2"):
        assert "g2 A2 B4|" in clean_tune(f"X:1\nM:4/4\nL:1/8\nK:G\n{chord} A2 B4|{EIGHT}|]")


@pytest.mark.parametrize(
    ("tune", "reason"),
    [
        (f"X:1\nM:4/4\nL:1/8\nK:G\nA3|{EIGHT}|A3|{EIGHT}|]", "does not fit"),
        (f"X:1\nM:4/4\nL:1/8\nK:G\nA2>B c2 d3|{EIGHT}|]", "does not fit"),  # full, but undefined (ABC 2.1, 4.4)
        (f"X:1\nM:4/4\nL:1/8\nK:G\nA>B>c d5|{EIGHT}|]", "does not fit"),
        (f"X:1\nM:4/4\nL:1/8\nK:G\nA>|BA4 z3|{EIGHT}|]", "does not fit"),
        (f"X:1\nM:4/4\nL:1/8\nV:1\nK:G\n{EIGHT}|]", "voices"),
        (f"X:1\nM:4/4\nL:1/8\nK:G\n{EIGHT}|[K:D]{EIGHT}|]", "changes"),
        (f"X:1\nM:4/4\nL:1/8\nK:G\n|:{EIGHT}|:{EIGHT}:|", "repeats"),
        (f"X:1\nM:none\nL:1/8\nK:G\n{EIGHT}|]", "meter"),
        (f"X:1\nM:4/4\nL:1/8\nK:none\n{EIGHT}|]", "key"),
        ("X:1\nM:4/4\nL:1/8\nK:G\nG8|]", "8 bars"),
        (f"X:1\nM:4/4\nL:1/8\nK:G\n{EIGHT}|##|]", "stray"),
    ],
)
def test_what_is_left_out_and_why(tune, reason):
    with pytest.raises(Dropped, match=reason):
        clean_tune(tune)


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("Kesh, The", "The Kesh"),
        ("POPPY LEAF -- HORNPIPE", "Poppy Leaf"),
        ("Caf\u00e9 ~ 2", "Cafe 2"),
        ("x" * 60, "x" * 48),
    ],
)
def test_titles(title, clean):
    assert clean_title(title) == clean

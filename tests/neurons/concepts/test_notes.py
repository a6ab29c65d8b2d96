from __future__ import annotations

import numpy as np
import pytest

from charlstm.neurons.concepts.concept import WITHIN, annotate, domain, labels_of
from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.concepts.registry import CONCEPTS

TEXT = "T:Oh\nM:6/8\nL:1/8\nK:D\n|:a|^fed (3ABc d|e2f g>f:|\nA3 b2z|]"


def lit(name: str, text: str) -> str:
    return "".join(c for c, on in zip(text, CONCEPTS[name](text), strict=True) if on)


def test_concepts_light_what_they_name() -> None:
    assert lit("in_header", TEXT) == "T:Oh\nM:6/8\nL:1/8\nK:D\n"
    assert lit("in_body", TEXT) == TEXT[len(lit("in_header", TEXT)) :]
    assert lit("in_title", TEXT) == "Oh"
    assert lit("in_meter_field", TEXT) == "M:6/8"
    assert lit("in_unit_field", TEXT) == "L:1/8"
    assert lit("in_key_field", TEXT) == "K:D"
    assert lit("in_rhythm_field", "R:jig\n" + TEXT) == "R:jig"
    assert lit("bar_line", TEXT) == "|:||:||]"
    assert lit("before_bar_line", TEXT) == "adfz"
    assert lit("line_end", TEXT) == "\n"
    assert lit("note", TEXT) == "afedABcdefgfAb"
    assert lit("high_note", TEXT) == "afedcdefgfb"
    assert lit("low_note", "K:D\nFED C,G,AGa'|") == "FEDCG"
    assert lit("very_high_note", TEXT) == "agb"
    assert lit("note_a", TEXT) == "aAA"
    assert lit("note_f", TEXT) == "fff"
    assert lit("tonic", TEXT) == "dd"
    assert lit("accidental", TEXT) == "^"
    assert lit("note_length", TEXT) == "232"
    assert lit("broken_rhythm", TEXT) == ">"
    assert lit("in_tuplet", TEXT) == "(3ABc"
    assert lit("in_repeat", TEXT) == "a|^fed (3ABc d|e2f g>f"
    assert lit("near_end", TEXT) == TEXT[-16:]


def test_the_first_beat_is_what_begins_in_it_and_a_pickup_has_none() -> None:
    assert lit("first_beat", TEXT) == "^fede2fA3"
    assert lit("first_beat", "M:4/4\nL:1/8\nK:D\nA2 Bc d4|c4 B4|]") == "A2c4"
    assert lit("first_beat", "M:2/2\nL:1/4\nK:D\nAB c2|]") == "AB"


def test_places_in_the_bar() -> None:
    text = "M:4/4\nL:1/8\nK:D\nfg|A2 Bc d2 ef|a3b a4|]"
    assert lit("last_beat", text) == "ef"  # a4 begins two beats before the end
    assert lit("second_half", text) == "d2efa4"
    assert lit("off_beat", text) == "cfb"
    short = "M:6/8\nL:1/8\nK:D\nA|def fed|d3 d2|]"  # its last bar leaves room for the pickup
    assert lit("second_half", short) == "fedd2"
    assert lit("off_beat", short) == "efed"


def test_bars_are_numbered_in_their_section_and_a_second_ending_counts_again() -> None:
    text = "M:2/4\nL:1/8\nK:D\nA|B4|c4|d4|e4||f4|g4|"
    assert lit("even_bar", text) == "c4|e4||g4|"
    assert lit("first_of_four", text) == "B4|f4|"
    assert lit("fourth_of_four", text) == "e4||"
    assert lit("second_four", "M:2/4\nL:1/8\nK:D\n" + "A4|" * 4 + "B4|" * 4 + "c4|") == "B4|" * 4
    endings = "M:2/4\nL:1/8\nK:D\n|:A4|B4|c4|1d4:|2e4|]f4|"
    assert lit("fourth_of_four", endings) == "d4:|2e4|]"
    assert lit("first_ending", endings) == "1d4:|"
    assert lit("second_ending", endings) == "2e4|]"


def test_sections() -> None:
    text = "M:2/4\nL:1/8\nK:D\nAA|d2 e2|f2 d2:|\nA2B2|ce d2||"
    assert lit("before_repeat_end", text) == "f2 d2"
    assert lit("second_part", text) == "A2B2|ce d2||"
    assert lit("cadence", text) == "f2d2ced2"


def test_a_leap_is_a_fifth_or_more_by_the_key_and_the_bar() -> None:
    assert lit("after_leap", "K:C\nCG2|DG|FB|") == "G2"  # F to B: six semitones
    assert lit("after_leap", "K:C\nF^BB|FB|") == "BF"  # seven with a sharp, which goes on to the bar line
    assert lit("after_leap", "K:F\nFB|BF|") == ""  # five with the flat of the key
    assert lit("after_leap", "K:C\n[CG]E|{c}E4") == ""  # chords and graces lead nowhere


def test_kinds_of_tunes_light_their_bodies() -> None:
    body = "|:GAB|]"
    assert lit("jig", f"R:slip jig\nM:9/8\nK:G\n{body}") == body
    assert lit("compound_meter", f"R:slip jig\nM:9/8\nK:G\n{body}") == body
    assert lit("triple_meter", f"R:slip jig\nM:9/8\nK:G\n{body}") == body
    assert lit("reel", f"R:reel\nM:4/4\nK:G\n{body}") == body
    assert lit("hornpipe", f"R:reel\nM:4/4\nK:G\n{body}") == ""
    assert lit("minor_mode", f"M:4/4\nK:Ador\n{body}") == body
    assert lit("minor_mode", f"M:4/4\nK:Amix\n{body}") == ""


def test_signs_that_fiddle_tunes_have_not() -> None:
    text = 'K:C\n"Am"{Bc}A2 "G7"B|'
    assert lit("chord_symbol", text) == '"Am""G7"'
    assert lit("grace", text) == "{Bc}"


def test_a_repeat_may_begin_with_the_tune() -> None:
    assert lit("in_repeat", "K:D\nAB|c:|d|]") == "AB|c"
    assert lit("in_repeat", "K:D\nAB|c|:d|e") == ""


def test_a_concept_holds_only_where_it_is_asked() -> None:
    texts = [TEXT, "M:2/4\nL:1/8\nK:D\n|:A4|B4|c4|1d4:|2e4|]f4|"]
    for text in texts:
        among = {kind: domain(text, kind) for kind in WITHIN}
        for concept in CONCEPTS.values():
            assert not (concept(text) & ~among[concept.within]).any(), concept.name
    notes = annotate(texts, CONCEPTS.values())
    np.testing.assert_array_equal(notes.labels, labels_of(texts, CONCEPTS.values()))
    letters = "".join("".join(texts)[k] for k in notes.among["letters"])
    assert letters == "afedABcdefgfAbABcdef"


def test_each_concept_says_what_it_is_in_one_line() -> None:
    for concept in CONCEPTS.values():
        assert concept.about.endswith(".")
        assert len(concept.about) <= 120


@pytest.mark.parametrize(
    "text", ["", "\n", "no tune at all", "K:", "K:D", "K:D\n[{(3A>", "M:0/0\nK:D\nA|", "M:1/\nK:D\nA|"]
)
def test_any_text_has_labels(text: str) -> None:
    for name, concept in CONCEPTS.items():
        labels = concept(text)
        assert labels.shape == (len(text),), name
        assert labels.dtype == np.bool_, name
    assert len(layout(text).tokens) <= len(text)

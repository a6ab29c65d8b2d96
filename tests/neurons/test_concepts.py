from __future__ import annotations

import numpy as np
import pytest

from charlstm.neurons.concepts import CONCEPTS

TEXT = "T:Oh\nM:6/8\nL:1/8\nK:D\n|:a|^fed (3ABc d|e2f g>f:|\nA3 b2z|]"


def lit(name: str, text: str) -> str:
    return "".join(c for c, on in zip(text, CONCEPTS[name](text), strict=True) if on)


def test_concepts_light_what_they_name() -> None:
    assert lit("in_header", TEXT) == "T:Oh\nM:6/8\nL:1/8\nK:D\n"
    assert lit("in_body", TEXT) == TEXT[len(lit("in_header", TEXT)) :]
    assert lit("in_title", TEXT) == "Oh"
    assert lit("in_key_field", TEXT) == "K:D"
    assert lit("bar_line", TEXT) == "|:||:||]"
    assert lit("line_end", TEXT) == "\n"
    assert lit("note", TEXT) == "afedABcdefgfAb"
    assert lit("high_note", TEXT) == "afedcdefgfb"
    assert lit("accidental", TEXT) == "^"
    assert lit("note_length", TEXT) == "232"
    assert lit("in_tuplet", TEXT) == "(3ABc"
    assert lit("in_repeat", TEXT) == "a|^fed (3ABc d|e2f g>f"
    assert lit("near_end", TEXT) == TEXT[-16:]


def test_the_first_beat_is_what_begins_in_it_and_a_pickup_has_none() -> None:
    assert lit("first_beat", TEXT) == "^fede2fA3"
    assert lit("first_beat", "M:4/4\nL:1/8\nK:D\nA2 Bc d4|c4 B4|]") == "A2c4"
    assert lit("first_beat", "M:2/2\nL:1/4\nK:D\nAB c2|]") == "AB"


def test_a_repeat_may_begin_with_the_tune() -> None:
    assert lit("in_repeat", "K:D\nAB|c:|d|]") == "AB|c"
    assert lit("in_repeat", "K:D\nAB|c|:d|e") == ""


@pytest.mark.parametrize("name", CONCEPTS)
@pytest.mark.parametrize(
    "text", ["", "\n", "no tune at all", "K:", "K:D", "K:D\n[{(3A>", "M:0/0\nK:D\nA|", "M:1/\nK:D\nA|"]
)
def test_any_text_has_labels(name: str, text: str) -> None:
    labels = CONCEPTS[name](text)
    assert labels.shape == (len(text),)
    assert labels.dtype == np.bool_

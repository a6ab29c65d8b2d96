"""Laws of the marks where the guard overruled a model."""

from __future__ import annotations

import numpy as np

from charlstm.lm.sample.sampling import Overruled, Sample
from charlstm.tunes.edit.transpose import transposed
from charlstm.ui.compose.guard_marks import HEAD, guard_marks
from tests.conftest import TUNES


def overruled(text: str, *places: int) -> Sample:
    return Sample(text, "", 1, np.zeros(0), "end", tuple(Overruled(at, 1.5) for at in places))


def test_each_overruled_character_is_marked_with_its_cost() -> None:
    text = TUNES[0]
    sample = overruled(text, 2, text.index("Adfd"), text.rindex("|"), len(text))
    shown = HEAD + text
    marks = guard_marks(sample, shown)
    assert [shown[start:end] for start, end, _ in marks] == [text[2], "A", "|"]  # the end has no character
    assert all("1.5 nats" in words for _, _, words in marks)


def test_in_another_key_the_same_notes_are_marked() -> None:
    """An accidental or an octave mark more moves every character behind it."""
    text = TUNES[3]
    shown = transposed(HEAD + text, 1)
    assert len(shown) != len(HEAD + text)
    places = [at for at, char in enumerate(text) if char == "|"]
    marks = guard_marks(overruled(text, 0, *places), shown)
    assert [shown[start:end] for start, end, _ in marks][1:-1] == ["|"] * (len(places) - 1)
    assert marks[0][:2] == (len(HEAD), len(HEAD) + 1)

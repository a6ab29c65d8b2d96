"""Laws of places in the text that is shown: another key moves characters and loses none."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.lm.sample.guarded import Overruled
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.abc import body_tokens
from charlstm.tunes.edit.transpose import transposed
from charlstm.tunes.harmony.backing import insertions, with_insertions
from charlstm.ui.compose.shown_places import guard_marks, shown_spans, written_lengths
from charlstm.ui.shared.written_tunes import HEAD
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


@pytest.mark.parametrize("steps", [0, 1, -3, 5])
@pytest.mark.parametrize("text", TUNES)
def test_in_another_key_each_character_has_its_own_token(text: str, steps: int) -> None:
    """An accidental or an octave mark more moves every character behind it."""
    shown = transposed(HEAD + text, steps)
    spans = shown_spans(text, shown)
    for old, new in zip(body_tokens(HEAD + text), body_tokens(shown), strict=True):
        covered = {at for start, end in spans[old.start - len(HEAD) : old.end - len(HEAD)] for at in range(start, end)}
        assert covered == set(range(new.start, new.end))
    assert spans[0] == (len(HEAD), len(HEAD) + 1)


@pytest.mark.parametrize("steps", [0, 1, -3])
@pytest.mark.parametrize("text", TUNES)
def test_what_is_written_grows_to_the_whole(text: str, steps: int) -> None:
    shown = transposed(HEAD + text, steps)
    lengths = written_lengths(text, shown)
    assert lengths == sorted(lengths) and len(lengths) == len(text)
    assert lengths[-1] == len(shown)


@pytest.mark.parametrize("text", [TUNES[0], TUNES[3]])
def test_chord_symbols_between_its_notes_move_a_tune_and_change_none_of_it(text: str) -> None:
    """They are not the model's, so that no mark lies on one."""
    inserted = insertions(HEAD + text)
    shown = transposed(with_insertions(HEAD + text, inserted), 2)
    assert '"' in shown
    spans = shown_spans(text, shown)
    assert not any('"' in shown[start:end] for start, end in spans)
    assert written_lengths(text, shown)[-1] == len(shown)

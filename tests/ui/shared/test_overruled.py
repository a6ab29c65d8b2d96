"""Laws of what the page says where the guard overruled the model."""

from __future__ import annotations

from charlstm.lm.sample.guarded import Overruled
from charlstm.ui.shared.overruled import overruled_mark, overruled_words


def test_how_often_in_plain_words() -> None:
    assert overruled_words([]) == ""
    assert "once" in overruled_words([Overruled(3, 0.5)])
    many = overruled_words([Overruled(place, 0.5) for place in range(5)])
    assert "5 times" in many and "nats" not in many


def test_a_mark_covers_its_characters_and_says_its_own_cost() -> None:
    start, end, words = overruled_mark(4, 6, 1.25)
    assert (start, end) == (4, 6) and "1.2 nats" in words and "29%" in words
    assert "hardly any" in overruled_mark(4, 6, 8.0)[2]

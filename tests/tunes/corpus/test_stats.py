"""Contents: every tune is counted once in each table."""

from __future__ import annotations

from charlstm.tunes.corpus.stats import contents
from tests.conftest import TUNES


def test_every_tune_and_character_is_counted_once() -> None:
    found = contents(TUNES)
    assert (found.tunes, found.characters) == (6, sum(map(len, TUNES)))
    assert (found.shortest, found.longest) == (min(map(len, TUNES)), max(map(len, TUNES)))
    assert dict(found.meters) == {"4/4": 2, "6/8": 1, "3/4": 1, "2/4": 1, "9/8": 1}
    assert sum(found.keys.values()) == 6
    assert sum(found.rhythms.values()) == 5
    assert sum(count for _, _, count in found.lengths) == 6
    assert found.symbols["blank"] == sum(text.split("K:")[1].split("\n", 1)[1].count(" ") for text in TUNES)
    assert "T" not in found.symbols  # letters of the header are not music


def test_one_very_long_tune_does_not_stretch_the_picture() -> None:
    found = contents([TUNES[0]] * 200 + [TUNES[0] * 500])
    assert found.lengths[-1][1] < 200
    assert sum(count for _, _, count in found.lengths) == 201
    assert contents([]).lengths == []

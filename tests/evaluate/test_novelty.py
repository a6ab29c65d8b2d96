from __future__ import annotations

import numpy as np
import pytest

from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.novelty import NoveltyIndex, novelty
from charlstm.evaluate.run_index import RunIndex
from charlstm.tunes.corpus.model import Corpus

# No step of one is a step of the other, but for the repeated notes of the second.
FIRST = "T:First\nM:4/4\nL:1/8\nK:C\nC2DE FGA2|B2c2 d2e2|f2g2 a2b2|]"
SECOND = "T:Second\nM:4/4\nL:1/8\nK:C\nCcCc CcCc|GGGG GGGG|]"


def brute_force(query: str, texts: list[str]) -> list[int]:
    return [
        max(n for n in range(len(query) - i + 1) if n == 0 or any(query[i : i + n] in text for text in texts))
        for i in range(len(query))
    ]


def test_runs_agree_with_the_definition() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abc"), 120)) for _ in range(5)]
    query = texts[2][30:110] + "z" + "".join(rng.choice(list("abc"), 60))
    lengths, offsets = RunIndex(texts).runs(query)
    assert lengths.tolist() == brute_force(query, texts)
    assert (offsets[lengths == 0] == -1).all()


def test_a_run_does_not_cross_from_one_text_into_the_next() -> None:
    match = RunIndex(["xxab", "cdyy"]).longest("abcd")
    assert (match.length, match.start, match.source) == (2, 0, 0)


def test_the_longest_run_is_followed_beyond_the_sorted_reach() -> None:
    text = "".join(chr(97 + (i * i) % 23) for i in range(400))
    assert RunIndex(["q", text]).longest(f"Z{text}")[:3] == (400, 1, 1)


@pytest.mark.parametrize(
    "copy",
    [
        FIRST,
        "M:4/4\nL:1/8\nK:D\nD2EF GAB2|c2d2 e2f2|g2a2 b2c'2|]",  # a tone higher
        "M:2/4\nL:1/16\nK:C\nC2DE FGA2|B2c2 d2e2|f2g2 a2b2|]",  # half as long
    ],
)
def test_a_copy_is_a_copy_in_any_key_and_length(copy: str) -> None:
    index = MelodyIndex([SECOND, FIRST])
    found = index.longest_run(copy)
    assert (found.notes, index.title(found.source)) == (14, "First")


def test_a_run_counts_notes_and_ends_where_the_tunes_part() -> None:
    other = FIRST.replace("f2g2 a2b2", "f2F2 a2A2")  # eleven notes alike, then a leap that is new
    found = novelty(other, Corpus("c", train=(SECOND, FIRST), validation=()))
    assert (found.longest_run, found.notes, found.source) == (11, 14, "First")
    assert found.copied == pytest.approx(11 / 14)


def test_nothing_shared_is_nothing() -> None:
    index = NoveltyIndex([SECOND])
    assert index.melodies.longest_run(FIRST) == (0, -1)
    found = novelty("K:C\n", index)
    assert (found.copied, found.longest_run, found.source) == (0, 0, "")


def test_new_substrings_by_the_definition() -> None:
    text = "K:C\nCDEF|"
    shares = NoveltyIndex([FIRST, SECOND]).new_substrings(text)
    for n in (1, 2, 3, 5, len(text)):
        pieces = [text[i : i + n] for i in range(len(text) - n + 1)]
        new = [all(piece not in known for known in (FIRST, SECOND)) for piece in pieces]
        assert shares[n - 1] == pytest.approx(sum(new) / len(new))
    assert len(shares) == 50
    assert shares[len(text)] == 0  # longer than the text

"""Match: what followed the last characters before, of the text read so far."""

from __future__ import annotations

import random

from charlstm.lm.columns import LONGEST_MATCH, SHORTEST_MATCH
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.inputs.match import Match
from charlstm.lm.infer.inputs.side_inputs import character_ids, side_ids
from charlstm.lm.vocab import Vocab
from tests.conftest import TUNES

VOCAB = Vocab.of(TUNES)


def match_of(text: str) -> Match:
    match = Match()
    for char in text:
        match = match.after(char)
    return match


def by_definition(body: str) -> tuple[str, int] | None:
    """Every earlier place tried, from the longest number of characters on, the latest place first."""
    for length in range(LONGEST_MATCH, SHORTEST_MATCH - 1, -1):
        for end in range(len(body) - 1, length - 1, -1):
            if len(body) > length and body[end - length : end] == body[-length:]:
                return body[end], length
    return None


def test_it_is_what_followed_the_longest_run_of_last_characters_where_it_stood_last() -> None:
    draw = random.Random(0)
    for body in ["".join(draw.choices("AB|c \n", k=60)) for _ in range(20)] + [t.split("K:")[1] for t in TUNES]:
        for end in range(len(body) + 1):
            read = body[:end]
            assert match_of("M:4/4\nK:D\n" + read).found == by_definition(read.replace("\n", ""))


def test_a_motif_that_comes_back_is_found_wherever_it_stands() -> None:
    assert match_of("K:D\nd2fa g2e|f3 A BA").found is None
    assert match_of("K:D\nd2fa g2e|f3 A d2f").found == ("a", 3)  # another bar, another place in it
    assert match_of("K:D\n|:d2fa g2e\n|f3 A g2e").found == ("|", 4)  # over the end of a line
    assert match_of("K:D\n" + 3 * "ABcdefg").found == ("A", LONGEST_MATCH)


def test_the_header_has_none_and_its_words_are_not_looked_at() -> None:
    assert match_of("T:The The The\nM:4/4\nK:D").found is None
    assert match_of("T:abcd\nK:D\nxabc").found is None


def test_each_character_and_length_has_an_id_of_its_own() -> None:
    characters = character_ids(VOCAB)
    seen = {}
    for text in TUNES:
        rows = side_ids(VOCAB.encode(text), VOCAB, ModelConfig(match=True))
        assert rows is not None
        for end in range(len(text) + 1):
            match = match_of(text[:end])
            assert match.id(characters) == rows[end, 0]
            assert seen.setdefault(match.id(characters), match.found) == match.found
    assert len(seen) > 20

"""Bar lookback: the reader and the whole-text function against the definition, written out slowly."""

from __future__ import annotations

import re

import numpy as np
import pytest

from charlstm.lm.infer.inputs.lookback import Lookback, lookback_ids
from charlstm.lm.vocab import Vocab

ALPHABET = "|:][123 \nKMabC4(\"'z"
VOCAB = Vocab.of([ALPHABET + "Tune"])
LAGS = (1, 2, 0, 4, 8)


def textbook(text: str, lags: tuple[int, ...]) -> list[list[str | None]]:
    """Row i from text[:i] alone: find the body, cut it into bars at runs of signs with a bar line, point back."""
    rows = []
    for i in range(len(text) + 1):
        read = text[:i]
        header = re.match(r"(?:(?!K:)[^\n]*\n)*K:[^\n]*\n", read)
        starts = []
        if header:
            first = re.compile(r"[|:\]\[123 \n]*").match(read, header.end()).end()
            runs = re.compile(r"\|[|:\]\[123 \n]*").finditer(read, first)
            starts = sorted({first, *(run.end() for run in runs)} - {len(read)})
        row = []
        signs = re.findall(r"(?=(\|:|::|:\|))", read[header.end() :]) if header else []
        for k in lags:
            if k == 0:
                row.append(":" if signs and signs[-1] != ":|" else None)
                continue
            place = starts[-1 - k] + (i - starts[-1]) if len(starts) > k else None
            row.append(None if place is None else read[place])
        rows.append(row)
    return rows


def as_characters(rows: np.ndarray) -> list[list[str | None]]:
    return [[None if i == len(VOCAB) else VOCAB.symbols[i] for i in row] for row in rows]


def random_texts(n: int) -> list[str]:
    """Texts of random characters, with bar lines frequent enough for lag 8, most with a header."""
    rng = np.random.default_rng(5)
    heads = ["", "K:C\n", "M:K\nK:a\n", "T:K: 12|3\n\nK:\n", "K\nKb:\nK:C|b\n", " K:C\n", "K:C"]
    weights = np.array([4.0 if c == "|" else 1.0 for c in ALPHABET])
    texts = ["", "K", "K:", "K:\n", "\n"]
    for i in range(n):
        body = rng.choice(list(ALPHABET), size=rng.integers(0, 120), p=weights / weights.sum())
        texts.append(heads[i % len(heads)] + "".join(body))
    return texts


def test_both_forms_are_the_textbook_definition():
    looked_back = open_repeats = 0
    for text in random_texts(140):
        expected = textbook(text, LAGS)
        reader, rows = Lookback(LAGS), []
        rows.append(list(reader.characters))
        for char in text:
            reader = reader.after(char)
            rows.append(list(reader.characters))
        assert rows == expected, text
        assert as_characters(lookback_ids(VOCAB.encode(text), VOCAB, LAGS)) == expected, text
        looked_back += sum(row[4] is not None for row in expected)
        open_repeats += sum(row[2] is not None for row in expected)
    assert looked_back > 500 and open_repeats > 500  # the law was tested where there is something eight bars ago


def test_by_hand():
    text = "K:C\nab | C4 | 'b"
    at = text.index
    rows = as_characters(lookback_ids(VOCAB.encode(text), VOCAB, (1, 2)))
    assert rows[at("b ") + 1] == [None, None]  # the first bar has nothing before it
    assert rows[at("C4")] == [None, None]  # the second bar has begun only when its C is read
    assert rows[at("C4") + 1] == ["b", None]
    assert rows[at("C4") + 2] == [" ", None]
    assert rows[at("'b")] == ["C", None]  # run on past the old bar line, to how the next bar began
    assert rows[at("'b") + 1] == ["4", "b"]


@pytest.mark.parametrize("cut", [0, 3, 4, 9, 17, 27])
def test_a_row_depends_on_what_was_read_only(cut):
    text = "K:C\nab|C4 (3abC|1 ab:|\n2 zz|]"
    rows = lookback_ids(VOCAB.encode(text), VOCAB, LAGS)
    for other in ("", "|||aaa", "\nK:b\n", "2"):
        changed = lookback_ids(VOCAB.encode(text[:cut] + other), VOCAB, LAGS)
        assert np.array_equal(changed[: cut + 1], rows[: cut + 1])


def test_a_reader_is_a_value():
    reader = Lookback((1,))
    for char in "K:C\nab|C":
        reader = reader.after(char)
    before = reader.characters
    left, right = reader.after("4"), reader.after("|").after("z")
    assert reader.characters == before == ("b",)
    assert left.characters == ("|",)
    assert right.characters == ("|",)  # another place: z has begun a bar, and C| came before it
    assert (left.text, right.text) == ("K:C\nab|C4", "K:C\nab|C|z")


def test_an_open_repeat_by_hand():
    text = "K:C\n|:ab|C|1 b:|2 a||\nab|b|:C::a:|:b:|]"
    (column,) = np.transpose(as_characters(lookback_ids(VOCAB.encode(text), VOCAB, (0,)))).tolist()
    shown = "".join(sign or "." for sign in column[1:])
    assert shown == ".....::::::::::............::::::.:::.."


def test_no_lags_is_no_columns():
    assert lookback_ids(VOCAB.encode("K:C\nab|"), VOCAB, ()).shape == (8, 0)
    assert Lookback(()).after("a").characters == ()


def test_a_vocabulary_without_the_signs_looks_back_at_nothing():
    vocab = Vocab.of(["abc"])
    assert (lookback_ids(vocab.encode("abcabc"), vocab, (1, 2)) == len(vocab)).all()

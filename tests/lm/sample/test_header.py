"""Header fields fixed by the user: in their place, once, and nothing else changed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from charlstm.errors import ConfigError, VocabularyError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.header import Header, fixed_lines, with_unit
from charlstm.lm.sample.sampling import sample, stream
from charlstm.lm.vocab import Vocab

VOCAB = Vocab.of(["TRMLKQ:/ |\nabdefgijlxy0123468My tuneD"])
LONG = SampleConfig(max_length=2000)
ALL = {"K": "D", "M": "6/8", "T": "My tune", "R": "jig", "L": "1/8"}


@pytest.fixture(scope="module")
def engine(make_engine) -> Engine:
    """Random, and fond of line breaks and slow to end, so that headers get written."""
    engine = make_engine(vocab=VOCAB, scale=0.3)
    bias = engine.weights["decoder.bias"].copy()
    bias[VOCAB.ids["\n"]] += 2.5
    bias[VOCAB.end] -= 2
    return Engine(engine.config, VOCAB, dict(engine.weights) | {"decoder.bias": bias})


def header_of(text: str) -> list[str]:
    """The lines up to K:, which must be there."""
    lines = text.split("\n")
    end = next(i for i, line in enumerate(lines) if line.startswith("K:"))
    return lines[: end + 1]


@pytest.mark.parametrize("letters", ["K", "M", "T", "MK", "TRMLK", "RL", "LK"])
def test_fixed_fields_stand_once_in_their_place(engine, letters):
    fields = {letter: ALL[letter] for letter in letters}
    for tune in sample(engine, LONG, fields=fields, n=25):
        lines = header_of(tune.text)
        assert all(re.match(r"[A-Z]:", line) for line in lines)
        written = [line[0] for line in lines]
        assert len(set(written)) == len(written) and written[-1] == "K"
        for letter, value in fields.items():
            assert f"{letter}:{value}" in lines
        assert [x for x in written if x in fields] == [x for x in "TRMLK" if x in fields]
        for letter in fields:  # nothing that belongs behind a fixed field stands before it
            before = written[: written.index(letter)]
            assert not [x for x in before if x in "TRMLK" and "TRMLK".index(x) > "TRMLK".index(letter)]


def test_open_fields_are_the_models(engine):
    """With M: fixed, other fields come before and after it in some tunes and not in others, as the model likes."""
    headers = [[line[0] for line in header_of(t.text)] for t in sample(engine, LONG, fields={"M": "6/8"}, n=40)]
    assert any(letters.index("M") > 0 for letters in headers) and any(letters[0] == "M" for letters in headers)
    assert any("L" in letters for letters in headers) and any("L" not in letters for letters in headers)


def test_no_fixed_fields_change_nothing(engine):
    free = [tune.text for tune in sample(engine, LONG, n=10)]
    assert [tune.text for tune in sample(engine, LONG, fields={}, n=10)] == free
    assert [tune.text for tune in sample(engine, LONG, fields=None, n=10)] == free


def test_stream_and_batch_write_the_same_header(engine):
    fields = {"M": "6/8", "K": "D"}
    for tune in sample(engine, SampleConfig(max_length=120), fields=fields, n=10, prime="R:ji"):
        assert (
            "".join(stream(engine, SampleConfig(max_length=120), fields=fields, seed=tune.seed, prime="R:ji"))
            == tune.text
        )


def test_given_characters_have_no_log_prob(engine):
    prime = "R:jig\nM:6/8\n"
    for tune in sample(engine, LONG, prime=prime, fields={"K": "D"}, n=5):
        drawn = tune.text.removeprefix(prime).replace("K:D\n", "", 1)
        assert len(tune.log_probs) == len(drawn) + (tune.stopped == "end")


def test_the_length_may_cut_a_given_line(engine):
    tune = sample(engine, SampleConfig(max_length=5), fields={"T": "My tune", "K": "D"}, n=1)[0]
    assert len(tune.text) == 5 and tune.stopped == "max_length"


def test_a_prime_may_have_some_of_the_fields(engine):
    for tune in sample(engine, LONG, prime="T:My ", fields={"T": "My tune", "M": "6/8"}, n=5):
        assert tune.text.startswith("T:My tune\n") and "M:6/8" in header_of(tune.text)
    for tune in sample(engine, LONG, prime="R", fields={"K": "D"}, n=5):
        assert tune.text.startswith("R:")
    for tune in sample(engine, LONG, prime="M:6/8\nK:D\n", fields={"M": "6/8", "K": "D"}, n=5):
        assert tune.text.startswith("M:6/8\nK:D\n") and tune.text.count("M:6/8\n") == 1


@pytest.mark.parametrize("prime", ["M:2/4\n", "M:2", "M:6/\n", "M:6/8\nK:D\n|"])
def test_a_prime_that_contradicts_is_a_sentence(engine, prime):
    with pytest.raises(ConfigError, match=r"in the prime; give one|ended its header"):
        stream(engine, LONG, prime=prime, fields={"M": "6/8", "L": "1/8"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"X": "1"}, "X: the reference number"),
        ({"key": "D"}, "'key' is not a header field"),
        ({"m": "6/8"}, "'m' is not a header field"),
        ({"K": " "}, "K: has no value"),
        ({"T": "a\nb"}, "T: must be one line"),
    ],
)
def test_a_field_that_cannot_be_fixed_is_a_sentence(fields, message):
    with pytest.raises(ConfigError, match=message):
        fixed_lines(fields, VOCAB)


def test_an_unknown_character_names_its_field():
    with pytest.raises(VocabularyError, match=r"T: '\u00e9' at position 1") as caught:
        fixed_lines({"T": "t\u00e9"}, VOCAB)
    assert caught.value.character == "\u00e9"


def test_a_letter_the_order_does_not_know_passes_and_can_be_fixed():
    lines = fixed_lines({"K": "D", "Q": "120", "T": "a"}, Vocab.of(["TKQ:\nabD120"]))
    assert list(lines) == ["T", "Q", "K"]
    header = Header(lines, VOCAB)
    assert header.instead("Q") == "Q:120\n"  # its own place is where the model puts it
    assert header.instead("X") == ""
    assert [header.instead("K"), header.instead("K")] == ["T:a\n", "K:D\n"]


def test_what_may_come_next():
    header = Header(fixed_lines({"K": "D"}, VOCAB), VOCAB, "M:6/8\n")

    def allowed() -> set[str]:
        mask = header.allowed()
        return set(np.array(VOCAB.symbols)[mask].tolist())

    assert allowed() == {"T", "R", "L", "K", "Q", "D"}  # letters that are not written yet
    header.read("L")
    assert allowed() == {":"}
    header.read(":")
    assert allowed() == set(VOCAB.symbols[2:])
    for char in "1/8\nK:D\n":
        header.read(char)
    assert header.allowed() is None and header.instead("T") == ""


@pytest.mark.parametrize(
    ("prime", "units", "expected"),
    [
        ("M:2/4\nK:A\n", ["1/8"], "M:2/4\nL:1/8\nK:A\n"),
        ("M:2/4\nK:A\n|:A2", ["1/8"], "M:2/4\nL:1/8\nK:A\n|:A2"),
        ("M:6/8\nK:A\n", ["1/8"], None),  # the standard's default says the same
        ("M:2/4\nL:1/16\nK:A\n", ["1/8"], None),  # said
        ("M:2/4\n", ["1/8"], None),  # still to come
        ("M:2/4\nK:A\n", ["1/8", "1/16"], None),
        ("M:2/4\nK:A\n", [], None),
    ],
)
def test_a_finished_header_says_the_unit_that_the_model_writes_by(prime, units, expected):
    """`M:2/4`, `K:A` and no L: made sixteenths of the model's eighths: no bar was full."""
    assert with_unit(prime, units) == (expected or prime)

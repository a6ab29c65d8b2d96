"""Header fields in the spelling of the corpus: what means the same is the same, what was never seen is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from charlstm.errors import CheckpointError, ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.adapter import adapted_prime
from charlstm.lm.sample.fields import adapted_fields, unseen_fields
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo
from tests.conftest import MakeEngine

SEEN = {"M": {"4/4": 9, "6/8": 5, "3/4": 1}, "K": {"D": 9, "Em": 3, "Ador": 1}, "R": {"jig": 5}, "L": {"1/8": 14}}


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """A random network that says what its training tunes had."""
    plain = make_engine()
    checkpoint = Checkpoint(Path("seen"), plain.config, plain.vocab, corpus=CorpusInfo(headers=SEEN))
    return Engine(plain.config, plain.vocab, plain.weights, checkpoint=checkpoint)


@pytest.mark.parametrize(
    ("letter", "value", "spelled"),
    [
        ("M", "C", "4/4"),
        ("M", "C|", "4/4"),
        ("M", " 6 / 8", "6/8"),
        ("M", "3/4", "3/4"),
        ("K", "D major", "D"),
        ("K", "Dmaj", "D"),
        ("K", "E minor", "Em"),
        ("K", "A Dorian", "Ador"),
        ("R", "Jigs", "jig"),
        ("L", "1 / 8", "1/8"),
        ("T", "C", "C"),
    ],
)
def test_a_value_is_written_as_the_corpus_writes_it(engine: Engine, letter: str, value: str, spelled: str) -> None:
    """`M:C` is four quarters to the reader; a model of `4/4` alone filled one bar in five under it."""
    assert adapted_fields(engine, {letter: value}) == {letter: spelled}


def test_a_cut_bar_that_the_corpus_has_stays_one(engine: Engine) -> None:
    assert engine.checkpoint is not None
    corpus = CorpusInfo(headers={"M": {"4/4": 9, "C|": 2}})
    cut = Engine(
        engine.config, engine.vocab, engine.weights, checkpoint=dataclasses.replace(engine.checkpoint, corpus=corpus)
    )
    assert adapted_fields(cut, {"M": "C|"}) == {"M": "C|"}
    assert adapted_fields(cut, {"M": "C"}) == {"M": "4/4"}


def test_a_fixed_field_and_a_prime_go_through_it(engine: Engine) -> None:
    config = SampleConfig(max_length=60)
    fixed = sample(engine, config, fields={"M": "C", "K": "Dmaj"}, n=3)
    assert [t.text for t in fixed] == [t.text for t in sample(engine, config, fields={"M": "4/4", "K": "D"}, n=3)]
    assert adapted_prime(engine, "M:C|\nK:D major\nd2") == "M:4/4\nK:D\nd2"
    assert adapted_prime(engine, "M:C") == "M:C"  # it may go on


@pytest.mark.parametrize(("letter", "value"), [("M", "banana"), ("M", "7"), ("K", "H"), ("L", "one")])
def test_what_cannot_be_read_is_refused_with_what_was_seen(engine: Engine, letter: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{letter}: '{value}' is not .*has seen {next(iter(SEEN[letter]))}"):
        sample(engine, fields={letter: value})


def test_what_was_never_seen_is_said_and_written(engine: Engine) -> None:
    assert unseen_fields(engine, {"M": "7/8", "K": "D", "R": "jig", "T": "anything"}) == [
        "seen has never seen M:7/8; it has seen 4/4, 6/8, 3/4."
    ]
    assert adapted_fields(engine, {"M": "7/8"}) == {"M": "7/8"}


def test_of_a_model_that_does_not_say_nothing_is_refused(make_engine: MakeEngine) -> None:
    engine = make_engine()
    assert adapted_fields(engine, {"M": "C", "K": "H"}) == {"M": "C", "K": "H"}
    assert unseen_fields(engine, {"M": "7/8"}) == []


def test_several_fields_on_one_line_are_refused(engine: Engine) -> None:
    """It was taken for one meter, and written so."""
    with pytest.raises(ConfigError, match=r"prime: .*M:6/8\\nK:D d2$"):
        adapted_prime(engine, "M:6/8 K:D d2")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"\x80\x02}q", "model.pt", "pickle"),
        (b"", "old.pth", "pickle"),
        (b"PK\x03\x04", "m.zip", "import"),
        (b"x", "m", "folder"),
    ],
)
def test_a_file_is_not_a_model_and_it_is_said_what_it_is(tmp_path: Path, data: bytes, name: str, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=says):
        load(tmp_path / name)

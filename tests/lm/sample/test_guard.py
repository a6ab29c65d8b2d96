"""The guard: whatever a network wants, what it writes is a tune that engraves and plays, and it always ends."""

from __future__ import annotations

import random
import re
import shutil

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.evaluate.external_checkers import tool_faults
from charlstm.evaluate.validity import validity
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.infer.logits import log_softmax
from charlstm.lm.sample.guard import BODY_ROOM, HEADER_ROOM, Guard
from charlstm.lm.sample.guard_header import go_together
from charlstm.lm.sample.guarded import guard_of
from charlstm.lm.sample.sampling import sample, stream
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.notation import parse_plan
from charlstm.tunes.form_plan.reading import written_bars
from tests.conftest import TUNES, VOCAB, MakeEngine
from tests.lm.sample.walks import CHARACTERS, walk

GUARDED = SampleConfig(guard=True, max_length=400)


def faults(text: str) -> list[str]:
    """What is wrong with a tune."""
    return list(validity(text).reasons)


def walked(seed: int) -> str:
    """A tune of random characters, of those that are allowed."""
    *_, text = walk(Guard(CHARACTERS, {}, {}, "", 400), random.Random(seed), marks="|:12-(3><\n")
    return text


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_any_allowed_characters_are_a_tune_and_end_in_time(first: int) -> None:
    for seed in range(first, first + 20):
        text = walked(seed)
        assert len(text) <= 400
        assert faults(text) == [], text


def test_from_everywhere_a_tune_can_be_ended() -> None:
    """No dead ends: what `closing` writes is allowed step by step, and short."""
    for seed in range(6):
        text = walked(seed)
        guard = Guard(CHARACTERS, {}, {}, "", 10_000)
        for char in text:
            guard.read(char, given=True)
            if guard._body is not None:
                ending = guard._body.closing()
                assert len(ending) <= BODY_ROOM
                after = guard._body.copied()
                assert all(after.step(c) for c in ending) and after.can_end


def test_it_uses_the_whole_language() -> None:
    """Repeats, endings, pickups, ties, triplets and broken rhythm all occur, so that the laws above are about them."""
    tunes = [walked(seed) for seed in range(60)]
    written = "".join(text[split_header(text).body_start :] for text in tunes)  # a title may hold anything
    for mark in ("|:", ":|", "|1 ", ":|2 ", "||", "|]", "-", "(3", ">", "<", "z", "/", "^", ",", "'"):
        assert mark in written
    assert "(3(" not in written  # abc2midi: nested tuples


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
def test_a_random_network_writes_whole_tunes(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell)
    for tune in sample(engine, GUARDED, n=8):
        assert tune.stopped == "end" and faults(tune.text) == []


def test_uniform_logits_write_whole_tunes(uniform_engine: Engine) -> None:
    for tune in sample(uniform_engine, GUARDED, n=10, seed=3):
        assert tune.stopped == "end" and faults(tune.text) == []
        assert tune.overruled and tune.guard_cost > 0


def test_alone_in_a_batch_and_as_a_stream_it_is_the_same_tune(tiny_engine: Engine) -> None:
    tunes = sample(tiny_engine, GUARDED, n=4, seed=1)
    assert [sample(tiny_engine, GUARDED, seed=t.seed)[0].text for t in tunes] == [t.text for t in tunes]
    assert "".join(stream(tiny_engine, GUARDED, seed=2)) == tunes[1].text


def test_until_it_overrules_the_tune_is_the_one_without_it(tiny_engine: Engine) -> None:
    free = sample(tiny_engine, SampleConfig(max_length=400), n=5)
    for guarded, unguarded in zip(sample(tiny_engine, GUARDED, n=5), free, strict=True):
        first = guarded.overruled[0].index
        assert guarded.text[:first] == unguarded.text[:first]


def test_the_cost_is_the_probability_of_what_was_allowed(tiny_engine: Engine) -> None:
    """-ln of the mass of all allowed symbols at each place, by reading the tune again."""
    tune = sample(tiny_engine, GUARDED, seed=5)[0]
    logits, _ = tiny_engine.run(np.concatenate([[VOCAB.start], VOCAB.encode(tune.text)]))
    for place, nats in tune.overruled:
        guard = guard_of(tiny_engine, GUARDED, "", {})
        for char in tune.text[:place]:
            guard.read(char)
        allowed = [k for k, text in enumerate(VOCAB.written) if k != VOCAB.start and guard.allows(text)]
        assert nats == pytest.approx(-np.log(np.exp(log_softmax(logits[place])[allowed]).sum()), abs=1e-4)
    assert tune.guard_cost == pytest.approx(sum(nats for _, nats in tune.overruled)) and tune.guard_cost > 0


@pytest.mark.parametrize("fields", [{"M": "6/8"}, {"R": "jig"}, {"R": "waltz"}, {"M": "2/4"}, {}])
def test_rhythm_and_meter_go_together_also_where_one_is_fixed(fields: dict[str, str], tiny_engine: Engine) -> None:
    """`--meter 6/8` alone gave reels in 6/8."""
    for tune in sample(tiny_engine, GUARDED, fields=fields, n=12):
        header = split_header(tune.text)
        assert go_together(header.get("R"), header.get("M"))
        assert fields.items() <= {letter: header.get(letter) for letter in "RM"}.items()
        assert faults(tune.text) == []
    assert not go_together("reel", "6/8") and go_together("air", "6/8")


def test_a_prime_is_carried_on(tiny_engine: Engine) -> None:
    prime = "M:6/8\nL:1/8\nK:G\n|:GAB ded|cB"
    for tune in sample(tiny_engine, GUARDED, prime=prime, n=5):
        assert tune.text.startswith(prime) and faults(tune.text) == []


@pytest.mark.parametrize(
    ("prime", "length", "says"),
    [
        ("M:4/4\nK:D\n[DFA]4", 400, r"prime: has '\[' at character 11"),
        ("M:4/4\nK:D\nd4 d4 d4", 400, "prime: has"),
        ("", HEADER_ROOM, "max_length: leaves the guard too little room"),
    ],
)
def test_what_it_cannot_follow_is_a_sentence(prime: str, length: int, says: str, make_engine: MakeEngine) -> None:
    from charlstm.lm.vocab import Vocab

    engine = make_engine(vocab=Vocab.of([*TUNES, "[DFA]"]))
    with pytest.raises(ConfigError, match=says):
        sample(engine, SampleConfig(guard=True, max_length=length), prime=prime)


def test_a_model_without_the_characters_of_a_tune_is_a_sentence(make_engine: MakeEngine) -> None:
    from charlstm.lm.vocab import Vocab

    with pytest.raises(ConfigError, match="guard: needs characters"):
        sample(make_engine(vocab=Vocab.of(["abc"])), GUARDED)


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("abc2midi") and shutil.which("abcm2ps")), reason="needs abcmidi and abcm2ps")
def test_the_fields_own_tools_find_no_error_in_a_wild_model() -> None:
    tunes = sample(load("lstm-512"), SampleConfig(temperature=1.2, guard=True), n=100, seed=7000)
    texts = [tune.text for tune in tunes]
    assert all(tune.stopped == "end" for tune in tunes) and not any(map(faults, texts))
    for tool in ("abc2midi", "abcm2ps"):
        assert sum(tool_faults(texts, tool)) == 0


def part_ends(text: str) -> list[str]:
    """The letter of the last note of each part."""
    _, bars = written_bars(text)
    ends = [text[bar.start : bar.end] for bar in bars if bar.line.strip() not in ("|", "|1", "|:")]
    return [re.findall(r"[A-G]", end.upper())[-1] for end in ends]


@pytest.mark.parametrize("seed", range(40))
def test_the_last_note_of_a_part_is_the_plans_and_there_are_no_dead_ends(seed: int) -> None:
    """Walks at random through a plan that asks for a note at the end of each bar, with and without lengths."""
    draw = random.Random(seed)
    header = f"M:{draw.choice(['4/4', '6/8', '3/4'])}\nL:1/8\nK:D\n"
    shape = draw.choice(["a", "a(3/8)", "a(1/8)"])
    plan = parse_plan(" ".join(f"{name}=5" for name in [shape, *"bcdefghijklmnop"]))
    guard = Guard(CHARACTERS, {}, {}, header, 400)
    guard.follow(plan)
    *_, text = walk(guard, draw, header)
    assert faults(text) == [], text
    _, bars = written_bars(text)
    assert set(part_ends(text)[: len(plan.bars)]) <= ({"A"} if len(bars) <= len(plan.bars) else set("ABCDEFG")), text

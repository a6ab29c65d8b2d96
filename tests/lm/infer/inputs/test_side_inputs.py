"""Side inputs: they depend on the text read so far, at once as character by character; what clock and plan say."""

from __future__ import annotations

import random

import numpy as np
import pytest

from charlstm.lm.columns import METERS, side_columns
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.inputs.clock import OVER, UNKNOWN, Clock
from charlstm.lm.infer.inputs.side_inputs import SideInputs, character_ids, side_ids
from charlstm.lm.vocab import Vocab
from charlstm.tunes.form_plan.plan import KINDS, LINES
from charlstm.tunes.form_plan.reading import read_plan, written_bars
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES

CONFIGS = [
    ModelConfig(clock=True),
    ModelConfig(plan=True),
    ModelConfig(match=True),
    ModelConfig(lookback_bars=(1, 2, 0), clock=True, plan=True, match=True),
]
VOCAB = Vocab.of([*TUNES, "(3:2abc>!\"{}[]z'^_=-/48"])
WITH_ALL = "M:6/8\nL:1/8\nK:Em\nB|:e2f g>fe|(3Bcd B A3|1 BAG F>E D|E3- E2B:|2 BAG FED|E3- E2||\nd|e2f g>fe|EFG E2|]"


def texts() -> list[str]:
    """Tunes, beginnings of tunes, and characters at random."""
    draw = random.Random(0)
    noise = ["".join(draw.choices(VOCAB.symbols[2:], k=80)) for _ in range(20)]
    return [*TUNES, WITH_ALL, WITH_ALL[:50], *noise, *["M:3/4\nK:D\n" + one.replace("K:", "") for one in noise]]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_at_once_is_character_by_character_and_nothing_looks_ahead(config: ModelConfig) -> None:
    plans = [None, read_plan(WITH_ALL)]
    rows_of = [column.rows for column in side_columns(config, len(VOCAB))]
    for text in texts():
        for plan in plans:
            rows = side_ids(VOCAB.encode(text), VOCAB, config, plan)
            assert rows is not None and (rows >= 0).all() and (rows < rows_of).all()
            inputs = SideInputs(config, character_ids(VOCAB), plan)
            for place, char in enumerate(text):
                assert inputs.ids() == rows[place].tolist()
                inputs.read(char)
            cut = side_ids(VOCAB.encode(text[:37]), VOCAB, config, plan)
            assert cut is not None and np.array_equal(cut, rows[: len(cut)])


def test_a_copy_goes_on_by_itself() -> None:
    plan = read_plan(WITH_ALL)
    inputs = SideInputs(CONFIGS[-1], character_ids(VOCAB), plan)
    for place, char in enumerate(WITH_ALL):
        before, copy = inputs.ids(), inputs.copied()
        copy.read("|" if place % 2 else "A")
        assert inputs.ids() == before
        inputs.read(char)


def test_the_clock_measures_bars_as_the_reader_of_notation_does() -> None:
    """At each bar line the bar is as long as tunes.views.bars says."""
    others = 'M:4/4\nL:1/4\nK:C\n(5cdefg [CEG]2|{ab}c<d "Am"e>>f|(3:2:2c2d e\' f,2|c//d/4e/4 f|]'
    for text in [*TUNES, WITH_ALL, others]:
        ends = {bar.end: bar.duration for bar in bars(text)}
        clock = Clock()
        for place, char in enumerate(text):
            if place in ends:
                assert clock.fill == ends.pop(place) * clock.whole
            clock.read(char)
        assert not ends


def test_the_clock_knows_key_meter_and_what_is_missing() -> None:
    clock = Clock()
    for char in "M:6/8\nL:1/8\nK:Em\n":
        assert clock.ids()[0] == UNKNOWN
        clock.read(char)
    missing, pickup, key, meter = clock.ids()
    assert (missing, pickup, meter) == (24, UNKNOWN, METERS.index("6/8"))
    other = Clock()
    for char in "M:6/8\nL:1/8\nK:G\n":
        other.read(char)
    assert other.ids()[2] != key
    for char, expected in zip("B|e2/f4", [20, 24, 20, 16, 20, 16, 4], strict=True):
        clock.read(char)
        assert clock.ids()[0] == expected
    assert clock.ids()[1] == 4
    for char in "g4":
        clock.read(char)
    assert clock.ids()[0] == OVER


def test_the_plan_says_what_comes() -> None:
    """A tune read by its own plan: its kinds, its bar lines, and every character of what returns."""
    config = ModelConfig(plan=True)
    for text in [*TUNES, WITH_ALL]:
        if (plan := read_plan(text)) is None:
            continue
        rows = side_ids(VOCAB.encode(text), VOCAB, config, plan)
        assert rows is not None
        _, written = written_bars(text)
        for number, (bar, planned) in enumerate(zip(written, plan.bars, strict=True)):
            for place in range(bar.start, bar.end + len(bar.line)):
                kind, char, line, missing, left, _ = rows[place].tolist()
                assert (kind, LINES[line - 1]) == (1 + KINDS.index(planned.kind), plan.lines[number])
                assert left == min(len(plan.bars) - 1 - number, 16)
                if planned.kind == "return" or place > bar.end:
                    assert VOCAB.symbols[char] == text[place]
                assert (missing == 0) or place < bar.end or text[place - 1] in "-"
        header = written[0].start - len(plan.opening)
        assert len({tuple(row) for row in rows[:header].tolist()}) == 1  # silent before the body


def test_a_variant_is_followed_past_what_it_changes() -> None:
    text = "M:4/4\nL:1/8\nK:C\nCDEF GABc|C2EF GABc|]"
    config = ModelConfig(plan=True)
    rows = side_ids(VOCAB.encode(text), VOCAB, config, read_plan(text))
    assert rows is not None
    second = text.index("C2")
    shown = [VOCAB.symbols[i] for i in rows[second : second + 9, 1].tolist()]
    assert shown[0] == "C" and "".join(shown[2:]) == "EF GABc"

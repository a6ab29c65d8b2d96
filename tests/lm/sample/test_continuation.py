"""Laws of carrying a tune on: what stands stays, the model has read it, the seed brings the rest back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.continuation import answer, beginning, continue_tune
from charlstm.lm.sample.sampling import sample
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES
from tests.lm.sample.test_infill import STRANGE
from tests.lm.sample.writing import whole
from tests.memorizing_model import save_reciter, save_weaver

REEL = "X:1\n" + TUNES[0]
SHORT = SampleConfig(temperature=1.0, max_length=60)


@pytest.fixture(scope="module")
def weaver(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load(save_weaver(tmp_path_factory.mktemp("weaver") / "weaver", TUNES))


@pytest.mark.parametrize("text", [REEL, STRANGE])
@pytest.mark.parametrize("kept", range(5))
def test_what_is_kept_stays_byte_for_byte(weaver: Engine, text: str, kept: int) -> None:
    _, made = whole(continue_tune(weaver, text, kept, config=SHORT, seed=1))
    end = bars(text)[kept - 1].end if kept else text.index("|:")
    assert made.text[:end] == text[:end]
    assert len(bars(made.text)) > kept
    assert [b.duration for b in bars(made.text)][:kept] == [b.duration for b in bars(text)][:kept]
    added = bars(made.text)[kept:-1]  # the last one is cut off
    assert added
    assert all(b.duration == b.expected for b in added)  # in the tune's own unit


def test_the_same_seed_continues_the_same_way(weaver: Engine) -> None:
    first, again = (whole(continue_tune(weaver, REEL, 2, config=SHORT, seed=8)) for _ in range(2))
    assert first[0] == again[0]
    assert first[1].text == again[1].text
    assert whole(continue_tune(weaver, REEL, 2, config=SHORT, seed=9))[1].text != first[1].text


def test_the_prime_with_the_sampler_writes_the_same(weaver: Engine) -> None:
    said, made = whole(continue_tune(weaver, STRANGE, 2, config=SHORT, seed=4))
    config = SampleConfig(temperature=1.0, max_length=60 + len(made.prime))
    assert sample(weaver, config, prime=made.prime, seed=4)[0].text == made.prime + said


def test_the_model_has_read_what_stands_before(tmp_path: Path) -> None:
    """A model that knows one tune by heart goes on in it, from any bar."""
    engine = load(save_reciter(tmp_path / "reciter", [TUNES[0]]))
    for kept in range(1, 4):
        _, made = whole(continue_tune(engine, REEL, kept, config=SampleConfig(max_length=400), seed=0))
        assert made.text == REEL
        assert made.sample.stopped == "end"


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        ("K:D\nA4|B4|]", 2, "K:D\nA4|B4||\n"),
        ("K:D\nA4|B4:|", 2, "K:D\nA4|B4:|\n"),
        ("K:D\nA4|B4", 2, "K:D\nA4|B4|"),
        ("K:D\nA4|\nB4|", 1, "K:D\nA4|"),
        ("K:D\n|:A4:|\n|:B4:|", 1, "K:D\n|:A4:|\n"),
        ("K:D\n|:A4|1 B4:|2 c4|]", 2, "K:D\n|:A4|1 B4:|"),
        ("K:D", 0, "K:D\n"),
        ("T:a\nK:D\nA4|", 0, "T:a\nK:D\n"),
    ],
)
def test_where_a_tune_is_cut(text: str, kept: int, expected: str) -> None:
    assert beginning(text, kept) == expected


@pytest.mark.parametrize("kept", [-1, 5])
def test_bars_that_are_not_there_are_a_sentence(weaver: Engine, kept: int) -> None:
    with pytest.raises(ConfigError, match="4 bars"):
        continue_tune(weaver, REEL, kept)


def test_a_character_that_the_model_lacks_is_read_as_its_nearest(weaver: Engine) -> None:
    made: Any = whole(continue_tune(weaver, "X:1\nT:Äl\nK:D\nA8|", 1, config=SHORT))[1]
    assert made.prime.startswith("T:Al\n")
    assert made.text.startswith("X:1\nT:Äl\n")


@pytest.mark.parametrize("text", [REEL, "X:1\n" + TUNES[2], "M:4/4\nL:1/16\nK:D\nd8 f8|", "M:4/4\nL:1/8\nK:D\n"])
def test_an_answer_is_so_many_full_bars_with_plain_lines_after_all_that_stands(weaver: Engine, text: str) -> None:
    for n in (1, 4):
        made = answer(weaver, text, n, seed=1)
        before, after = bars(text), bars(made.text)
        assert len(after) == len(before) + n
        assert made.text[: before[-1].end if before else len(text)] == text[: before[-1].end if before else len(text)]
        assert all(bar.start >= made.start for bar in after[len(before) :])
        assert all(bar.duration == bar.expected and bar.right == "|" for bar in after[len(before) :])
        assert made.text.endswith("|\n")


def test_the_seed_brings_an_answer_back_and_another_one_another(weaver: Engine) -> None:
    texts = [answer(weaver, REEL, seed=seed).text for seed in (1, 1, 500)]
    assert texts[0] == texts[1] != texts[2]


def test_an_answer_can_be_answered(weaver: Engine) -> None:
    first = answer(weaver, REEL, 2, seed=1)
    second = answer(weaver, first.text, 2, seed=2)
    assert second.text.startswith(first.text)
    assert second.start == len(first.text)


def test_without_a_meter_there_is_no_answer(weaver: Engine) -> None:
    with pytest.raises(ConfigError, match="meter"):
        answer(weaver, "M:none\nL:1/8\nK:D\ndefg|")


def test_where_no_bars_fit_the_tune_stays(weaver: Engine) -> None:
    """It has learned to write bars of 4/4 alone."""
    made = answer(weaver, "M:7/8\nL:1/8\nK:D\ndef gfed|\n", 4)
    assert made.text == "M:7/8\nL:1/8\nK:D\ndef gfed|\n"

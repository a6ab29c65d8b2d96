from __future__ import annotations

import shutil

import numpy as np
import pytest

from charlstm.errors import CorpusError
from charlstm.evaluate.external_checkers import tool_faults
from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.panel import MEASURES, measure, panel, phrase_returns, reference
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES

HEADER = "M:4/4\nL:1/8\nK:D\n"
FOUR = "d2fd Adfd|e2ge cege|dfaf bafd|edce d4"
GOOD = f"{HEADER}|:{FOUR}:|\n|:{FOUR}:|"


def one(text: str, name: str, train: tuple[str, ...] = TUNES) -> float:
    return float(measure([text], MelodyIndex(train))[name][0])


def test_the_panel_of_real_tunes_is_real() -> None:
    """Measured against themselves, samples and real tunes have the same values, inside their intervals."""
    corpus = Corpus("c", train=TUNES[:2], validation=(), test=TUNES[2:])
    found = panel(corpus.test, corpus, ended=[True] * 4, tools=())
    assert list(found.measures) == [name for name in MEASURES if name in found.measures]
    assert (found.tunes, found.real_tunes) == (4, 4)
    for estimate in found.measures.values():
        assert estimate.value == estimate.real
        assert estimate.low <= estimate.value <= estimate.high


def test_form_is_what_a_shuffle_destroys() -> None:
    """Four tunes of one key and meter that return to their bars: shuffled they have all of them, and return less."""
    letters = "abcdefg"
    tunes = []
    for n in range(4):
        a, b = (f"{letters[n]}2{x}2 {letters[(n + 3) % 7]}{x}{x.upper()}2" for x in "fc")
        tunes.append(f"{HEADER}|:{a}|{b}|{a}|{b}:|\n|:{b}|{a}|{b}|{a}:|")
    corpus = Corpus("c", train=TUNES, validation=(), test=tunes)
    estimates = panel(tunes, corpus, tools=()).measures
    assert estimates["bars_returning"].value == estimates["bars_returning"].real == 1
    assert estimates["phrase_returns"].shuffled < 1
    for name in ("bars_filled", "notes", "note_length", "rests", "valid"):
        assert estimates[name].shuffled == pytest.approx(estimates[name].value)


def test_pace_rests_and_repeated_notes() -> None:
    even, uneven = "d2d2 d2d2|", "d8|"
    assert one(f"{HEADER}{even * 4}", "speed_changes") == 0
    assert one(f"{HEADER}{even}{uneven}{even}{even}", "speed_changes") == pytest.approx(2 / 3)
    assert one(f"{HEADER}d4 z4|z8|", "rests") == pytest.approx(12 / 16)
    assert one(f"{HEADER}d2d2 e2d2|", "repeated_notes") == pytest.approx(1 / 3)
    assert one(f"{HEADER}d2d4 e2|", "note_length") == pytest.approx(8 / 3)


def test_a_reference_that_is_there_is_used() -> None:
    corpus = Corpus("c", train=TUNES[:2], validation=(), test=TUNES[2:])
    index = MelodyIndex(corpus.train)
    known = reference(corpus, index)
    assert panel(TUNES, corpus, tools=(), index=index, against=known) == panel(TUNES, corpus, tools=(), against=known)
    assert panel(TUNES, corpus, tools=()).to_dict() == panel(TUNES, corpus, tools=(), against=known).to_dict()


def test_the_interval_is_the_bootstraps() -> None:
    """Of n tunes of which half have something, the mean's interval is near plus and minus 1.96 sqrt(1/4n)."""
    corpus = Corpus("c", train=TUNES, validation=())
    tunes = [GOOD, GOOD.replace("d4", "c4")] * 50
    estimate = panel(tunes, corpus, tools=()).measures["last_note_tonic"]
    assert estimate.value == 0.5
    assert estimate.real is None
    assert estimate.low == pytest.approx(0.5 - 1.96 * np.sqrt(0.25 / 100), abs=0.03)
    assert estimate.high == pytest.approx(0.5 + 1.96 * np.sqrt(0.25 / 100), abs=0.03)


def test_tonic_bars_and_phrases() -> None:
    assert one(GOOD, "last_note_tonic") == 1
    assert one(GOOD.replace("K:D", "K:A"), "last_note_tonic") == 0
    assert one(GOOD, "bars_returning") == 1
    assert one(f"{HEADER}{FOUR}|]", "bars_returning") == 0
    assert one(f"{HEADER}{FOUR}|{FOUR.replace('bafd', 'b4').replace('e2', 'E2')}|]", "bars_returning") == 4 / 8
    assert one(GOOD, "distinct_pitches") == len(set("Adefgab") | {"c"})
    assert one(GOOD, "bars") == 8


def test_a_bar_returns_whatever_its_blanks() -> None:
    assert one(f"{HEADER}d2fd Adfd|d2fdAdfd|]", "bars_returning") == 1


@pytest.mark.parametrize(
    ("bars", "returns"),
    [("ABAB", True), ("ABCAB", True), ("AAA", False), ("AAAA", True), ("ABCDA", False), ("AB", False), ("", False)],
)
def test_a_phrase_returns_without_overlap(bars: str, returns: bool) -> None:
    assert phrase_returns(bars) is returns


def test_half_a_tune_is_a_copy() -> None:
    assert one(TUNES[0].replace("Cold Kettle", "New Title"), "half_copied") == 1
    assert one(TUNES[0], "half_copied", train=TUNES[3:4]) == 0


def test_a_text_without_music_has_nought() -> None:
    found = measure(["", "K:D\n", "no tune"], MelodyIndex(TUNES), ended=[True, True, False])
    assert not found["valid"].any()
    assert not found["last_note_tonic"].any()
    assert found["ended"].tolist() == [1, 1, 0]


def test_no_tunes_is_an_error() -> None:
    with pytest.raises(CorpusError):
        panel([], Corpus("c", train=TUNES, validation=()), tools=())


@pytest.mark.skipif(not (shutil.which("abc2midi") and shutil.which("abcm2ps")), reason="needs abcmidi and abcm2ps")
def test_the_fields_own_tools_agree() -> None:
    bad = GOOD.replace("edce", "ed#ce")
    for tool in ("abc2midi", "abcm2ps"):
        good, numbered, faults = tool_faults([GOOD, f"X:7\n{GOOD}", bad], tool)
        assert (good, numbered) == (0, 0)
        assert faults > 0
    found = measure([GOOD, bad, GOOD], MelodyIndex(TUNES), ended=[True, True, False], tools=("abc2midi", "abcm2ps"))
    assert found["fully_valid"].tolist() == [1, 0, 0]


@pytest.mark.skipif(not shutil.which("abcm2ps"), reason="needs abcm2ps")
def test_a_tune_cannot_name_files() -> None:
    """Directives of an untrusted tune are not carried out: this one would name a missing format file."""
    assert tool_faults([GOOD.replace("K:D\n", "I:format nowhere.fmt\nK:D\n%%format nowhere.fmt\n")], "abcm2ps") == [0]

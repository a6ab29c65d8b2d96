"""Transposition: the same tune elsewhere, in any dialect; and nothing else is touched."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from charlstm.lm.train.augment import Augmentation
from charlstm.lm.vocab import Vocab
from charlstm.tunes.abc import lex, parse_note, split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.edit.transpose import CannotMove, movable
from charlstm.tunes.keys import ALTERATIONS, SEMITONES, parse_key

EVERY = Vocab.of(["".join(map(chr, range(9, 127)))])


def transpose(text: str, move: int, steps: int, vocab: Vocab) -> str | None:
    """A tune moved by `move` fifths and `steps` letters (4 * move, give or take octaves of 7); None if it cannot be."""
    if (steps - 4 * move) % 7:
        raise ValueError(f"{move} fifths are not {steps} letters")
    tune = movable(text)
    try:
        return tune.text(tune.moved(move, steps, Augmentation((), vocab).respelling)) if tune else None
    except CannotMove:
        return None


def pitches(text: str) -> list[tuple[int, Fraction]]:
    """MIDI-like pitch and length of each note: signature, accidentals until the bar line, K: changes."""
    header = split_header(text)
    key = parse_key(header.get("K"))
    accidentals: dict[tuple[str, int], int] = {}
    notes = []
    for token in lex(text[header.body_start :]):
        if token.kind == "bar_line":
            accidentals = {}
        elif token.kind in ("field", "inline_field") and "K:" in token.text:
            key = parse_key(token.text.strip("[]")[2:])
        elif token.kind == "note":
            note = parse_note(token.text)
            place = note.letter, note.octave
            if note.accidental:
                accidentals[place] = ALTERATIONS[note.accidental]
            altered = accidentals.get(place, key.signature.get(note.letter, 0) if key else 0)
            notes.append((12 * note.octave + SEMITONES[note.letter] + altered, note.length))
    return notes


def intervals(text: str) -> list[int]:
    heights = [pitch for pitch, _ in pitches(text)]
    return [b - a for a, b in pairwise(heights)]


DIALECTS = [
    "M:4/4\nL:1/8\nK:D\n|:A2 ^c=c dB|{g}f2 [df^a]2 (3efg|1 z4 A,>B,:|2 d4|]",
    "X: 12\nT: Dance Maj\n% a comment in A\nM:6/8\nK: Dmaj % sharp\nGAB c2d|~f3 .g2 a|",
    'X:1\nK:E Minor\nM:C|\n"Em"GA "D7/F#"BA|"^Fine"G2 "Fine"E2 "C#dim"[K:G]^c2|\nK:Bm\n^AB|\nw:A B C-D\nP:B\n_e2|',
    "T:Unordered\nK:Ador\nM:none\nL:1/8\nA/2B/2 ^^c__d e'',,|",
    "K:Bbm\nB=G_c=d|",
]


@pytest.mark.parametrize("text", DIALECTS)
@pytest.mark.parametrize(("move", "steps"), [(1, 4), (1, -3), (-1, 3), (2, 1), (3, 5), (-2, -1)])
def test_a_moved_tune_keeps_intervals_lengths_and_mode_and_moves_back(text: str, move: int, steps: int) -> None:
    moved = transpose(text, move, steps, EVERY)
    if moved is None:  # a triple accidental or seven flats too many, which the next test pins down
        assert "^^" in text or "Bbm" in text
        return
    assert intervals(moved) == intervals(text)
    assert [length for _, length in pitches(moved)] == [length for _, length in pitches(text)]
    semitones = {1: 7, -1: 5, 2: 2, 3: 9, -2: 10}[move]
    assert {(a - b) % 12 for (a, _), (b, _) in zip(pitches(moved), pitches(text), strict=True)} == {semitones}
    old, new = parse_key(split_header(text).get("K")), parse_key(split_header(moved).get("K"))
    assert old is not None and new is not None
    assert (new.mode, new.fifths - old.fifths) == (old.mode, move)
    back = transpose(moved, -move, -steps, EVERY)
    assert back is not None
    assert pitches(back) == pitches(text)
    assert back == text or "'',," in text  # a note's octave is written the shortest way


def test_the_example_of_the_book() -> None:
    """In D `=c` is one below C sharp; in Bb one below A is `_A`. Only notes, chord names and tonics change."""
    text = 'T:A Bad Egg\nK:D % of A\n"A7"=c^cd|"^A text"[K:A]=g2 z/2"D"F|\nK: Em clef=treble\nE,>B, !f!~g\'|'
    expected = 'T:A Bad Egg\nK:Bb % of A\n"F7"_A=AB|"^A text"[K:F]_e2 z/2"Bb"D|\nK: Cm clef=treble\nC,>G, !f!~e\'|'
    assert transpose(text, -4, -2, EVERY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "M:4/4\nABc|",  # no key
        "K:none\nABc|",
        "K:D exp _b ^f\nABc|",
        "K:Dmix ^g\nABc|",
        "K:HP\nABc|",
        "K:D\nA^/Bc|",  # quarter tones
        "K:D\nV:1\nABc|\nV:2\nDEF|",
        "K:D\n[V:1]ABc|",
        "K:D\nm:~n2 = n/o/n/\nABc|",
        "K:D\nABc|[K:clef=bass]ABc|",
        "K:D\nz4|",
        "K:G\n",
        "",
        "just words",
    ],
)
def test_what_is_not_understood_stays(text: str) -> None:
    assert transpose(text, 1, 4, EVERY) is None
    augmentation = Augmentation([text, "K:A\nA|", "K:E\nE|"], EVERY)
    assert {augmentation.texts(np.random.default_rng(s))[0] for s in range(20)} == {text}


def test_what_cannot_be_spelled_stays() -> None:
    assert transpose("K:C\n^^FG|", 2, 1, EVERY) == "K:D\n^^GA|"
    assert transpose("K:F\n^^BG|", 1, 4, EVERY) is None  # three sharps on F
    assert transpose("K:C#\nCDE|", 1, 4, EVERY) is None  # eight sharps
    assert transpose('K:C\n"A#"CDE|', 4, 2, EVERY) is None  # a chord on C double sharp
    assert transpose("K:C\nCDE|", 2, 1, Vocab.of(["K:CD\nE|"])) is None  # no F in this vocabulary
    with pytest.raises(ValueError, match="letters"):
        transpose("K:C\nCDE|", 2, 2, EVERY)


def test_any_text_is_left_whole_when_nothing_is_moved(tiny_corpus: Corpus) -> None:
    texts = [*tiny_corpus.train, *DIALECTS, "no header", "T:only\n", "", "%c\n\nT:x\nM:4/4\nA|\n"]
    vocab = Vocab.of(texts)
    assert Augmentation(texts, vocab, transpose=False, drop_fields=0.0).texts(np.random.default_rng(0)) == texts
    with_cuts = Augmentation(texts, vocab, transpose=False, drop_fields=1e-9)
    assert with_cuts.texts(np.random.default_rng(0)) == texts


def corpus_of(counts: dict[str, int], body: str = "DEFG|]") -> list[str]:
    return [f"K:{key}\n{body}" for key, count in counts.items() for _ in range(count)]


def keys_of(texts: list[str]) -> Counter[str]:
    return Counter(re.search(r"K:(\S+)", text)[1] for text in texts)  # type: ignore[index]


def test_keys_are_drawn_from_the_corpus_by_mode() -> None:
    """Counts to the power 0.75: 81 to 16 becomes 27 to 8."""
    texts = corpus_of({"G": 81 * 8, "D": 16 * 8, "Em": 5})
    keys = keys_of(Augmentation(texts, EVERY).texts(np.random.default_rng(0)))
    assert keys["Em"] == 5
    assert keys["D"] / (keys["G"] + keys["D"]) == pytest.approx(8 / 35, abs=0.05)


def test_notes_stay_on_the_instrument() -> None:
    """From G, to e'; a tune that is beyond it already goes no further."""
    texts = corpus_of({"G": 20, "D": 20}, "G,DG|]") + corpus_of({"G": 20, "D": 20}, "g/a2e'|]")
    texts += ["K:G\nC,DG|]", "K:G\nGg'|]"]
    augmentation = Augmentation(texts, EVERY)
    for seed in range(5):
        for old, new in zip(texts, augmentation.texts(np.random.default_rng(seed)), strict=True):
            heights = [p for p, _ in pitches(new)]
            own = [p for p, _ in pitches(old)]
            assert min(heights) >= min(43, *own)  # G, is 12 * 3 + 7
            assert max(heights) <= max(77, *own)  # e' is 12 * 6 + 4, and may be sharp


def test_tunes_go_up_and_down() -> None:
    moved = Augmentation(corpus_of({"G": 50, "D": 50}, "GABc|]"), EVERY).texts(np.random.default_rng(0))
    assert {text.split("\n")[1][0] for text in moved if text.startswith("K:D")} >= {"D", "d"}


def test_the_generator_decides(tiny_corpus: Corpus) -> None:
    augmentation = Augmentation(corpus_of({"G": 9, "D": 9, "A": 9}), EVERY, drop_fields=0.2)
    one, same, other = (augmentation.texts(np.random.default_rng(s)) for s in (1, 1, 2))
    assert one == same != other


def test_optional_fields_are_left_out_each_by_itself() -> None:
    text = "T:One\nT:Two\nR:reel\nM:4/4\nL:1/8\nK:D\nABc|"
    augmentation = Augmentation([text] * 2000, EVERY, transpose=False, drop_fields=0.3)
    seen = Counter(augmentation.texts(np.random.default_rng(0)))
    assert len(seen) == 8
    for line in ("T:One\nT:Two\n", "R:reel\n", "L:1/8\n"):
        assert sum(n for t, n in seen.items() if line not in t) / 2000 == pytest.approx(0.3, abs=0.04)
    assert all("M:4/4\n" in t and t.endswith("K:D\nABc|") for t in seen)


def test_a_unit_that_the_meter_does_not_imply_is_kept() -> None:
    text = "M:2/4\nL:1/8\nK:D\nABc|"
    augmentation = Augmentation([text] * 50, EVERY, transpose=False, drop_fields=0.9)
    assert set(augmentation.texts(np.random.default_rng(0))) == {text}

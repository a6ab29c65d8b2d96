"""Backing: laws of the chords that are written, not which they are in one tune or another."""

from __future__ import annotations

import re
from itertools import product

import pytest

from charlstm.errors import NotationError
from charlstm.tunes.chords import KINDS, parse_chord
from charlstm.tunes.edit.transpose import transposed
from charlstm.tunes.harmony.backing import chord_name, chords_of, harmonize, has_chords, without_chords
from charlstm.tunes.harmony.costs import MODES, Costs, scale_of
from charlstm.tunes.harmony.estimate import estimate, written_chords
from charlstm.tunes.harmony.steps import steps_of
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.reader import read
from tests.conftest import TUNES

ODD = (
    'X:1\nM:6/8\nL:1/8\nK:Edor\n|:B|{g}~E3 .B>c^c|(3efg e [EGB]2 z|!trill!"^slow"a3 g2-g|e3 e2:|\n',
    "X:1\nM:4/4\nL:1/8\nK:G\nV:1\nG8|(G2A2) B4|\nV:2\nD8|D8|\n",
    "X:1\nM:3/4\nL:1/4\nK:Dm\nA|d3|^c2 e|d2:|\n[K:F]c3|A3|]\nw:la la",
    "X:1\nM:none\nL:1/4\nK:C\nCEG|c3|",
    "M:9/8\nL:1/8\nK:none\ncde cde g3|c9|",
    "X:1\nM:4/4\nL:1\nK:Amix\nA-|A|G|A2|",
)


@pytest.mark.parametrize("text", [*TUNES, *ODD])
def test_the_notes_stay_and_the_chords_can_be_taken_out_again(text: str) -> None:
    backed = harmonize(text)
    assert without_chords(backed) == text
    assert written_chords(read(backed))
    before, after = read(text), read(backed)
    assert [
        (e.onset, e.duration, [h.midi for h in e.heads], e.decorations) for v in before.voices for e in v.events
    ] == [(e.onset, e.duration, [h.midi for h in e.heads], e.decorations) for v in after.voices for e in v.events]
    assert [remark.message for remark in after.remarks] == [remark.message for remark in before.remarks]
    assert harmonize(text) == backed  # the same again


@pytest.mark.parametrize(("text", "steps"), list(product([*TUNES, ODD[0], ODD[2]], (-5, 1, 6))))
def test_in_another_key_it_has_the_same_chords(text: str, steps: int) -> None:
    here, there = chords_of(read(text)), chords_of(read(transposed(text, steps)))
    assert [((each.root + steps) % 12, each.kind) for each in here] == [(each.root, each.kind) for each in there]


@pytest.mark.parametrize("text", TUNES)
def test_a_tune_ends_on_its_tonic_where_its_last_note_is_of_it(text: str) -> None:
    reading = read(text)
    last = chords_of(reading)[-1]
    key, ends = reading.measures[-1].key, reading.events[-1].heads[0].midi % 12
    assert key is not None
    if ends == key.semitone:
        assert last.root == key.semitone


ARPEGGIOS = {"": "1 3 5 3", "m": "1 3 5 3", "7": "1 3 5 7"}


@pytest.mark.parametrize("key", ["G", "Am", "Ddor", "Bb", "Emix", "F#m"])
def test_planted_chords_are_found(key: str) -> None:
    """A melody of broken chords has those chords; each is a bar of eighths, root on the beat."""
    parsed = parse_key(key)
    assert parsed is not None
    mode = parsed.mode
    # Degrees whose third a scale note decides: chord by chord, twice around and home.
    planted = [degree for degree in MODES[mode] if degree.kind in ("", "m") and degree.weight >= 0.3][:4]
    planted = [planted[0], *planted, planted[0]]
    names = ["C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B"]
    bars = []
    for degree in planted:
        root = parsed.semitone + degree.semitones
        tones = [names[(root + tone) % 12] for tone in KINDS[degree.kind]]
        bars.append("".join(f"{tones[k]}2" if "^" in tones[k] else f"={tones[k]}2" for k in (0, 1, 2, 1)))
    text = f"X:1\nM:4/4\nL:1/8\nK:{key}\n" + "|".join(bars) + "|]"
    found = [(each.root - parsed.semitone) % 12 for each in chords_of(read(text))]
    assert found == [degree.semitones for degree in planted for _ in range(2)]


def test_a_cadence_is_dominant_and_tonic() -> None:
    names = [each.name for each in chords_of(read("X:1\nM:4/4\nL:1/4\nK:G\nGBdB|cege|dfac'|b3z|Adfa|g4|]"))]
    assert names[0] == names[-1] == "G"
    assert names[-3] in ("D", "D7")
    assert set(names[2:4]) == {"C"}


def test_chords_change_where_a_note_begins_and_stand_before_its_signs() -> None:
    backed = harmonize(ODD[0])
    assert not re.search(r'[~.!]"[A-G]', backed)
    for match in re.finditer(r'"([A-G][^"]*)"', backed):
        assert parse_chord(match[1]) is not None
        assert re.match(r'"\^slow"|[~.!({\[A-Ga-g=_^z]', backed[match.end() :])
    held = harmonize("X:1\nM:4/4\nL:1/8\nK:C\nC12 G4|")
    assert len(written_chords(read(held))) <= 2


def test_a_section_and_a_line_begin_with_their_chord() -> None:
    backed = harmonize("X:1\nM:4/4\nL:1/8\nK:D\n|:d8|d8|\nd8|1 d8:|2 d8|]")
    assert backed.count('"D"') == 4


def test_chords_of_the_tune_stay_unless_they_are_to_be_replaced() -> None:
    text = 'X:1\nM:4/4\nL:1/8\nK:D\n"Bm"d8|"^up"d8|]'
    assert has_chords(text) and harmonize(text) == text
    assert '"Bm"' not in harmonize(text, replace=True)
    assert '"^up"' in harmonize(text, replace=True)
    assert not has_chords('X:1\nK:C\n"slow"c')


def test_no_music_is_an_error() -> None:
    with pytest.raises(NotationError):
        harmonize("X:1\nK:C\n")


@pytest.mark.parametrize("key", ["C", "Gb", "F#", "Ebm", "G#dor", "Dbmix", "Bphr", "Elyd", "Aloc", "Cb"])
def test_names_are_spelled_in_the_key_and_say_the_chord(key: str) -> None:
    parsed = parse_key(key)
    assert parsed is not None
    assert parsed.semitone in {(note + parsed.semitone) % 12 for note in scale_of(parsed)}
    mode = parsed.mode if parsed.mode in MODES else "major"
    for degree in MODES[mode]:
        chord = parse_chord(chord_name(parsed, degree))
        assert chord is not None
        assert (chord.root, chord.tones) == ((parsed.semitone + degree.semitones) % 12, KINDS[degree.kind])


def test_steps_are_half_bars_with_their_notes() -> None:
    steps = steps_of(read("X:1\nM:6/8\nL:1/8\nK:G\nD|GAB d3|e6|(d3 d2):|"))
    assert [step.event is not None for step in steps] == [True, True, True, False, True, True]
    assert [step.begins_bar for step in steps] == [True, False] * 3
    assert set(steps[0].weights) == {7, 9, 11} and steps[0].weights[7] > steps[0].weights[9]
    assert [step.ends_section for step in steps] == [False] * 5 + [True]
    assert len(steps_of(read("X:1\nM:3/4\nL:1/4\nK:G\nGAB|dcB|"))) == 2


def test_costs_are_learned_from_tunes_with_chords() -> None:
    """Tunes that go to the flat seventh all the time make it usual; no tune changes nothing but the sums."""
    odd = 'X:1\nM:4/4\nL:1/8\nK:D\n|:"D"d4 "C"=c4|"D"d4 "C"=c4|"D"d4 "C"g4|"D"d8:|'
    learned = estimate([read(odd)] * 30)
    weights = {
        key: learned.degrees[key] / learned.degrees["major", 0, ""] for key in [("major", 10, ""), ("major", 5, "")]
    }
    assert weights["major", 10, ""] > weights["major", 5, ""]
    assert learned.change_inside > Costs().change_inside
    neutral = estimate([])
    assert neutral.moves == pytest.approx(Costs().moves)
    assert (neutral.change, neutral.change_inside) == (Costs().change, pytest.approx(Costs().change_inside))
    for text in TUNES:
        assert chords_of(read(text), neutral) == chords_of(read(text))

"""What is written under a note sounds as the note: strings and frets add up, and a whistle's fingers lift in order."""

from __future__ import annotations

from itertools import combinations

import pytest

from charlstm.score.tablature.instruments import CLOSED, HALF, INSTRUMENTS, OPEN, OVERBLOWN

WHISTLES = {name: i for name, i in INSTRUMENTS.items() if not i.has_strings}
STRINGS = {name: i for name, i in INSTRUMENTS.items() if i.has_strings}
OPEN_STRINGS = {
    "mandolin": (76, 69, 62, 55), "fiddle": (76, 69, 62, 55), "banjo": (74, 71, 67, 62, 79),
    "guitar": (76, 71, 67, 62, 57, 52),
}  # fmt: skip
FINGERS = {"0": 0, "L1": 1, "1": 2, "L2": 3, "2": 4, "3": 5, "H3": 6, "4": 7}


def playable(instrument):
    return [pitch for pitch in range(40, 100) if instrument.finger([pitch])]


@pytest.mark.parametrize("name", WHISTLES)
def test_a_whistle_plays_two_octaves_and_a_note_from_its_own_note(name):
    pitches = playable(WHISTLES[name])
    assert pitches == list(range(pitches[0], pitches[0] + 25))
    tonic = {"c": 0, "d": 2, "eb": 3, "f": 5, "g": 7, "a": 9, "bb": 10}[name.removeprefix("whistle-")]
    assert pitches[0] % 12 == tonic


@pytest.mark.parametrize("name", WHISTLES)
def test_up_the_scale_one_finger_after_the_other_is_lifted(name):
    finger, lowest = WHISTLES[name].finger, playable(WHISTLES[name])[0]
    closed = [str(finger([lowest + step])).count(CLOSED) for step in (0, 2, 4, 5, 7, 9, 11)]
    assert closed == [6, 5, 4, 3, 2, 1, 0]
    for step in range(25):
        fingering = finger([lowest + step])
        assert set(fingering.signs[:6]) <= {CLOSED, HALF, OPEN}
        assert (fingering.signs[6] == OVERBLOWN) == (step >= 12)
        if step % 12 in (0, 2, 4, 5, 7, 9, 10, 11) and step != 22:
            assert not fingering.is_half_holed


@pytest.mark.parametrize("name", STRINGS)
def test_string_and_place_add_up_to_the_note(name):
    instrument = STRINGS[name]
    pitches = playable(instrument)
    assert pitches[0] == min(OPEN_STRINGS[name])
    for pitch in pitches:
        signs = [sign or None for sign in instrument.finger([pitch]).signs]
        places = [(o, s) for o, s in zip(OPEN_STRINGS[name], signs, strict=True) if s]
        ((open_string, sign),) = places
        assert open_string + (FINGERS[sign] if name == "fiddle" else int(sign)) == pitch
    assert all(instrument.finger([pitch]).signs.count("0") == 1 for pitch in OPEN_STRINGS[name])


@pytest.mark.parametrize("name", STRINGS)
def test_notes_that_sound_together_have_a_string_each(name):
    instrument, tuning = STRINGS[name], OPEN_STRINGS[name]
    together = [*combinations(range(57, 80, 3), 2), *combinations(range(57, 80, 5), 3)]
    played = {pitches: f for pitches in together if (f := instrument.finger(pitches))}
    assert len(played) > 10
    for pitches, fingering in played.items():
        values = FINGERS if name == "fiddle" else {str(n): n for n in range(10)}
        assert sorted(o + values[s] for o, s in zip(tuning, fingering.signs, strict=True) if s) == sorted(pitches)


def test_a_bow_reaches_two_neighbouring_strings():
    finger = STRINGS["fiddle"].finger
    assert finger([62, 69]) is not None
    assert finger([55, 76]) is None  # G and E strings
    assert finger([55, 62, 69]) is None
    assert STRINGS["mandolin"].finger([55, 62, 69]) is not None


def test_the_fifth_string_of_a_banjo_is_played_open():
    banjo = STRINGS["banjo"]
    assert {banjo.finger([pitch]).signs[4] for pitch in playable(banjo)} == {"", "0"}

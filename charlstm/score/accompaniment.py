"""Chord symbols as they are played: a bass note and chords in the pattern of the meter and the rhythm.

A pattern is a string of abc2midi's letters (%%MIDI gchord): f the bass note, c the chord, b both, g h i j the chord's
notes from the lowest, capitals an octave lower, z silence; a number behind a letter makes it so many times as long. A
pattern fills a bar. Pitches are abc2midi's. Knows no seconds and no MIDI file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from charlstm.score.beats import counted_measures, meter_beat
from charlstm.score.timeline import played_measures
from charlstm.tunes.chords import Chord, parse_chord
from charlstm.tunes.parse.events import Reading, Voice

BASS, CHORD = 36, 48  # MIDI pitches of the lowest bass note and of the lowest root of a chord: C both
VOLUMES = {"bass": 60, "chord": 42}  # MIDI velocities: behind the melody, which has 88
PROGRAMS = {"bass": 32, "chord": 24}  # General MIDI's acoustic bass and guitar with nylon strings
MAX_UNITS = 96  # of a pattern
HELD = Fraction(1)  # whole notes that a chord is held at most where no meter says how long a bar is
SUSTAINED = ("air", "lament", "slow")  # rhythms whose chords are held
_SLOT = re.compile(r"([bcfghijGHIJz])(\d{0,2})")
_ARPEGGIO = "ghij"
Part = Literal["melody", "chord", "bass"]


class Strike(NamedTuple):
    """A note of the accompaniment, in whole notes from the tune's beginning."""

    onset: Fraction
    duration: Fraction
    pitch: int
    velocity: float  # in [0, 1]
    part: Part


@dataclass(frozen=True)
class Band:
    """How chords are played, by %%MIDI lines: gchord, gchordon, gchordoff, chordprog, bassprog, chordvol, bassvol."""

    pattern: str = ""  # "": by the meter and the rhythm
    is_on: bool = True
    volumes: tuple[int, int] = (VOLUMES["bass"], VOLUMES["chord"])
    programs: tuple[int, int] = (PROGRAMS["bass"], PROGRAMS["chord"])  # of the bass and the chords

    def after(self, directive: str) -> Band:
        """The band after the words of a %%MIDI line; the same one where it is about something else."""
        name, *words = directive.split() or [""]
        if name in ("gchordon", "gchordoff"):
            return replace(self, is_on=name == "gchordon")
        if name == "gchord":
            return replace(self, pattern=words[0] if words and _slots(words[0]) else "")
        number = int(words[0]) if words and re.fullmatch(r"\d{1,3}", words[0]) else 128
        if number > 127:
            return self
        (bass_volume, chord_volume), (bass_program, chord_program) = self.volumes, self.programs
        if name == "bassvol":
            return replace(self, volumes=(number, chord_volume))
        if name == "chordvol":
            return replace(self, volumes=(bass_volume, number))
        if name == "bassprog":
            return replace(self, programs=(number, chord_program))
        return replace(self, programs=(bass_program, number)) if name == "chordprog" else self


def accompaniment(reading: Reading) -> list[Strike]:
    """The chords of a tune as notes, by onset; [] where it has none.

    The first voice that has chord symbols says them. A chord counts from its note until the next one, through repeats
    as they are played; "N.C." is silent.
    """
    voice = chord_voice(reading)
    if voice is None:
        return []
    changes = list(_changes(reading, voice))
    onsets = [onset for onset, _ in changes]
    bands = _bands(reading)
    strikes: list[Strike] = []
    for slot in _played_slots(reading, voice, bands):
        chord = changes[place][1] if (place := bisect_right(onsets, slot.onset) - 1) >= 0 else None
        if chord is None or not chord.tones:
            continue
        end = slot.onset + slot.duration
        if place + 1 < len(onsets):
            end = min(end, onsets[place + 1])
        for part, pitch in _notes(slot.letter, chord):
            volume = slot.band.volumes[part == "chord"] / 127
            strikes.append(Strike(slot.onset, end - slot.onset, pitch, volume, part))
    return sorted(strikes)


def chord_voice(reading: Reading) -> Voice | None:
    """The first voice that has a chord symbol which can be played, or None."""
    return next((voice for voice in reading.voices if any(_chord(event.chord_symbols) for event in voice.events)), None)


def programs(reading: Reading) -> dict[Part, int]:
    """The General MIDI programs of the two parts, by the last %%MIDI line that names one."""
    bass, chord = _bands(reading)[-1][1].programs
    return {"chord": chord, "bass": bass}


def pattern(meter: str | None, rhythm: str = "") -> str:
    """The usual pattern of a bar: bass and chord in turn; in compound meters both in each beat; held in an air."""
    beat = meter_beat(meter)
    if beat is None or any(word in rhythm.lower() for word in SUSTAINED):
        return "b"
    top, _, lower = (meter or "").strip("() ").rpartition("/")
    count = sum(int(number) for number in re.findall(r"\d+", top)) if top else 0
    if beat.numerator == 3:
        return "fzc" * (count // 3)
    if not count:
        return "fzczfzcz"  # C and C|
    if lower == "8":  # 5/8, 7/8: twos, and a three at the end
        return "fzczcz" if count == 3 else "fc" * ((count - 3) // 2) + "fzc" if count % 2 else "fc" * (count // 2)
    if count == 2 and "polka" in rhythm.lower():
        return "fcfc"
    if count % 2:
        return "fz" + "cz" * 2 + "fzcz" * ((count - 3) // 2) if count > 1 else "fz"
    return "fzcz" * (count // 2)


class _Slot(NamedTuple):
    """A letter of a pattern where it is played, in whole notes."""

    onset: Fraction
    duration: Fraction
    letter: str
    band: Band


def _played_slots(reading: Reading, voice: Voice, bands: Sequence[tuple[int, Band]]) -> Iterator[_Slot]:
    """The letters of the patterns, measure after measure as they are heard."""
    starts = [start for start, _ in bands]
    rhythm = reading.get("R") or ""
    counted = {each.time: each for each in counted_measures(reading, voice)}
    for time, index in played_measures(reading, voice):
        measure = voice.measures[index]
        band = bands[bisect_right(starts, measure.start) - 1][1]
        if not band.is_on or not measure.duration:
            continue
        at = counted.get(time)
        slots = _slots(band.pattern) or _slots(pattern(measure.meter, rhythm))
        if at is None or not slots:  # no meter, or one without a pattern, as 99/1: each chord once
            moments = sorted({event.onset - measure.onset for event in measure.events if _chord(event.chord_symbols)})
            for moment, following in zip([Fraction(0), *moments], [*moments, measure.duration], strict=True):
                if moment < following:
                    yield _Slot(time + moment, min(HELD, following - moment), "b", band)
            continue
        unit = at.bar / sum(length for _, length in slots)
        place, end = Fraction(0), at.passed + measure.duration
        while place < end:  # a bar that is too long plays its pattern again
            for letter, length in slots:
                if at.passed <= place < end and letter != "z":
                    yield _Slot(time + place - at.passed, min(length * unit, end - place), letter, band)
                place += length * unit


def _changes(reading: Reading, voice: Voice) -> Iterator[tuple[Fraction, Chord]]:
    """When each chord begins, as it is heard, in whole notes."""
    for time, index in played_measures(reading, voice):
        measure = voice.measures[index]
        for event in measure.events:
            if chord := _chord(event.chord_symbols):
                by = event.transpose
                moved = Chord((chord.root + by) % 12, chord.tones, (chord.bass + by) % 12)
                yield time + event.onset - measure.onset, moved


def _chord(symbols: Sequence[str]) -> Chord | None:
    """The first of some chord symbols that can be played."""
    return next((chord for symbol in symbols if (chord := parse_chord(symbol))), None)


def _notes(letter: str, chord: Chord) -> Iterator[tuple[Part, int]]:
    """The pitches of a letter. With another bass than the root, the chord stands on it if it is one of its notes."""
    tones = [CHORD + chord.root + tone for tone in chord.tones]
    place = next((place for place, pitch in enumerate(tones) if pitch % 12 == chord.bass), 0)
    tones = sorted([*tones[place:], *(pitch + 12 for pitch in tones[:place])])
    if letter in "fb":
        yield "bass", BASS + chord.bass
    if letter in "cb":
        yield from (("chord", pitch) for pitch in tones)
    if letter.lower() in _ARPEGGIO:
        octaves, number = divmod(_ARPEGGIO.index(letter.lower()), len(tones))
        yield "chord", tones[number] + 12 * octaves - (12 if letter.isupper() else 0)


def _slots(pattern: str) -> list[tuple[str, int]]:
    """A pattern as letters and their lengths in units; [] for one that is not a pattern."""
    slots = [(letter, int(number or 1)) for letter, number in _SLOT.findall(pattern)]
    length = sum(number for _, number in slots)
    return slots if re.fullmatch(f"(?:{_SLOT.pattern})+", pattern) and 0 < length <= MAX_UNITS else []


def _bands(reading: Reading) -> list[tuple[int, Band]]:
    """From which character of the text on which band plays; the first from its beginning."""
    bands = [(0, Band())]
    for directive in reading.directives:
        if directive.name == "MIDI" and (band := bands[-1][1].after(directive.value)) != bands[-1][1]:
            bands.append((directive.start, band))
    return bands

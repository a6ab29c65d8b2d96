"""Costs estimated from tunes that have chord symbols: how usual chords and moves are there, and how often they change.

What is set by hand counts as so many observations; a few tunes change it little, a book of them a lot. Knows no corpus.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from charlstm.tunes.chords import KINDS, Chord, parse_chord
from charlstm.tunes.harmony.costs import MODES, MOVES, Costs, mode_of
from charlstm.tunes.harmony.steps import steps_of
from charlstm.tunes.parse.events import Reading

PRIOR = 60.0  # observations that what is set by hand counts as, for the chords of a mode, the moves, the changes


def written_chords(reading: Reading) -> list[tuple[Fraction, Chord]]:
    """The chords that a tune's first voice has: (onset in whole notes, in written order; chord)."""
    found: list[tuple[Fraction, Chord]] = []
    for event in reading.events:
        chord = next((chord for symbol in event.chord_symbols if (chord := parse_chord(symbol))), None)
        if chord is not None:
            found.append((event.onset, chord))
    return found


def estimate(readings: Iterable[Reading], costs: Costs | None = None) -> Costs:
    """Costs after so many tunes with chord symbols; those set by hand, or `costs`, without any.

    Parameters
    ----------
    readings : iterable of Reading
        Tunes; those without chord symbols or without a key say nothing.
    costs : Costs, optional
        What to begin with.
    """
    costs = costs or Costs()
    chords: Counter[tuple[str, int, str]] = Counter()
    moves: Counter[int] = Counter()
    stays: Counter[tuple[bool, bool]] = Counter()  # (a bar begins, the chord changes)
    for reading in readings:
        written = written_chords(reading)
        onsets = [onset for onset, _ in written]
        before: Chord | None = None
        for step in steps_of(reading) if written else ():
            place = bisect_right(onsets, step.onset) - 1
            chord = written[place][1] if place >= 0 else None
            if chord is None or step.key is None or not chord.tones:
                before = None
                continue
            if degree := _degree(chord, mode_of(step.key), step.key.semitone):
                chords[degree] += 1
            if before is not None and not step.begins_section:
                changes = (before.root, before.tones) != (chord.root, chord.tones)
                stays[step.begins_bar, changes] += 1
                if changes:
                    moves[(chord.root - before.root) % 12] += 1
            before = chord
    return replace(
        costs,
        degrees={**costs.degrees, **_degrees(chords)},
        moves=_moves(moves, chords),
        change=_rate(stays[True, True], stays[True, False], costs.change),
        change_inside=_rate(stays[False, True], stays[False, False], costs.change_inside),
    )


def _degree(chord: Chord, mode: str, tonic: int) -> tuple[str, int, str] | None:
    """The chord of MODES that a chord is nearest to: the same root, its own kind or the same third."""
    semitones = (chord.root - tonic) % 12
    same_root = [degree for degree in MODES[mode] if degree.semitones == semitones]
    best = max(same_root, key=lambda d: (KINDS[d.kind] == chord.tones, KINDS[d.kind][1] in chord.tones), default=None)
    return (mode, semitones, best.kind) if best else None


def _degrees(chords: Counter[tuple[str, int, str]]) -> dict[tuple[str, int, str], float]:
    weights: dict[tuple[str, int, str], float] = {}
    for mode, degrees in MODES.items():
        by_hand = sum(degree.weight for degree in degrees)
        for degree in degrees:
            entry = mode, degree.semitones, degree.kind
            weights[entry] = chords[entry] + PRIOR * degree.weight / by_hand
    return weights


def _moves(moves: Counter[int], chords: Counter[tuple[str, int, str]]) -> dict[int, float]:
    """How much likelier each move of the root is than if the next chord did not depend on the one before it."""
    usual: Counter[int] = Counter()
    for (mode, a, _), n in chords.items():
        for (other, b, _), m in chords.items():
            if mode == other and a != b:
                usual[(b - a) % 12] += n * m
    total, expected = sum(moves.values()), sum(usual.values())
    factors = {}
    for move, by_hand in MOVES.items():
        chance = usual[move] / expected if expected else 0.0
        factors[move] = (moves[move] + PRIOR / 6 * by_hand) / (total * chance + PRIOR / 6)
    return factors


def _rate(yes: int, no: int, by_hand: float) -> float:
    return (yes + PRIOR * by_hand) / (yes + no + PRIOR)

"""Concepts of notes: their letter, their octave, leaps."""

from __future__ import annotations

from itertools import pairwise

from charlstm.neurons.concepts.concept import Concept, Spans, concept, letters_of
from charlstm.neurons.concepts.layout import Layout

LEAP = 7  # semitones: a fifth


@concept("note letter", "on note letters")
def note(text: Layout) -> Spans:
    """The letters of notes."""
    return letters_of(text.notes)


def _note_letter(letter: str) -> Concept:
    def spans(text: Layout) -> Spans:
        return letters_of(n for n in text.notes if text.text[n.letter].upper() == letter)

    about = f"The notes {letter}, in any octave, among all note letters."
    return Concept(f"note_{letter.lower()}", "note letter", f"on the note {letter}", about, "letters", spans)


note_c, note_d, note_e, note_f, note_g, note_a, note_b = map(_note_letter, "CDEFGAB")


@concept("note letter", "on the tonic", "letters")
def tonic(text: Layout) -> Spans:
    """The notes on the letter of the key, such as D in K:Dmix."""
    return letters_of(n for n in text.notes if text.key and text.text[n.letter].upper() == text.key.tonic)


@concept("octave", "on low notes", "letters")
def low_note(text: Layout) -> Spans:
    """The letters of notes below the G above middle C."""
    return letters_of(n for n in text.notes if n.pitch < 67)


@concept("octave", "on high notes", "letters")
def high_note(text: Layout) -> Spans:
    """The letters of notes from the C above middle C up."""
    return letters_of(n for n in text.notes if n.octave > 4)


@concept("octave", "on very high notes", "letters")
def very_high_note(text: Layout) -> Spans:
    """The letters of notes from the second G above middle C up."""
    return letters_of(n for n in text.notes if n.pitch >= 79)


@concept("leap", "after a leap", "events")
def after_leap(text: Layout) -> Spans:
    """The note that a leap of a fifth or more, up or down, leads to."""
    notes = [n for n in text.notes if not n.member]
    return [(now.letter, now.token.end) for last, now in pairwise(notes) if abs(now.pitch - last.pitch) >= LEAP]

"""Harmony: which chords go with a melody."""

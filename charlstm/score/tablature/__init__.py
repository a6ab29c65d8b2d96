"""Tablature: how the notes of a tune are played on an instrument, drawn under its score."""

"""Concepts: named labellings of a text, one truth value a character."""

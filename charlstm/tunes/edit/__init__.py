"""Tunes changed: another key, one spelling, and what is wrong with them."""

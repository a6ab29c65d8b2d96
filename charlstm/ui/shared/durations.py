"""Times and counts in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A time in words: "40 seconds", "5 minutes", "1.5 hours"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} second{'s' if round(seconds) > 1 else ''}"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def counted(count: int, noun: str) -> str:
    """So many things: "1 tune", "2,873 tunes"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

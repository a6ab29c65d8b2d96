"""Beams and tuplet brackets on music21 notes that are ready but for those. `drawn` pairs each event with its notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from music21 import beam

from charlstm.tunes.parse.events import Event

_FLAGGED = ("eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th")  # with 1, 2, 3 ... flags


def set_beams(drawn: Sequence[tuple[Event, Any]]) -> None:
    """Beam what the text writes without blanks, as far as the notes have flags."""
    group: list[Any] = []
    for event, element in drawn:
        flagged = _flags(element) > 0 and not element.isRest
        if not event.joined or not flagged:
            _beam_group(group)
            group = []
        if flagged:
            group.append(element)
    _beam_group(group)


def _beam_group(group: Sequence[Any]) -> None:
    flags = [_flags(element) for element in group]
    if len(group) < 2:
        return
    for index, element in enumerate(group):
        element.beams = beam.Beams()
        for level in range(1, flags[index] + 1):
            before = index > 0 and flags[index - 1] >= level
            after = index + 1 < len(group) and flags[index + 1] >= level
            if before and after:
                element.beams.append("continue")
            elif before or after:
                element.beams.append("stop" if before else "start")
            else:
                element.beams.append("partial", "left" if index else "right")


def _flags(element: Any) -> int:
    kind = element.duration.type
    return _FLAGGED.index(kind) + 1 if kind in _FLAGGED else 0


def bracket_tuplets(drawn: Sequence[tuple[Event, Any]]) -> None:
    """Mark where each tuplet begins and ends; only those that no single beam joins get a bracket."""
    groups: dict[int, list[Any]] = {}
    for event, element in drawn:
        if event.tuplet:
            groups.setdefault(event.tuplet_group, []).append(element)
    for group in groups.values():
        beams = [[b.type for b in e.beams][:1] if hasattr(e, "beams") else [] for e in group]
        beamed = beams[0] == ["start"] and beams[-1] == ["stop"] and all(b == ["continue"] for b in beams[1:-1])
        first, last = group[0].duration.tuplets[0], group[-1].duration.tuplets[0]
        first.type, last.type = ("start", "stop") if len(group) > 1 else ("startStop", "startStop")
        first.bracket = last.bracket = not beamed

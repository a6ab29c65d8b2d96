"""Tablature under the notes of a page. Verovio is given verses, so that it makes room; they are then drawn over.

Lengths are units of Verovio's page, 180 to a staff space. Knows no instrument by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from charlstm.score.tablature.fingering import FingeredNote, Tablature
from charlstm.score.tablature.instruments import CLOSED, HALF, OPEN

_LABEL = "tablature"
_VERSE = 400  # a row of a verse, baseline to baseline
_ASCENT = 300  # of its letters above the baseline
_HOLE, _HANDS, _RADIUS = 200, 40, 80  # from hole to hole; more between the two hands
_STRING, _FONT = 230, 330  # from string to string; the size of its numbers
_HEADS = {"E0A2": 152}  # half the width of a note head by its sign; other heads 106

_NOTE = re.compile(r'(<note [^>]*id="e(\d+)"[^>]*>)(.*?)(</note>)', re.DOTALL)
_LYRIC = re.compile(r'<lyric [^>]*number="(\d+)"')
_PLACEHOLDER = re.compile(
    rf'<g id="\w+" class="verse"><title class="labelAttr">{_LABEL}(\d*)</title><g id="\w+" class="syl">'
    r'<text x="-?\d+" y="(-?\d+)".*?</text></g></g>',
    re.DOTALL,
)
_HEAD = re.compile(
    r'<g id="e(\d+)" class="note"><g class="notehead"><use xlink:href="#(E\w+)-\w+" transform="translate\((-?\d+),'
)
_STAFF = re.compile(r'class="measure">.*?class="staff"><path d="M(-?\d+) -?\d+ L(-?\d+) ', re.DOTALL)


def with_room(xml: str, tablature: Tablature) -> str:
    """MusicXML with verses under the notes of its first part that have tablature, below those that it has."""
    first = {note.heads[0]: note for note in tablature.notes}
    by_head = {head: note for note in tablature.notes for head in note.heads}
    part, end, rest = xml.partition("</part>")
    verse = max(map(int, _LYRIC.findall(part)), default=0) + 1
    height = _height(tablature)
    rows = -(-height // _VERSE)
    done: set[int] = set()

    def add(match: re.Match[str]) -> str:
        opening, head, body, closing = match.groups()
        note = by_head.get(int(head))
        if note is None or note.heads[0] in done or "<chord" in body:
            return match[0]
        done.add(note.heads[0])
        words = "00" if tablature.instrument.has_strings else "0"  # as wide as what is drawn
        verses = "".join(
            f'<lyric number="{verse + row}" name="{_LABEL}{"" if row else note.heads[0]}"><syllabic>single</syllabic>'
            f"<text>{words}</text></lyric>"
            for row in range(rows)
        )
        return f"{opening}{body}{verses}{closing}"

    return _NOTE.sub(add, part) + end + rest if first else xml


def _height(tablature: Tablature) -> int:
    rows = len(tablature.instrument.rows)
    return rows * _STRING + 100 if tablature.instrument.has_strings else rows * _HOLE + _HANDS


class _Spot(NamedTuple):
    """Where the tablature of a note is drawn: its middle, and the top of the rows."""

    x: int
    top: int
    note: FingeredNote


def with_tablature(page: str, tablature: Tablature) -> str:
    """An SVG page of a score that had room, with the tablature in its place."""
    heads = {int(m[1]): int(m[3]) + _HEADS.get(m[2], 106) for m in _HEAD.finditer(page)}
    notes = {note.heads[0]: note for note in tablature.notes}
    drawn: list[str] = []
    systems = page.split('class="system"')
    for system in systems[1:]:
        spots = list(_spots(system, notes, heads))
        if not spots:
            continue
        if tablature.instrument.has_strings:
            measures = [(int(m[1]), int(m[2])) for m in _STAFF.finditer(system)]
            drawn += _strings(
                tablature.instrument.rows, spots, min(a for a, _ in measures), max(b for _, b in measures)
            )
        else:
            drawn += [_holes(spot) for spot in spots]
    page = _PLACEHOLDER.sub("", page)
    before, mark, after = page.rpartition("</g></svg></svg>")  # the margin's group and the two pictures
    return f'{before}<g class="tablature" fill="currentColor" stroke="none">{"".join(drawn)}</g>{mark}{after}'


def _spots(system: str, notes: Mapping[int, FingeredNote], heads: Mapping[int, int]) -> Iterator[_Spot]:
    for match in _PLACEHOLDER.finditer(system):
        if match[1] and (note := notes.get(int(match[1]))):
            middles = [heads[head] for head in note.heads if head in heads]
            if middles:
                yield _Spot(min(middles), int(match[2]) - _ASCENT, note)


def _holes(spot: _Spot) -> str:
    """Six holes below each other, and the plus sign of the second octave."""
    x, top, (_, fingering) = spot
    if fingering is None:
        return _cross(x, top + 3 * _HOLE)
    shapes = []
    for row, sign in enumerate(fingering.signs):
        y = top + _HOLE // 2 + row * _HOLE + (_HANDS if row >= 3 else 0)
        if sign in (CLOSED, HALF, OPEN):
            fill = "currentColor" if sign == CLOSED else "none"
            shapes.append(
                f'<circle cx="{x}" cy="{y}" r="{_RADIUS}" fill="{fill}" stroke="currentColor" stroke-width="18"/>'
            )
        if sign == HALF:
            shapes.append(f'<path d="M{x} {y - _RADIUS} A{_RADIUS} {_RADIUS} 0 0 0 {x} {y + _RADIUS} Z"/>')
        if sign == "+":
            shapes.append(f'<path d="M{x - 70} {y} h140 M{x} {y - 70} v140" stroke="currentColor" stroke-width="32"/>')
    return "".join(shapes)


def _strings(names: tuple[str, ...], spots: list[_Spot], left: int, right: int) -> Iterator[str]:
    """The strings of a system as lines with their names, and numbers in gaps of the lines."""
    top = spots[0].top + _STRING // 2
    for row, name in enumerate(names):
        y = top + row * _STRING
        signs = [(spot.x, spot.note.fingering.signs[row]) for spot in spots if spot.note.fingering]
        gaps = [(x - _width(sign), x + _width(sign)) for x, sign in signs if sign]
        line, begin = "", left + 230
        for a, b in sorted(gaps):
            line += f"M{begin} {y} H{max(a, begin)} "
            begin = b
        yield f'<path d="{line}M{begin} {y} H{max(right, begin)}" fill="none" stroke="currentColor" stroke-width="9"/>'
        yield _text(name, left + 170, y, 260, "end")
        for x, sign in signs:
            if sign:
                yield _text(sign, x, y, _FONT, "middle")
    for spot in spots:
        if spot.note.fingering is None:
            yield _cross(spot.x, top + (len(names) - 1) * _STRING // 2)


def _width(sign: str) -> int:
    """Half the gap that a sign takes in its line."""
    return 60 + 85 * len(sign)


def _text(words: str, x: int, y: int, size: int, anchor: str) -> str:
    return (
        f'<text x="{x}" y="{y + size // 3}" font-family="Times, serif" font-size="{size}px" text-anchor="{anchor}">'
        f"{words}</text>"
    )


def _cross(x: int, y: int) -> str:
    """The mark of what cannot be played."""
    return (
        f'<path class="unplayable" d="M{x - 90} {y - 90} l180 180 m-180 0 l180 -180" fill="none" '
        'stroke="currentColor" stroke-width="36"/>'
    )

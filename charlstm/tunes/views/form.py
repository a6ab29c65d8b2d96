"""Play a tune out: which measures are heard, in which order, with repeats, variant endings, parts and da capo.

Bounded: whatever the text says, at most `MAX_TIMES` times the written measures are played.
Source: ABC standard 2.1, sections 3.1.9 (parts), 4.8 to 4.10 (repeats, endings), 4.14 (!D.C.!, !segno!, !fine!).
Knows no pitches and no sound.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from charlstm.tunes.parse.events import Measure

MAX_TIMES = 8  # a page that plays more than this of one tune is a mistake of the text
MAX_PARTS = 64
FAR = 3  # measures by which a second ending outlasts the first, before it is taken for a section of its own
_SIGNS = {
    "dc": "da capo", "daca": "da capo", "dcal": "da capo", "ds": "dal segno", "dals": "dal segno", "dsal": "dal segno",
    "segn": "segno", "fine": "fine", "coda": "coda", "daco": "to coda",
}  # fmt: skip


def play_order(measures: Sequence[Measure], parts: str | None = None) -> tuple[int, ...]:
    """Indices of the measures in the order in which they are heard.

    Parameters
    ----------
    measures : sequence of Measure
        One voice, as written.
    parts : str, optional
        Value of the header's P: field, such as "AABB" or "A(BC)2": parts of the body by the label they begin with,
        each played with its own repeats.

    Returns
    -------
    tuple of int
        At most 8 times as many as there are measures.
    """
    limit = MAX_TIMES * len(measures)
    sections = _sections(measures)
    if parts and sections:
        order: list[int] = []
        for label in _part_labels(parts):
            for first, last in sections.get(label, ()):
                order += _repeats(measures, first, last, limit - len(order))
        if order:
            return tuple(order[:limit])
    order = _repeats(measures, 0, len(measures), limit) or list(range(len(measures)))
    return tuple(_da_capo(measures, order)[:limit])


def _repeats(measures: Sequence[Measure], first: int, last: int, limit: int) -> list[int]:
    """Play measures `first` to `last` (not counted in) with their repeats.

    `start` is where the next `:|` goes back to: the latest `|:`, or, where that is missing, the end of the last
    repeat, or a double bar line after it. A double bar line before any repeat does not count: `A||B:|` is ABAB, as
    printed tune books mean it and players play it.
    """
    order: list[int] = []
    start, turn, index, opened, in_ending, repeated, ending = first, 1, first, False, False, False, first
    while index < last and len(order) < limit:
        measure = measures[index]
        if index != start and measure.left.begins:
            start, turn, opened, in_ending, repeated = index, 1, True, False, True
        elif index == start and measure.left.begins:
            opened = repeated = True
        if measure.ending and turn not in measure.ending and _has_first_ending(measures, start, index):
            index = _ending_for(measures, index, last, turn)
            if index < last and not (measures[index].ending and turn in measures[index].ending):
                start, turn, opened = index, 1, False
            continue
        in_ending = in_ending or bool(measure.ending)
        if measure.ending:
            ending = index
        order.append(index)
        index += 1
        if measure.right.ends and turn < _turns(measures, start, last):
            index, turn, in_ending, repeated = start, turn + 1, False, True
        elif measure.right.ends and in_ending and turn > 1 and (after := ending_last(measures, ending) + 1) < index:
            start, index, turn, opened, in_ending = after, after, 2, False, False  # the section behind the last ending
        elif (measure.right.ends and not (index < last and turn in measures[index].ending)) or (
            measure.right.closes
            and (in_ending or (turn == 1 and not opened and repeated))
            and not _more_endings(measures, index, last)
        ):
            while in_ending and index < last and measures[index].ending and not measures[index].left.begins:
                index = _after_ending(measures, index, last)  # endings of turns that were played
            start, turn, opened, in_ending = index, 1, False, False
    return order


def ending_last(measures: Sequence[Measure], index: int) -> int:
    """The last measure of the variant ending that begins at `index`.

    It goes to a closing bar line, at most to where the next ending begins. A last ending that is left open and runs on
    to a `:|` far behind, as in `|1 A:|2 B|C|D|E:|`, is as long as the ending before it: what follows is a section of
    its own. One that is never closed is one measure.
    """
    last = index
    while last + 1 < len(measures) and not measures[last].right.closes and not measures[last + 1].ending:
        last += 1
    if not measures[last].right.closes and last + 1 == len(measures):
        return index
    before = next((i for i in range(index - 1, -1, -1) if measures[i].ending), None)
    if measures[last].right.ends and before is not None and measures[index - 1].right.ends:
        usual = index + max(0, index - before - 1)
        return usual if last - usual >= FAR else last
    return last


def _turns(measures: Sequence[Measure], start: int, last: int) -> int:
    """How often the section that begins at `start` is played: twice, or once for every ending it has."""
    turns = 2
    for index in range(start, last):
        if index > start and measures[index].left.begins:
            break
        if measures[index].ending and _has_first_ending(measures, start, index):
            turns = max(turns, *measures[index].ending)
        if measures[index].right.ends and not (index + 1 < last and measures[index + 1].ending):
            break
    return turns


def _has_first_ending(measures: Sequence[Measure], start: int, index: int) -> bool:
    """Whether the endings of this section begin with a first one; a lone `|2` is a slip and hides no music."""
    return any(1 in measures[earlier].ending for earlier in range(start, index + 1))


def _ending_for(measures: Sequence[Measure], index: int, last: int, turn: int) -> int:
    """Where this turn goes on instead of the ending at `index`: its own ending, or after the endings it skips."""
    for after in range(index + 1, last):
        if measures[after].left.begins:
            break
        if turn in measures[after].ending:
            return after
    return _after_ending(measures, index, last)


def _after_ending(measures: Sequence[Measure], index: int, last: int) -> int:
    """The measure after the bar line that closes the ending at `index`."""
    return next((after + 1 for after in range(index, last) if measures[after].right.closes), last)


def _more_endings(measures: Sequence[Measure], index: int, last: int) -> bool:
    """Whether the section that is being played has another variant ending from `index` on."""
    for after in range(index, last):
        if measures[after].left.begins:
            return False
        if measures[after].ending:
            return min(measures[after].ending) > 1
    return False


def _da_capo(measures: Sequence[Measure], order: list[int]) -> list[int]:
    """The order with the first !D.C.! or !D.S.! obeyed once, after its last repeat; what comes back has no repeats.

    It ends at !fine!, or leaves at !dacoda! (or the first of two !coda! signs) for the coda, or comes to the sign
    again and goes on.
    """
    signs = [{_SIGNS.get(mark.lower().replace(".", "")[:4], "") for mark in measure.marks} for measure in measures]
    sign = next((i for i in order if signs[i] & {"da capo", "dal segno"}), None)
    if sign is None:
        return order
    played = len(order) - order[::-1].index(sign)
    again: list[int] = []
    index = next((i for i, s in enumerate(signs) if "segno" in s), 0) if "dal segno" in signs[sign] else 0
    codas = [i for i, s in enumerate(signs) if "coda" in s]
    leave = next((i for i, s in enumerate(signs) if "to coda" in s), codas[0] if len(codas) > 1 else None)
    while index < len(measures):
        if 1 in measures[index].ending and _more_endings(measures, index + 1, len(measures)):
            index = _after_ending(measures, index, len(measures))  # the last time through takes the last ending
            continue
        again.append(index)
        if "fine" in signs[index]:
            return order[:played] + again
        if index == leave and codas and codas[-1] > index:
            return order[:played] + again + list(range(codas[-1], len(measures)))
        if index == sign:
            break
        index += 1
    return order[:played] + again + order[played:]


def _sections(measures: Sequence[Measure]) -> dict[str, list[tuple[int, int]]]:
    """Measures by the label of their part: label -> [(first, last), ...]."""
    starts = [(m.part[:1], i) for i, m in enumerate(measures) if m.part]
    sections: dict[str, list[tuple[int, int]]] = {}
    for (label, first), (_, last) in zip(starts, [*starts, ("", len(measures))][1:], strict=True):
        sections.setdefault(label, []).append((first, last))
    return {label: spans[:1] for label, spans in sections.items()}


def _part_labels(parts: str) -> list[str]:
    """ "A(BC)2" -> A B C B C; bounded, and tolerant of what is not closed."""
    stack: list[list[str]] = [[]]
    for token in re.findall(r"[A-Za-z]|\(|\)|\d+", parts)[:200]:
        if token == "(":
            stack.append([])
        elif token == ")":
            if len(stack) > 1:
                group = stack.pop()
                stack[-1].append("".join(group))
        elif token.isdigit():
            if stack[-1]:
                stack[-1][-1] = (stack[-1][-1] * min(int(token[:3]), MAX_PARTS))[:MAX_PARTS]
        else:
            stack[-1].append(token)
    return list("".join("".join(group) for group in stack)[:MAX_PARTS])

"""Chord symbols for a tune: the likeliest chords of its key, step by step (Viterbi), written into the text.

docs/backing.md says how and how well. Deterministic; in another key the same chords. Knows no sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from charlstm.tunes.abc import body_tokens
from charlstm.tunes.chords import KINDS, parse_chord
from charlstm.tunes.harmony.costs import MODES, Costs, Degree, mode_of, scale_of
from charlstm.tunes.harmony.steps import Step, steps_of, total
from charlstm.tunes.keys import FIFTHS, LETTERS, SEMITONES, Key, key_of
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.parse.reader import read

DEFAULT = Costs()
_BEFORE_A_NOTE = ("decoration", "annotation")  # what stands between a chord symbol and its note (ABC 2.1, 4.20)


class Backing(NamedTuple):
    """The chord of a step."""

    step: Step
    root: int  # pitch class
    kind: str  # of `chords.KINDS`
    name: str  # "Am7"


class Insertion(NamedTuple):
    """A chord symbol and the offset in the text before which it is written."""

    start: int
    text: str


def harmonize(text: str, costs: Costs = DEFAULT, *, replace: bool = False) -> str:
    """Write chord symbols into a tune.

    Parameters
    ----------
    text : str
        ABC; the first voice gets the chords.
    costs : Costs
        Of `costs.estimate`, or those set by hand.
    replace : bool
        Whether chord symbols that the tune has are replaced. Without it, a tune that has some comes back as it is.

    Returns
    -------
    str
        The same text with chord symbols where the chord changes, and where a section or a line begins.

    Raises
    ------
    NotationError
        If there is no music in it.
    """
    if has_chords(text):
        if not replace:
            return text
        text = without_chords(text)
    return with_insertions(text, insertions(text, costs))


def insertions(text: str, costs: Costs = DEFAULT) -> list[Insertion]:
    """The chord symbols of a tune that has none, by offset. Raises NotationError where there is no music."""
    written: list[Insertion] = []
    before = ""
    places = _places(text)
    quotes = [token.start for token in body_tokens(text) if token.kind == "unknown" and token.text == '"']
    for backing in chords_of(read(text), costs):
        step = backing.step
        if step.event is None or (backing.name == before and not (step.begins_section or step.begins_line)):
            continue
        start = places.get(step.event.start, step.event.start)
        if any(text.rfind("\n", 0, start) < quote < text.find("\n", start) % (len(text) + 1) for quote in quotes):
            continue  # beside a quotation mark without its other half, a chord symbol would be torn apart
        written.append(Insertion(start, f'"{backing.name}"'))
        before = backing.name
    return written


def with_insertions(text: str, inserted: Sequence[Insertion]) -> str:
    """A text with chord symbols written into it."""
    pieces, at = [], 0
    for start, symbol in inserted:
        pieces += [text[at:start], symbol]
        at = start
    return "".join([*pieces, text[at:]])


def has_chords(text: str) -> bool:
    """Whether a text has a chord symbol that can be played."""
    return any(t.kind == "chord_symbol" and parse_chord(t.text.strip('"')) is not None for t in body_tokens(text))


def without_chords(text: str) -> str:
    """A text without its chord symbols; other words over notes stay."""
    for token in reversed(body_tokens(text)):
        if token.kind == "chord_symbol" and parse_chord(token.text.strip('"')) is not None:
            text = text[: token.start] + text[token.end :]
    return text


def chords_of(reading: Reading, costs: Costs = DEFAULT) -> list[Backing]:
    """The likeliest chord of each step of a tune, whether it has chord symbols or not."""
    steps = steps_of(reading)
    if not steps:
        return []
    guess = _guessed_key(steps)
    lattice = [_candidates(step, step.key or guess, costs) for step in steps]
    # The least cost of every chord of a step over all ways to it, and the chord before it on that way.
    totals = [chord.cost - math.log(chord.weight) for chord in lattice[0]]
    links_of: list[list[int]] = []
    for step, before, now in zip(steps[1:], lattice, lattice[1:], strict=False):
        best: list[tuple[float, int]] = []
        for chord in now:
            ways = [
                (cost + _move(last, chord, now, step, costs), k)
                for k, (cost, last) in enumerate(zip(totals, before, strict=True))
            ]
            best.append(min(ways))
        totals = [cost + chord.cost for (cost, _), chord in zip(best, now, strict=True)]
        links_of.append([k for _, k in best])
    # Back along the cheapest way; of equal ones the first, which is the more usual chord.
    place = totals.index(min(totals))
    path = [place]
    for links in reversed(links_of):
        path.append(place := links[place])
    chosen = [chords[place] for chords, place in zip(lattice, reversed(path), strict=True)]
    return [Backing(step, c.root, c.degree.kind, c.name) for step, c in zip(steps, chosen, strict=True)]


class _Candidate(NamedTuple):
    """A chord that a step may have: what it costs there, and how usual it is among all of them."""

    root: int
    degree: Degree
    name: str
    cost: float
    weight: float


def _candidates(step: Step, key: Key, costs: Costs) -> list[_Candidate]:
    """The chords of the key, each with what it costs under the notes of the step and at its place."""
    mode, scale = mode_of(key), scale_of(key)
    degrees = MODES[mode]
    weights = [costs.degrees.get((mode, degree.semitones, degree.kind), degree.weight) for degree in degrees]
    candidates = []
    for degree, weight in zip(degrees, weights, strict=True):
        root = (key.semitone + degree.semitones) % 12
        likely = _likely(degree, scale, costs)
        fit = -sum(each * math.log(likely[(pitch - root) % 12]) for pitch, each in step.weights.items())
        bonus = 1.0
        is_tonic, is_dominant = degree.semitones == 0, degree.semitones == 7
        if step.ends_section:
            bonus = costs.ends_on_tonic if is_tonic else 1.0
        elif step.ends_phrase and (is_tonic or is_dominant):
            bonus = costs.phrase
        if step.begins_section and is_tonic:
            bonus *= costs.begins_on_tonic
        cost = costs.melody * fit - math.log(bonus)
        candidates.append(_Candidate(root, degree, chord_name(key, degree), cost, weight / sum(weights)))
    return candidates


def _likely(degree: Degree, scale: frozenset[int], costs: Costs) -> list[float]:
    """How likely each pitch is under a chord, by semitones above its root."""
    root, third, fifth, seventh, inside, outside = costs.tones
    weights = []
    for interval in range(12):
        if interval not in KINDS[degree.kind]:
            weights.append(inside if (degree.semitones + interval) % 12 in scale else outside)
        else:
            weights.append(root if not interval else third if interval < 5 else fifth if interval < 9 else seventh)
    return [weight / sum(weights) for weight in weights]


def _move(last: _Candidate, chord: _Candidate, among: Sequence[_Candidate], step: Step, costs: Costs) -> float:
    """What it costs to go from one chord to another, or to stay."""
    change = costs.change if step.begins_bar else costs.change_inside
    if step.begins_section:
        return -math.log(chord.weight)  # a new beginning
    if (last.root, last.degree.kind) == (chord.root, chord.degree.kind):
        return -math.log(1 - change)
    if step.event is None:
        return math.inf
    weights = [each.weight * costs.moves.get((each.root - last.root) % 12, 1.0) for each in among]
    own = chord.weight * costs.moves.get((chord.root - last.root) % 12, 1.0)
    return -math.log(change * own / sum(weights))


def chord_name(key: Key, degree: Degree) -> str:
    """A chord's symbol, spelled in the key: the flat seventh of E flat is D flat."""
    letter = LETTERS[(LETTERS.index(key.tonic) + degree.steps) % 7]
    wanted = (key.semitone + degree.semitones) % 12
    alteration = (wanted - SEMITONES[letter] + 6) % 12 - 6
    if abs(alteration) > 1:
        letter = next(name for name in LETTERS if (wanted - SEMITONES[name]) % 12 in (0, 1))
        alteration = (wanted - SEMITONES[letter]) % 12
    return letter + {-1: "b", 0: "", 1: "#"}[alteration] + degree.kind


def _guessed_key(steps: Sequence[Step]) -> Key:
    """The major or minor key that most of the notes are in, and that the last ones fit: for a tune without a key."""
    weights, last = total(steps), total(steps[-1:])

    def fit(key: Key) -> float:
        tonic_chord = {(key.semitone + tone) % 12 for tone in KINDS["m" if key.mode == "minor" else ""]}
        inside = sum(w for pitch, w in weights.items() if (pitch - key.semitone) % 12 in scale_of(key))
        return inside + sum(w * (1 + (pitch == key.semitone)) for pitch, w in last.items() if pitch in tonic_chord)

    return max(_keys(), key=fit)


def _keys() -> Iterator[Key]:
    for mode in ("major", "minor"):
        for letter in FIFTHS:
            for alteration in (0, 1, -1):
                key = key_of(letter, alteration, mode)
                if abs(key.fifths) <= 6:
                    yield key


def _places(text: str) -> dict[int, int]:
    """Where a chord symbol stands, by the offset of its note: before the decorations and texts that touch it."""
    places: dict[int, int] = {}
    start: int | None = None
    for token in body_tokens(text):
        if token.kind in _BEFORE_A_NOTE:
            start = token.start if start is None else start
            continue
        if start is not None and token.kind in ("note", "chord_open", "rest"):
            places[token.start] = start
        start = None
    return places

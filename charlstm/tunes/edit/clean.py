"""One spelling for every tune: what a source tune becomes before a network reads it, or why it is left out.

The recipe, each step a function below: header fields T R M L K in that order and nothing else; one voice without
ornaments, chord symbols or words; lengths in eighths; `|` between bars, four bars a line, a line a section; repeats
written at both ends; every bar full. The text has no X: number, because a number that counts tunes says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from charlstm.errors import CharlstmError
from charlstm.tunes.abc import (
    Header,
    Token,
    body_tokens,
    is_compound,
    parse_length,
    parse_meter,
    parse_note,
    split_header,
)
from charlstm.tunes.edit.spelling import clean_title, find_meter, find_rhythm, find_scale, header_text, highest, scaled
from charlstm.tunes.keys import signature
from charlstm.tunes.parse.rhythm import Timing, timings
from charlstm.tunes.views.bars import bars, has_final_bar_line, misfits, repeats_balance

BARS_A_LINE = 4
METERS = frozenset(["2/4", "3/4", "4/4", "3/2", "2/2", "6/8", "9/8", "12/8", "3/8", "6/4", "4/2", "5/4"])
_Mark = tuple[Token, Timing]
_CHORD_SYMBOL = re.compile(r'"[A-G][#b]?[A-Za-z0-9#+()]*(?:/[A-G][#b]?)?"')


class Dropped(CharlstmError):
    """A tune that the recipe leaves out; the message is the reason, one of a few, and `example` what it is about."""

    def __init__(self, reason: str, example: str = "") -> None:
        super().__init__(reason)
        self.example = " ".join(example.split())[:60]


@dataclass(frozen=True)
class Recipe:
    """What a cleaned corpus keeps beyond the usual.

    Attributes
    ----------
    any_meter : bool
        Meters such as 7/8 and 4/1, too.
    any_key : bool
        Keys of more than five flats or six sharps, and tunes without a key.
    chords : bool
        Chord symbols over the notes, `"Am"`.
    """

    any_meter: bool = False
    any_key: bool = False
    chords: bool = False


USUAL = Recipe()


@dataclass
class _Bar:
    """A bar being rewritten: its music, and the signs at its two ends."""

    music: str = ""
    full: bool = True  # counts towards the four bars of a line
    ending: str = ""
    starts_repeat: bool = False
    ends_repeat: bool = False
    ends_section: bool = False


@dataclass
class _Section:
    """Bars up to a double bar line or a repeat sign, variant endings included."""

    bars: list[_Bar] = field(default_factory=list)

    @property
    def repeats(self) -> bool:
        return any(bar.ends_repeat for bar in self.bars)


def clean_tune(text: str, *, rhythm: str = "", recipe: Recipe = USUAL) -> str:
    """The text that a network reads, from one source tune.

    Parameters
    ----------
    text : str
        A source tune, header and body.
    rhythm : str
        R: where the tune has none of its own.
    recipe : Recipe
        What is kept beyond the usual.

    Returns
    -------
    str
        Header and body, without X: and without a last newline.

    Raises
    ------
    Dropped
        With the reason for which the tune is left out.
    """
    header = split_header(text)
    tokens = body_tokens(text)
    _refuse(header, tokens)
    key, meter_text = header.key, find_meter(header)
    if key and abs(key.fifths) <= 7 and key.signature != signature(key.fifths):  # `Dmix ^g` is not spelled as Dmix
        raise Dropped("no usable key", f"K:{header.get('K')}")
    if (key is None or not -5 <= key.fifths <= 6) and not (recipe.any_key and (key is None or abs(key.fifths) <= 7)):
        raise Dropped("no usable key", f"K:{header.get('K') or ''}")
    if meter_text not in METERS and not (recipe.any_meter and meter_text):
        raise Dropped("no usual meter", f"M:{header.get('M') or ''}")
    if not any(token.kind in ("note", "rest") for token in tokens):
        raise Dropped("shorter than 8 bars or longer than 80", "no notes")
    marks = list(zip(tokens, timings(tokens, header.unit, header.meter, compound=is_compound(meter_text)), strict=True))
    plain_bars = _bars(marks, find_scale(header), parse_meter(meter_text) or Fraction(1), chords=recipe.chords)
    body = _layout(_sections(plain_bars))
    title, rhythm = clean_title(header.get("T") or ""), find_rhythm(header) or rhythm
    clean = header_text(title, rhythm, meter_text, str(key or "none")) + body
    check(clean)
    return clean


def check(text: str) -> None:
    """Raise Dropped if a clean text breaks one of the corpus's laws."""
    all_bars = bars(text)
    if wrong := misfits(all_bars):
        raise Dropped("a bar does not fit the meter", text[all_bars[wrong[0]].start : all_bars[wrong[0]].end])
    if broken := _undefined_broken(body_tokens(text)):
        raise Dropped("a bar does not fit the meter", text[max(0, broken.start - 4) : broken.end + 4])
    if not repeats_balance(text) or not has_final_bar_line(text):
        raise Dropped("repeats do not balance", "".join(t.text for t in body_tokens(text) if t.kind == "bar_line"))
    if not 8 <= len(all_bars) <= 80:
        raise Dropped("shorter than 8 bars or longer than 80", f"{len(all_bars)} bars")


def _undefined_broken(tokens: Sequence[Token]) -> Token | None:
    """The first broken rhythm between unequal notes, at a bar line, or at a note that has another one; or None.

    ABC 2.1, 4.4, leaves open how long these are: their bars fit the meter for one reader and not for the next.
    """
    if not any(token.kind == "broken" for token in tokens):
        return None
    silenced = [token._replace(kind="unknown") if token.kind == "broken" else token for token in tokens]
    marks = [  # what takes time, bar lines and broken rhythm
        (token, token.kind if token.kind in ("broken", "bar_line") else time.duration)
        for token, time in zip(tokens, timings(silenced, Fraction(1), None), strict=True)
        if time.duration or token.kind in ("broken", "bar_line")
    ]
    values = ["bar_line", *(value for _, value in marks), "bar_line", ""]
    for place, (token, value) in enumerate(marks, 1):
        around = values[place - 1], values[place + 1]
        if value == "broken" and (around[0] != around[1] or around[0] == "bar_line" or values[place + 2] == "broken"):
            return token
    return None


def _refuse(header: Header, tokens: Sequence[Token]) -> None:
    """Raise Dropped for what one plain voice cannot hold."""
    voice = next((f"V:{f.value}" for f in header.fields if f.letter == "V"), "")
    fields = [token for token in tokens if token.kind in ("field", "inline_field")]
    voices = [token for token in tokens if token.kind == "overlay" or token.field[0] == "V"]
    if voice or voices:
        raise Dropped("several voices", voice or voices[0].text)
    if change := next((token for token in fields if token.field[0] in "KML"), None):
        raise Dropped("key, meter or unit changes in mid-tune", change.text)
    if stray := next((t for t in tokens if t.kind == "unknown" and t.text not in "!$"), None):  # those are line ends
        raise Dropped("stray signs", stray.text)
    if rest := next((token for token in tokens if token.kind == "rest" and token.text[0] in "ZX"), None):
        raise Dropped("whole-bar rests", rest.text)


def _bars(marks: list[_Mark], scale: Fraction, meter: Fraction, *, chords: bool) -> list[_Bar]:
    """Rewrite the marks of a body bar by bar, lengths multiplied by `scale`."""
    bars: list[_Bar] = []
    bar = _Bar()
    parts: list[str] = []
    chord: list[Token] = []
    duration = Fraction(0)
    full = meter / _ratio(marks, meter)  # in the source's durations

    def finish() -> None:
        nonlocal bar, parts, duration
        bar.music = re.sub(r" +", " ", "".join(parts)).strip()
        bar.full = duration == full
        if bar.music:
            bars.append(bar)
            bar, parts, duration = _Bar(), [], Fraction(0)

    for index, (token, time) in enumerate(marks):
        kind = token.kind
        duration = duration + time.duration if time.duration else duration
        # Bar lines, and what begins with them.
        if kind == "bar_line":
            finish()
            _boundary(bars, bar, token.text)
        elif kind == "ending":
            bar.ending = token.text.strip("[")
        # Notes and rests; of a chord the highest note, when it is closed.
        elif time.member == "chord":
            chord.append(token)
        elif kind == "chord_close" and chord:
            parts.append(scaled(highest(chord).text, scale * parse_length(token.text[1:])))
            chord = []
        elif kind == "note" and not time.member:
            parts.append(scaled(token.text, scale))
        elif kind == "rest":
            parts.append(scaled("z" + token.text[1:], scale))
        # Marks that stay; all others go, and some leave a blank.
        elif kind == "tie":
            if _ties(marks, index):
                parts.append("-")
        elif kind == "tuplet":
            parts.append(re.sub(r":+$", "", token.text))
        elif kind == "broken" or (chords and kind == "chord_symbol" and _CHORD_SYMBOL.fullmatch(token.text)):
            parts.append(token.text)
        elif kind in ("space", "line_break", "continuation", "unknown"):
            parts.append(" ")
    finish()
    return bars


def _ratio(marks: list[_Mark], meter: Fraction) -> int:
    """The factor from the source's bars to the clean meter's: 1, or 2 where 2/4 has become 4/4."""
    lengths: Counter[Fraction] = Counter()
    duration = Fraction(0)
    for token, time in marks:
        duration = duration + time.duration if time.duration else duration
        if token.kind == "bar_line":
            lengths[duration] += 1
            duration = Fraction(0)
    return 2 if lengths[meter / 2] > lengths[meter] else 1


def _boundary(bars: list[_Bar], bar: _Bar, line: str) -> None:
    """Give what a bar line says to the bar before it and to the one that follows."""
    if line == "|":
        return
    if bars:
        bars[-1].ends_section = True
        if line.startswith(":"):
            bars[-1].ends_repeat = True
    if line.endswith(":"):
        bar.starts_repeat = True


def _ties(marks: list[_Mark], index: int) -> bool:
    """Whether a tie joins two notes of the same spelling; between others it is a slur (O'Neill's files)."""
    before = next((token for token, _ in reversed(marks[:index]) if token.kind in ("note", "rest")), None)
    after = next((token for token, _ in marks[index + 1 :] if token.kind in ("note", "rest")), None)
    if before is None or after is None or "rest" in (before.kind, after.kind):
        return False
    a, b = parse_note(before.text), parse_note(after.text)
    return (a.letter, a.octave) == (b.letter, b.octave) and b.accidental in ("", a.accidental)


def _sections(bars: list[_Bar]) -> list[_Section]:
    """Group bars into sections; an ending from the second on stays in the section of the first."""
    sections = [_Section()]
    for bar, following in zip(bars, [*bars[1:], None], strict=True):
        sections[-1].bars.append(bar)
        if bar.starts_repeat and len(sections[-1].bars) > 1:
            raise Dropped("repeats do not balance")
        goes_on = following is not None and following.ending not in ("", "1") and not following.starts_repeat
        if (bar.ends_section and not goes_on) or (following is not None and following.starts_repeat):
            sections.append(_Section())
    return [section for section in sections if section.bars]


def _is_upbeat(section: _Section, following: _Section | None) -> bool:
    """Whether a section is only a pickup before the repeat sign."""
    alone = len(section.bars) == 1 and not section.bars[0].full and not section.repeats
    return alone and following is not None and following.repeats


def _layout(sections: list[_Section]) -> str:
    """Write sections: a line each four full bars and at each section's end, `|]` or `:|` last."""
    lines: list[str] = []
    upbeat = ""
    for number, (section, following) in enumerate(zip(sections, [*sections[1:], None], strict=True)):
        if section.bars[0].starts_repeat and not section.repeats:
            raise Dropped("repeats do not balance")
        if not upbeat and _is_upbeat(section, following):
            upbeat = section.bars[0].music
            continue
        line = upbeat + ("|:" if section.repeats else "")
        upbeat = ""
        count = 0
        for place, bar in enumerate(section.bars):
            last = place == len(section.bars) - 1
            line += (bar.ending + " " if bar.ending else "") + bar.music
            count += bar.full and bar.ending in ("", "1")
            if last:
                end = "|]" if number == len(sections) - 1 else "||"
                line += ":|" if bar.ends_repeat else end
            else:
                line += ":|" if bar.ends_repeat else "|"
                # Never before an ending: its number must come right after a bar line.
                if bar.full and count and count % BARS_A_LINE == 0 and not section.bars[place + 1].ending:
                    lines.append(line)
                    line = ""
        lines.append(line)
    return "\n".join(lines)

"""One spelling for every tune: what a source tune becomes before a network reads it, or why it is left out.

The recipe, each step a function below: header fields T R M L K in that order and nothing else; one voice without
ornaments, chord symbols or words; lengths in eighths; `|` between bars, four bars a line, a line a section; repeats
written at both ends; every bar full. The text has no X: number, because a number that counts tunes says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from charlstm.errors import CharlstmError
from charlstm.tunes.abc import (
    Header,
    Token,
    default_unit,
    lex,
    parse_length,
    parse_meter,
    parse_note,
    parse_unit,
    split_header,
    write_length,
)
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.rhythm import Timed, is_compound, timed
from charlstm.tunes.views.bars import bars, has_final_bar_line, misfits, repeats_balance

UNIT = Fraction(1, 8)
BARS_A_LINE = 4
METERS = frozenset(["2/4", "3/4", "4/4", "3/2", "2/2", "6/8", "9/8", "12/8", "3/8", "6/4", "4/2", "5/4"])
RHYTHMS = (
    *("slip jig", "hop jig", "jig", "reel", "hornpipe", "polka", "march", "strathspey", "waltz", "air", "slide"),
    *("schottische", "clog", "minuet", "quickstep", "cotillion", "country dance", "highland fling", "long dance"),
)
_SILENT = frozenset(
    ["decoration", "annotation", "chord_symbol", "slur_open", "slur_close", "backquote", "comment", "spacer"]
)


class Dropped(CharlstmError):
    """A tune that the recipe leaves out; the message is the reason, one of a few."""


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


def clean_tune(text: str, *, rhythm: str = "") -> str:
    """The text a network reads, made of one source tune.

    Parameters
    ----------
    text : str
        A tune as found, header and body.
    rhythm : str
        R: where the tune does not tell its own.

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
    tokens = list(lex(text[header.body_start :]))
    _refuse(header, tokens)
    key = parse_key(header.get("K"))
    meter_text = {"C": "4/4", "C|": "4/4"}.get(
        (header.get("M") or "").strip(), (header.get("M") or "").replace(" ", "")
    )
    meter = parse_meter(meter_text)
    if key is None or not -5 <= key.fifths <= 6:
        raise Dropped("no usable key")
    if meter is None or meter_text not in METERS:
        raise Dropped("no usual meter")
    unit = parse_unit(header.get("L")) or default_unit(meter)
    if meter_text == "2/4" and unit == Fraction(1, 16):
        meter_text, scale = "4/4", Fraction(1)  # the same text: joins the reels of Ryan's book to O'Neill's
    else:
        scale = unit / UNIT
    fields = {
        "T": clean_title(header.get("T") or ""),
        "R": find_rhythm(header) or rhythm,
        "M": meter_text,
        "L": "1/8",
        "K": str(key),
    }
    marks = timed(tokens, unit, meter, compound=is_compound(meter_text))
    body = _layout(_sections(_bars(marks, scale, parse_meter(meter_text))))
    clean = "".join(f"{letter}:{value}\n" for letter, value in fields.items() if value) + body
    check(clean)
    return clean


def check(text: str) -> None:
    """Raise Dropped if a clean text breaks one of the corpus's laws."""
    found = bars(text)
    if misfits(found):
        raise Dropped("a bar does not fit the meter")
    if not repeats_balance(text) or not has_final_bar_line(text):
        raise Dropped("repeats do not balance")
    if not 8 <= len(found) <= 80:
        raise Dropped("shorter than 8 bars or longer than 80")


def clean_title(title: str) -> str:
    """A title in ASCII, "X, The" as "The X", the dance after " -- " left out, at most 48 characters."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    ascii_title = re.sub(r"\\.", "", ascii_title).strip(" .\"'")
    ascii_title = re.sub(r"\s+--?\s+[A-Z][\w ]*$", "", ascii_title).strip(" .\"'")
    if ascii_title.isupper():
        ascii_title = re.sub(r"[A-Z][A-Z']*", lambda m: m[0].capitalize(), ascii_title)
    match = re.match(r"(.*), (The|An?)$", ascii_title)
    ascii_title = f"{match[2]} {match[1]}" if match else ascii_title
    ascii_title = re.sub(r"[^A-Za-z0-9 ,.'()&!?-]", "", ascii_title)
    return re.sub(r"\s+", " ", ascii_title).strip()[:48].rstrip()


def find_rhythm(header: Header) -> str:
    """The kind of tune from R:, else from a title ("-- Reel") or from G:; "" if none of them names one."""
    named = [f.value for f in header.fields if f.letter == "R"]
    hints = [f.value for f in header.fields if f.letter in "TG"]
    for value in [*named, *hints]:
        words = value.lower().replace("strathspay", "strathspey")
        for rhythm in RHYTHMS:
            if re.search(rf"\b{rhythm}s?\b" + ("" if value in named else r"\W*$"), words):
                return rhythm
    return ""


def _refuse(header: Header, tokens: list[Token]) -> None:
    """Raise Dropped for what one plain voice cannot hold."""
    letters = {f.letter for f in header.fields}
    inner = {t.text.strip("[")[0] for t in tokens if t.kind in ("field", "inline_field")}
    if "V" in letters | inner or any(t.kind == "overlay" for t in tokens):
        raise Dropped("several voices")
    if inner & set("KML"):
        raise Dropped("key, meter or unit changes in mid-tune")
    if any(t.kind == "unknown" and t.text != "!" for t in tokens):  # a lone ! is an old line end
        raise Dropped("stray signs")
    if any(t.kind == "rest" and t.text[0] in "ZX" for t in tokens):
        raise Dropped("whole-bar rests")


def _bars(marks: list[Timed], scale: Fraction, meter: Fraction | None) -> list[_Bar]:
    """Rewrite the marks of a body bar by bar, lengths multiplied by `scale`."""
    found: list[_Bar] = []
    bar = _Bar()
    parts: list[str] = []
    held = Fraction(0)
    chord: list[Token] = []

    def finish() -> None:
        nonlocal bar, parts, held
        bar.music = re.sub(r" +", " ", "".join(parts)).strip()
        bar.full = meter is not None and held * scale_to_meter == meter
        if bar.music:
            found.append(bar)
            bar, parts, held = _Bar(), [], Fraction(0)

    # Durations were reckoned in the source's unit; a 2/4 bar of 16 sixteenths' text is a 4/4 bar of eighths.
    scale_to_meter = Fraction(1)
    if marks and meter is not None:
        scale_to_meter = _ratio(marks, meter)
    for index, (token, duration, member, _) in enumerate(marks):
        kind = token.kind
        if kind == "bar_line":
            finish()
            _boundary(found, bar, token.text)
        elif kind == "ending":
            bar.ending = token.text.strip("[")
        elif member == "chord":
            chord.append(token)
        elif kind == "chord_close" and chord:
            top = max(chord, key=lambda t: _height(t.text))
            parts.append(_note(top.text, scale * parse_length(token.text[1:])))
            held += duration
            chord = []
        elif member == "grace" or kind in ("grace_open", "grace_close", "chord_open", "chord_close") or kind in _SILENT:
            continue
        elif kind == "note":
            parts.append(_note(token.text, scale))
            held += duration
        elif kind == "rest":
            parts.append("z" + write_length(parse_length(token.text[1:]) * scale))
            held += duration
        elif kind == "tie":
            if _ties(marks, index):
                parts.append("-")
        elif kind == "tuplet":
            parts.append(re.sub(r":+$", "", token.text))
        elif kind == "broken":
            parts.append(token.text)
        elif kind in ("space", "line_break", "continuation", "unknown"):
            parts.append(" ")
    finish()
    return found


def _ratio(marks: list[Timed], meter: Fraction) -> Fraction:
    """The factor from the source's bars to the clean meter's: 1, or 2 where 2/4 has become 4/4."""
    lengths: dict[Fraction, int] = {}
    held = Fraction(0)
    for token, duration, _, _ in marks:
        held = held + duration if duration else held
        if token.kind == "bar_line":
            lengths[held] = lengths.get(held, 0) + 1
            held = Fraction(0)
    return Fraction(2) if lengths.get(meter / 2, 0) > lengths.get(meter, 0) else Fraction(1)


def _boundary(found: list[_Bar], bar: _Bar, line: str) -> None:
    """Give what a bar line says to the bar before it and to the one that follows."""
    if line == "|":
        return
    if found:
        found[-1].ends_section = True
        if line.startswith(":"):
            found[-1].ends_repeat = True
    if line.endswith(":"):
        bar.starts_repeat = True


@lru_cache(maxsize=4096)
def _note(text: str, scale: Fraction) -> str:
    """A note token with its length multiplied."""
    length = re.search(r"[\d/]*$", text)
    assert length is not None
    return text[: length.start()] + write_length(parse_length(length[0]) * scale)


def _height(text: str) -> tuple[int, int]:
    parts = parse_note(text)
    return parts.octave, "CDEFGAB".index(parts.letter)


def _ties(marks: list[Timed], index: int) -> bool:
    """Whether a tie joins two notes of the same spelling; between others it is a slur (O'Neill's files)."""
    before = next((m.token for m in reversed(marks[:index]) if m.token.kind in ("note", "rest")), None)
    after = next((m.token for m in marks[index + 1 :] if m.token.kind in ("note", "rest")), None)
    if before is None or after is None or "rest" in (before.kind, after.kind):
        return False
    a, b = parse_note(before.text), parse_note(after.text)
    return (a.letter, a.octave) == (b.letter, b.octave) and b.accidental in ("", a.accidental)


def _sections(found: list[_Bar]) -> list[_Section]:
    """Group bars into sections; an ending from the second on stays in the section of the first."""
    sections = [_Section()]
    for bar, following in zip(found, [*found[1:], None], strict=True):
        sections[-1].bars.append(bar)
        if bar.starts_repeat and len(sections[-1].bars) > 1:
            raise Dropped("repeats do not balance")
        goes_on = following is not None and following.ending not in ("", "1") and not following.starts_repeat
        if (bar.ends_section and not goes_on) or (following is not None and following.starts_repeat):
            sections.append(_Section())
    return [section for section in sections if section.bars]


def _is_upbeat(section: _Section, following: _Section | None) -> bool:
    """Whether a section is only a pickup that stands before the repeat sign."""
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
                # Never before an ending: its number must stand right after a bar line.
                if bar.full and count and count % BARS_A_LINE == 0 and not section.bars[place + 1].ending:
                    lines.append(line)
                    line = ""
        lines.append(line)
    return "\n".join(lines)

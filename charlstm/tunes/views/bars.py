"""Bar arithmetic in Fractions of a whole note: where bars begin and end, how long they are, which do not fit.

Counted on the ABC as written, never on a score that has been re-barred. Knows nothing of pitches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from charlstm.tunes.abc import body_tokens, parse_meter, split_header
from charlstm.tunes.parse.place import MUSIC, PlacedToken, placed_tokens

LEAST_BARS = 8  # of a whole tune


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that holds music.

    `start` and `end` are offsets in the text of its first and behind its last mark, bar lines left out; `duration`
    is what it holds, `expected` what the meter asks for (None: free), both in whole notes. `left` and `right` are
    the bar lines around it ("" where there is none), `ending` the digits of a variant ending that begins with it.
    """

    start: int
    end: int
    duration: Fraction
    expected: Fraction | None
    left: str
    right: str
    ending: str = ""

    @property
    def opens(self) -> bool:
        """Whether a section begins with it: at the tune's start, after a repeat sign, a double or a final bar line."""
        return self.left == "" or is_section_line(self.left)

    @property
    def closes(self) -> bool:
        """Whether a section ends with it: by a repeat sign, a double or a final bar line, or by the tune's end."""
        return self.right == "" or is_section_line(self.right)


def is_section_line(bar_line: str) -> bool:
    """Whether a bar line ends or begins a section: anything but a plain `|`."""
    return bar_line != "|"


def bars(text: str) -> list[Bar]:
    """The bars of a tune that hold notes or rests, in order.

    Parameters
    ----------
    text : str
        A whole tune or a body alone; a missing meter is free time.

    Returns
    -------
    list of Bar
        Voices and overlays are not told apart: their bars count one by one.
    """
    header = split_header(text)
    meter = header.meter
    bars: list[Bar] = []
    left, ending = "", ""
    first: PlacedToken | None = None  # music of this bar
    last: PlacedToken | None = None

    def close(right: str) -> None:
        if first is not None and last is not None:
            duration = last.onset + last.duration
            bars.append(Bar(first.token.start, last.token.end, duration, meter, left, right, ending))

    for placed in placed_tokens(text):
        token = placed.token
        kind = token.kind
        if kind in MUSIC or placed.duration:
            first, last = placed if first is None else first, placed
        elif kind == "bar_line":
            close(token.text)
            # Lines with no music between them are one: `:|` newline `|:`.
            left = token.text if first or not left else left + token.text
            first, last, ending = None, None, ""
        elif kind == "ending":
            ending = token.text.strip("[")
        elif kind in ("field", "inline_field") and token.field[0] == "M":
            meter = parse_meter(token.field[1])
    close("")
    return bars


def misfits(bars: Iterable[Bar]) -> list[int]:
    """Which bars do not fill their meter, as indices into the bars.

    A short bar fits where it is a pickup, and where it ends a section whose pickup, or the next section's or the
    tune's, completes it to a bar. A bar that is cut in two by a section line fits when its halves add up. A bar
    without a meter fits.
    """
    bars = list(bars)
    wrong: list[int] = []
    pickups = _pickups(bars)
    first = bars[0].duration if bars else Fraction(0)
    for index, bar in enumerate(bars):
        if bar.expected is None or bar.duration == bar.expected:
            continue
        if bar.duration > bar.expected:
            wrong.append(index)
        elif bar.opens and bar.right in ("|:", "||:", "[|:"):
            continue  # a pickup before the repeat sign
        elif bar.closes:
            missing = bar.expected - bar.duration
            following = bars[index + 1].duration if index + 1 < len(bars) else None
            last_and_alone = index == len(bars) - 1 and bar.opens
            if missing not in (pickups[index], following, first) or last_and_alone:
                wrong.append(index)
        elif not bar.opens or bar.ending:
            wrong.append(index)
    return wrong


def _pickups(bars: list[Bar]) -> list[Fraction]:
    """For each bar, the length of the bar that its section, or its repeat, begins with."""
    pickups: list[Fraction] = []
    current = Fraction(0)
    for index, bar in enumerate(bars):
        # A variant ending continues the section that it ends; it opens none.
        if index == 0 or (bar.opens and not bar.ending):
            current = bar.duration
        pickups.append(current)
    return pickups


def filled(text: str) -> float:
    """Share of a tune's bars that fill their meter, pickups and what completes them counted as filled, in [0, 1].

    A text without bars fills none: 0.
    """
    all_bars = bars(text)
    return 1 - len(misfits(all_bars)) / len(all_bars) if all_bars else 0.0


def repeats_balance(text: str) -> bool:
    """Whether each `|:` is closed by a `:|` before the next one, and each `:|` closes one or the tune's beginning.

    A `:|` without `|:` is right in the first section only. A first ending must be closed by a `:|` before the next
    ending or section; a second ending may end a section in `:|` or not.
    """
    is_open, opened, in_endings, in_first = False, False, False, False
    for token in body_tokens(text):
        if token.kind == "ending":
            if in_first:
                return False
            in_endings, in_first = True, "1" in token.text
        elif token.kind == "bar_line" and token.text != "|":
            closes = token.text.startswith(":")
            opens = token.text.endswith(":")
            if in_first and not closes:
                return False
            if closes:
                if not is_open and opened and not in_endings:
                    return False
                is_open, opened, in_first = False, True, False
            if opens:
                if is_open:
                    return False
                is_open, opened = True, True
            if opens or not closes:
                in_endings = False
    return not is_open and not in_first


def has_final_bar_line(text: str) -> bool:
    """Whether the last mark is `|]`, `:|` or `||` (blanks apart)."""
    tokens = [t for t in body_tokens(text) if t.kind not in ("space", "line_break")]
    return bool(tokens) and tokens[-1].kind == "bar_line" and tokens[-1].text.rstrip() not in ("|", "|:", "[|")

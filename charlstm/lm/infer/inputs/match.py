"""Match: what followed when the last characters of the tune stood in it before, however many bars ago.

Lookback shows what stood at the same place 1, 2, 4 and 8 bars ago. A motif also comes back after three bars, at another
place of the bar, or where an ending has shifted the count; so this looks for the last characters themselves, as match
models of data compression do (Mahoney 2005, "Adaptive Weighing of Context Models for Lossless Data Compression") and
induction heads of transformers (Olsson et al. 2022, "In-context Learning and Induction Heads").

Definition. Of the body's characters read so far, without newlines, take the last n, for n = 6, 5, ... 2: the first n
that stood in the body before gives the match, and the match is the character that followed where they stood last. What
it says is that character and n, the longer the surer. Knows no music: where the body begins is said in lookback.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from charlstm.lm.columns import LONGEST_MATCH, SHORTEST_MATCH
from charlstm.lm.infer.inputs.lookback import GAP, LINE_START, mode_after


class Match:
    """The match of one text, as a value: `after` returns a new one and leaves this one as it was."""

    __slots__ = ("_body", "_mode")

    def __init__(self) -> None:
        self._mode = LINE_START
        self._body = ""

    def after(self, char: str) -> Match:
        """The match of the text with one more character."""
        new = object.__new__(Match)
        new._mode = mode_after(self._mode, char)
        new._body = self._body + char if self._mode >= GAP and char != "\n" else self._body
        return new

    @property
    def found(self) -> tuple[str, int] | None:
        """The character that followed, and how many characters before it are the last ones here; None: no match."""
        body, end = self._body, len(self._body)
        for length in range(min(LONGEST_MATCH, end - 1), SHORTEST_MATCH - 1, -1):
            place = body.rfind(body[end - length :], 0, end - 1)
            if place >= 0:
                return body[place + length], length
        return None

    def id(self, characters: Mapping[str | None, int]) -> int:
        """One id for the character and the number together; the last one, where there is no match."""
        vocab_size = characters[None]
        if (found := self.found) is None:
            return (LONGEST_MATCH - SHORTEST_MATCH + 1) * vocab_size
        char, length = found
        return (length - SHORTEST_MATCH) * vocab_size + characters[char]

"""Remarks: what a reader skipped or changed, with its line and column. Knows nothing of ABC."""

from __future__ import annotations

import re
from bisect import bisect_right

from charlstm.tunes.mend import LINE_END
from charlstm.tunes.parse.events import Remark

MAX_REMARKS = 100


class Remarks:
    """Collects remarks on a text and finds their lines; the same sentence counts once a line."""

    def __init__(self, text: str) -> None:
        self._line_starts = [0, *(match.end() for match in re.finditer(LINE_END, text))]
        self._remarks: dict[tuple[int, str], Remark] = {}

    def add(self, start: int, message: str) -> None:
        """Remark on the character at this offset; the first `MAX_REMARKS` are kept."""
        if len(self._remarks) < MAX_REMARKS:
            line = bisect_right(self._line_starts, start)
            column = start - self._line_starts[line - 1] + 1
            self._remarks.setdefault((line, message), Remark(line, column, start, message))

    def sorted(self) -> list[Remark]:
        """All remarks, in the order of the text."""
        return sorted(self._remarks.values(), key=lambda remark: remark.start)

"""A form plan as a guard holds it: parts, repeats, endings and the end come as planned, and returns note for note.

Says nothing of the music of new bars and variants. Where a text has strayed from the plan, everything goes again. Knows
no network.
"""

from __future__ import annotations

from charlstm.lm.infer.inputs.lookback import SIGNS
from charlstm.tunes.form_plan.plan import FormPlan


class FormGuard:
    """What a body may go on with so that its bar lines and its returns are a plan's.

    Parameters
    ----------
    plan : FormPlan
    """

    def __init__(self, plan: FormPlan) -> None:
        self._lines, self._bars = (plan.opening, *plan.lines), plan.bars
        self._music: list[str] = []  # of the bars so far, the last one as far as it is written
        self._number = 0  # of the line that comes next, or that is being written
        self._gap: str | None = ""  # what of it stands there; None within a bar
        self._strayed = False

    def read(self, char: str) -> None:
        """Take one more character of the body."""
        if self._gap is None:
            if char in "|:":
                self._number, self._gap = self._number + 1, char
            else:
                self._music[-1] += char
        elif char in SIGNS:
            self._gap += char
        else:
            self._strayed = self._strayed or self._gap not in (self._line, self._line + "\n")  # a full line may break
            self._gap = None
            self._music.append(char)

    def agrees(self, char: str) -> bool:
        """Whether this character is as planned; "" is the tune's end."""
        if self._strayed or self._number >= len(self._lines):
            return True
        if self._gap is None:
            following = self._lines[self._number + 1] if self._number + 1 < len(self._lines) else ""
            if char == "" or (char in "|:" and not following.startswith(char)):
                return False
            return self._returns(char, self._music[-1])
        if not self._line.startswith(self._gap) and self._gap != self._line + "\n":
            return True
        if len(self._gap) < len(self._line):
            return char == self._line[len(self._gap)]
        is_over = self._number + 1 == len(self._lines)
        if is_over:
            return char == ""
        return char != "" and char not in SIGNS and self._returns(char, "")

    def _returns(self, char: str, written: str) -> bool:
        """Whether a bar that is to return goes on with this character as it was, a bar line at its end."""
        bar = self._bars[self._number] if self._number < len(self._bars) else None
        if bar is None or bar.kind != "return" or bar.of is None or bar.of >= len(self._music):
            return True
        again = self._music[bar.of].rstrip()
        if not again.startswith(written):
            return True
        return char in "|:" if written == again else char == again[len(written)]

    @property
    def bar(self) -> int | None:
        """The number of the bar that is being written; None between bars, and where the text has strayed."""
        return None if self._strayed or self._gap is not None else self._number

    @property
    def _line(self) -> str:
        return self._lines[self._number] if self._number < len(self._lines) else ""

"""A tune at a glance, among others: its first bars engraved small, and what sounds. Cheaper than a whole drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charlstm.errors import NotationError
from charlstm.ui.cache import cached
from charlstm.ui.shared.drawing import usual_tempo

BARS = 4  # that are drawn, a pickup counted in
WIDTH = 480  # px of the drawing


@dataclass(frozen=True)
class Sketch:
    """A tune's first bars and its sound.

    Attributes
    ----------
    text : str
        The whole tune as ABC.
    title : str
        "" for none.
    svg : str
        Its first bars; "" where `problem` says why there are none.
    notes : sequence of (onset, duration, pitch)
        All that sounds, repeats played out: seconds, seconds, MIDI note number.
    """

    text: str
    title: str = ""
    svg: str = ""
    notes: Sequence[tuple[float, float, int]] = ()
    problem: str = ""


@cached(megabytes=16)
def sketch(text: str) -> Sketch:
    """A tune's first bars and its sound; what cannot be read is a Sketch with a problem."""
    # Here, because a page that asks for none of it needs none of it.
    from charlstm.neurons.snippet import snippet
    from charlstm.score.jobs import tune_files
    from charlstm.score.timeline import attacks, clock, timeline
    from charlstm.tunes.parse.reader import read

    title = ""
    try:
        reading = read(text)
        title = reading.get("T") or ""
        when = clock(reading, reading.qpm or usual_tempo(reading.get("R") or "")).seconds
        notes = [
            (when(onset), when(onset + duration) - when(onset), pitch)
            for onset, duration, pitch, _ in attacks(timeline(reading))
        ]
        files = tune_files(snippet(text, 0, 1, around=BARS - 1).text, widths=(WIDTH,))
        pages = files.pages.get(WIDTH, ())
        return Sketch(text, title, pages[0] if pages else "", notes, files.problem)
    except NotationError as error:
        return Sketch(text, title, problem=str(error))

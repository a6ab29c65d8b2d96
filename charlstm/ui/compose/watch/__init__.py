"""Watch it write: a tune's characters one by one, the five likeliest next ones, a neuron, and each note as it comes.

The tune is composed before, at once; what was computed on the way is sent along and shown again at the speed that the
visitor likes. The component tells the page's player how far it is (`charlstm:written`) and what sounds
(`charlstm:note`). What it is given is untrusted: characters become text nodes.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from typing import NamedTuple

import streamlit as st

from charlstm.errors import NotationError
from charlstm.lm.sample.sampling import Sample
from charlstm.neurons.recording import Unit
from charlstm.tunes.form_plan.notation import write_plan
from charlstm.ui.cache import cached
from charlstm.ui.compose.shown_places import written_lengths
from charlstm.ui.neurons.names import label_of, striking_unit
from charlstm.ui.neurons.tune_source import replayed
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.component import component
from charlstm.ui.shared.drawing import Drawing, usual_tempo
from charlstm.ui.state import Setting

WATCH = Setting("compose.watch", False, query="watch", parse=lambda text: text == "1")
LONGEST = 2.0  # seconds that nobody waits longer for the next note
_component = component("watch", __file__)


class WrittenNote(NamedTuple):
    """A note as it is written."""

    after: int  # index of the character with which it is complete
    pitch: int | None  # MIDI note number; None: a tie goes on
    lasts: float  # seconds
    wait: float  # seconds from its beginning to that of the next one in the text


def watch_query() -> dict[str, str]:
    """What the address says of it."""
    return {WATCH.query: "1"} if WATCH.get() else {}


def watch_switch() -> None:
    """The switch."""
    st.toggle(
        "Watch it write", key=WATCH.widget(),
        help="Each character as the network writes it, the five likeliest next ones under it, and each note as it "
        "comes.",
    )  # fmt: skip


def show_watch(context: ViewContext, sample: Sample, drawing: Drawing) -> None:
    """Show again how the tune of the page was written.

    Parameters
    ----------
    context : ViewContext
        Of the model that wrote it.
    sample : Sample
    drawing : Drawing
        What the player shows, in whatever key.
    """
    text, unit = sample.text, striking_unit(context)
    recording = replayed(*context.key, text, write_plan(sample.form) if sample.form else "")
    values = recording.activations().unit(Unit(*unit)).tolist()
    symbols = context.checkpoint.vocab.symbols
    predictions = recording.predictions
    lengths = written_lengths(text, drawing.text)
    _component(
        key="compose.watch.strip",
        data={
            "id": hashlib.sha256(f"{context.model} {drawing.text}".encode()).hexdigest()[:16],
            "text": text,
            "shown": drawing.text,
            "title": drawing.title,
            "lengths": lengths,
            "predictions": [[symbols[i] for i in row] for row in predictions.ids.tolist()],
            "chances": [[round(p, 2) for p in row] for row in predictions.probabilities.tolist()],
            "values": [round(value, 2) for value in values],
            "neuron": f"Neuron {label_of(context, unit)}",
            "notes": [
                [note.after, note.pitch, round(note.lasts, 3), round(note.wait, 3)]
                for note in written_notes(drawing.text, tuple(lengths))
            ],
        },
    )


@cached(megabytes=2)
def written_notes(shown: str, lengths: tuple[int, ...]) -> list[WrittenNote]:
    """The notes as they are written, each once, though it may be repeated; none of a text that cannot be read."""
    from charlstm.score.timeline import clock, timeline
    from charlstm.tunes.parse.reader import read

    try:
        reading = read(shown)
        soundings = sorted((s for s in timeline(reading) if s.turn == 1), key=lambda s: (s.end, s.onset))
    except NotationError:
        return []
    when = clock(reading, reading.qpm or usual_tempo(reading.get("R") or "")).seconds
    notes = []
    for this, following in zip(soundings, [*soundings[1:], None], strict=True):
        onset, lasts = when(this.onset), when(this.onset + this.duration) - when(this.onset)
        is_next = following is not None and following.measure - this.measure in (0, 1)
        wait = when(following.onset) - onset if following is not None and is_next else lasts
        after = bisect_left(lengths, this.end)
        notes.append(WrittenNote(after, None if this.goes_on else this.pitch, lasts, min(max(wait, 0.0), LONGEST)))
    return notes

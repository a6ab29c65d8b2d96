"""What the pages share: models and slow pure calls, cached; a tune with its player; foreign words made plain.

Models in the cache are shared by every visitor and are never changed. Whatever a model or a visitor wrote is text:
it reaches Markdown escaped, and HTML never.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

import streamlit as st

from charlstm.errors import AudioUnavailable, CharlstmError, NotationError
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.store.checkpoint import JSON_FILE, Checkpoint, find_checkpoint, list_checkpoints
from charlstm.paths import checkpoints_path
from charlstm.tunes.edit.transpose import transposed
from charlstm.ui.shared.player import Played, Scale, Selection, send_sound, show_score, sound_id
from charlstm.ui.shared.sound import current_sound

FIRST_CHOICE = "lstm-512"
WIDTHS = {0: 420, 600: 900}  # px of the player -> px of the drawing made for it
# Quarter notes per minute at which these tunes are usually played; without a word for it the tune's own, else 120.
USUAL_TEMPO = {
    "air": 80, "barndance": 160, "hornpipe": 160, "jig": 165, "march": 110, "mazurka": 140, "polka": 130, "reel": 190,
    "schottische": 150, "slide": 190, "slip jig": 165, "strathspey": 130, "waltz": 140,
}  # fmt: skip


class Drawing(NamedTuple):
    """A tune as it can be seen and heard; what is missing is empty, and `problem` says why."""

    pages: Mapping[int, Sequence[str]]
    events: Sequence[Played]
    midi: bytes
    musicxml: str
    remarks: Sequence[str]  # what the reader skipped, with places
    problem: str
    bad: tuple[int, int] | None  # the characters of the problem
    beats: Sequence[tuple[float, int, int, float]] = ()  # of the metronome: `charlstm.score.beats.Beat`
    text: str = ""  # the ABC that was drawn
    origin: str = ""  # the same for a tune in whatever key
    qpm: float = 120.0  # quarter notes per minute
    unmoved: str = ""  # why it stands in the key it was written in, if another was asked for


# ---- models ---------------------------------------------------------------------------------------------------------


def models() -> dict[str, Checkpoint]:
    """The models in checkpoints/, the first choice first; the page stops with a sentence where there are none."""
    stamp = tuple((str(p), p.stat().st_mtime_ns) for p in sorted(checkpoints_path().glob(f"*/{JSON_FILE}")))
    found = _models(stamp)
    if not found:
        st.info(
            "There are no models yet. Train one with `charlstm train --corpus fiddle --out checkpoints/mine`, "
            "then reload this page.",
            icon=":material/model_training:",
        )
        st.stop()
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _models(stamp: tuple[tuple[str, int], ...]) -> dict[str, Checkpoint]:
    found = {checkpoint.name: checkpoint for checkpoint in list_checkpoints()}
    order = sorted(found, key=lambda name: (name != FIRST_CHOICE, found[name].val_loss or 99.0, name))
    return {name: found[name] for name in order}


def engine(name: str) -> Engine:
    """The engine of a model, loaded once for all visitors, and again when its files change."""
    return _engine(name, (find_checkpoint(name) / JSON_FILE).stat().st_mtime_ns)


@st.cache_resource(max_entries=8, show_spinner=False)
def _engine(name: str, stamp: int) -> Engine:
    return load(name)


def describe(checkpoint: Checkpoint) -> str:
    """A model in a few plain words."""
    config = checkpoint.config
    memory = {
        "lstm": "It keeps the beat and the bars; how the tune began it mostly forgets.",
        "gru": "Simpler than an LSTM, and about as good: bars, but hardly a form.",
        "rnn": "A short memory: even a bar is often too long for it.",
    }[config.cell]
    if config.lookback_bars:
        memory = "It looks back at earlier bars as it writes, so its tunes return to what they began with."
    layers = f" in {config.num_layers} layers" if config.num_layers > 1 else ""
    return f"{config.hidden_size} neurons{layers}. {memory}"


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Import in the background what the first tune will need, once a server."""

    def imports() -> None:
        import music21  # noqa: F401
        import verovio  # noqa: F401

    thread = threading.Thread(target=imports, name="charlstm-warm-up", daemon=True)
    thread.start()
    return thread


# ---- tunes ----------------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=64, show_spinner=False)
def draw(text: str, transpose: int = 0) -> Drawing:
    """Engrave a tune and lay out its sound, so many semitones away from where it was written.

    What cannot be drawn is a Drawing with a problem, never an error. A tune that cannot be moved is drawn where it is.
    """
    # Here, because they take half a second to import and a page that only asks for its widgets needs none of them.
    from charlstm.score.beats import beats
    from charlstm.score.engrave import engrave
    from charlstm.score.midi import to_midi
    from charlstm.score.notation import to_musicxml, to_score
    from charlstm.score.timeline import clock, timeline
    from charlstm.tunes.parse.reader import read

    origin, unmoved = hashlib.sha256(text.encode()).hexdigest()[:16], ""
    try:
        text = transposed(text, transpose)
    except CharlstmError as error:
        unmoved = str(error)
    try:
        reading = read(text)
    except NotationError as error:
        return Drawing({}, (), b"", "", (), str(error), _place(text, error), text=text, origin=origin, unmoved=unmoved)
    qpm = reading.qpm or usual_tempo(reading.get("R") or "")
    when = clock(reading, qpm).seconds
    events = [
        Played(s.start, s.end, s.id, when(s.onset), when(s.onset + s.duration) - when(s.onset))
        for s in timeline(reading)
    ]
    remarks = [str(remark) for remark in reading.notes]
    struck = beats(reading, qpm)
    try:
        score = to_score(reading)
        xml = to_musicxml(score)
        pages = {width: engrave(score, width=drawn, musicxml=xml) for width, drawn in WIDTHS.items()}
        midi = to_midi(score, qpm=qpm)
        return Drawing(pages, events, midi, xml, remarks, "", None, struck, text, origin, qpm, unmoved)
    except NotationError as error:
        problem = str(error)
        return Drawing({}, events, b"", "", remarks, problem, _place(text, error), struck, text, origin, qpm, unmoved)


def usual_tempo(rhythm: str) -> float:
    """Quarter notes per minute for a rhythm's name: "Double Jig" is a jig."""
    words = rhythm.lower()
    return float(max((qpm for name, qpm in USUAL_TEMPO.items() if name in words), default=120))


@st.cache_data(max_entries=32, show_spinner=False)
def wav_of(midi: bytes) -> bytes:
    """The sound of a MIDI file to send to a page: one channel, half the rate. Raises AudioUnavailable."""
    from charlstm.score.audio import to_wav

    return to_wav(midi, sample_rate=22_050, quick=True)


def show_tune(
    text: str,
    drawing: Drawing,
    *,
    key: str,
    values: Sequence[float] | None = None,
    label: str = "",
    scale: Scale = "diverging",
    trace: bool = False,
    marks: Sequence[tuple[int, int]] = (),
    selectable: bool = False,
    play: str = "",
) -> Selection | None:
    """The tune with its player. Its sound comes later, with `sound_tune`: nobody waits for it to see a score.

    `values`, one a character, colour it, and with `trace` are drawn as a curve; `marks` outline characters and their
    notes; what a visitor chooses where it is `selectable` is returned; a new `play` plays. More of each in
    `player.show_score`.
    """
    return show_score(
        text,
        key=key,
        pages=drawing.pages,
        events=drawing.events,
        sound=_sound_id(drawing.midi, current_sound().instrument) if drawing.midi else None,
        message=f"This tune cannot be drawn: {drawing.problem}" if drawing.problem else "",
        bad=drawing.bad,
        values=values,
        label=label,
        scale=scale,
        trace=trace,
        marks=marks,
        selectable=selectable,
        play=play,
        beats=drawing.beats,
        origin=drawing.origin,
    )


def sound_tune(drawing: Drawing, *, key: str) -> None:
    """Make the sound of a tune and send it to the player; the last thing on a page, because it takes longest."""
    if drawing.midi:
        instrument = current_sound().instrument
        try:
            wav = wav_of(voiced(drawing.midi, instrument))
        except AudioUnavailable as error:
            st.caption(plain(f"There is no sound: {error}"))
            return
        send_sound(_sound_id(drawing.midi, instrument), wav, key=f"{key}.sound")


@st.cache_data(max_entries=64, show_spinner=False)
def voiced(midi: bytes, instrument: str) -> bytes:
    """A tune's MIDI file for an instrument."""
    from charlstm.score.midi import played_by

    return played_by(midi, instrument)


def _sound_id(midi: bytes, instrument: str) -> str:
    return sound_id(midi + instrument.encode())


def _place(text: str, error: NotationError) -> tuple[int, int] | None:
    """The characters that an error is about: from its column, or its line's first character, to the line's end."""
    if error.line is None:
        return None
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: error.line - 1])
    line = lines[error.line - 1] if error.line <= len(lines) else ""
    return start + min((error.column or 1) - 1, len(line)), start + len(line)


# ---- words ----------------------------------------------------------------------------------------------------------

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&@/^=\"'])")


def plain(text: str) -> str:
    """A foreign text for Markdown: every mark that could mean something there is escaped, line breaks are blanks."""
    return _MARKDOWN.sub(r"\\\1", re.sub(r"\s+", " ", text))


def stop_with(error: CharlstmError) -> NoReturn:
    """Say what is wrong, and end the page here."""
    st.error(plain(str(error)))
    st.stop()


def file_stem(title: str) -> str:
    """A file name from a title: letters, digits and hyphens, never empty."""
    return re.sub(r"[^\w]+", "-", title, flags=re.ASCII).strip("-_").lower()[:60] or "tune"

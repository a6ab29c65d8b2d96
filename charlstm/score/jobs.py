"""What a page asks of music21, Verovio and Typst: functions that run in a worker if there are any, else here.

A worker (`workers.py`) is a process of its own: what takes long there holds nobody here, and what takes too long, or
too much memory, is ended with it. Answers are text, numbers, bytes and lists, because they come through a pipe. The
functions import what they need when they run, so that a server that only asks loads none of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from charlstm.errors import NotationError
from charlstm.progress import Progress, Report
from charlstm.score import workers

if TYPE_CHECKING:
    from charlstm.score.midi_import.melody import ImportedTune
    from charlstm.score.sampled_instrument import OctaveSamples

P = ParamSpec("P")
R = TypeVar("R")


class Job(NamedTuple):
    """What a worker can be asked for."""

    work: Callable[..., Any]
    seconds: float  # of processor time that it may take
    is_long: bool  # whether it runs beside the drawings, which nobody wants to wait for
    too_much: str  # the sentence if it takes more, or more memory than a worker may have


_JOBS: dict[str, Job] = {}
JOBS: Mapping[str, Job] = MappingProxyType(_JOBS)


def _job(*, seconds: float, too_much: str, is_long: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a job: whoever calls it gets a worker's answer, where there are workers."""

    def decorate(work: Callable[P, R]) -> Callable[P, R]:
        name = work.__name__
        _JOBS[name] = Job(work, seconds, is_long, too_much)

        @functools.wraps(work)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            pool = workers.long_pool() if is_long else workers.pool()
            if pool is None:
                return work(*args, **kwargs)
            answer: R = pool.ask(name, args, kwargs, seconds=seconds, too_much=too_much)
            return answer

        return ask

    return decorate


@dataclass(frozen=True)
class TuneFiles:
    """A tune as files, and drawn; `problem` says why there are no pages, if there are none."""

    musicxml: str
    pages: Mapping[int, Sequence[str]]  # width in pixels -> SVG
    problem: str = ""


def tune_files(abc: str, *, widths: Sequence[int] = (900,), tablature: str = "") -> TuneFiles:
    """The MusicXML and the SVG pages of a tune.

    Parameters
    ----------
    abc : str
        One tune.
    widths : sequence of int
        Of the pages, in pixels; each is drawn, as by `engrave`.
    tablature : str
        The instrument whose tablature the pages have, as in `engrave`; "" for none.

    Raises
    ------
    NotationError
        If the tune has no score. One that has a score and cannot be engraved, or not in time, is TuneFiles with a
        problem.
    """
    try:
        musicxml, pages, problem = _tune_files(abc, list(widths), tablature)
    except workers.TooMuch as error:
        musicxml, pages, problem = _tune_files(abc, [])[0], [], str(error)
    return TuneFiles(musicxml, dict(zip(widths, pages, strict=False)), problem)


@_job(seconds=5, too_much="this tune takes too long to engrave (more than 5 seconds)")
def _tune_files(abc: str, widths: list[int], tablature: str = "") -> tuple[str, list[list[str]], str]:
    from charlstm.score.engrave import check_cost, engrave
    from charlstm.score.notation import to_musicxml, to_score
    from charlstm.tunes.parse.reader import read

    reading = read(abc)
    check_cost(reading)
    score = to_score(reading)
    musicxml = to_musicxml(score)
    try:
        pages = [engrave(score, width=width, musicxml=musicxml, tablature=tablature) for width in widths]
        return musicxml, pages, ""
    except NotationError as error:
        return musicxml, [], str(error)


@_job(seconds=5, too_much="this tune takes too long to engrave (more than 5 seconds)")
def incipit(abc: str) -> str:
    """The first bars of a tune as SVG, as by `incipit.engrave_incipit`. Raises NotationError."""
    from charlstm.score.incipit import engrave_incipit
    from charlstm.tunes.parse.reader import read

    return engrave_incipit(read(abc))


def instrument_octave(program: int, octave: int) -> OctaveSamples:
    """An octave of an instrument, kept in the home's cache; as `sampled_instrument.octave_samples`."""
    from charlstm.score.sampled_instrument import OctaveSamples, SampledPitch

    answer = _instrument_octave(program, octave)
    pitches = (SampledPitch(*pitch) for pitch in answer.pop("pitches"))
    return OctaveSamples(**answer, pitches=tuple(pitches))


@_job(seconds=10, too_much="this instrument takes too long to make")
def _instrument_octave(program: int, octave: int) -> dict[str, Any]:
    from charlstm.paths import cache_path
    from charlstm.score.sampled_instrument import octave_samples

    return asdict(octave_samples(program, octave, folder=cache_path() / "instruments"))


@_job(seconds=30, is_long=True, too_much="this file takes too long to make")
def tune_file(
    abc: str, name: str, midi: bytes = b"", note: str = "", small_sound: bool = False, tablature: str = ""
) -> bytes:
    """A tune in a format of `formats.FORMATS`.

    Parameters
    ----------
    abc, name : str
        One tune, and the name of the format.
    midi : bytes
        Its MIDI file if that is at hand: sound is made of it.
    note, small_sound, tablature
        As in `formats.Rendering`.

    Raises
    ------
    NotationError
        If the tune cannot be drawn.
    AudioUnavailable
        If there is no synthesizer, or the tune is too long for it.
    """
    from charlstm.score.formats import Rendering

    ready = {"midi": midi} if midi else {}
    return Rendering(abc, note=note, small_sound=small_sound, tablature=tablature, ready=ready).file(name)


@_job(seconds=20, is_long=True, too_much="this piano roll takes too long to draw")
def piano_roll(abc: str, qpm: float | None = None) -> bytes:
    """The piano roll of a tune as PNG. Raises NotationError where it has no sound."""
    from charlstm.score.notation import to_score
    from charlstm.score.piano_roll import to_png
    from charlstm.tunes.parse.reader import read

    return to_png(to_score(read(abc)), qpm=qpm)


def tunebook(tunes: Sequence[tuple[str, str]], *, title: str, report: Report | None = None) -> bytes:
    """Many tunes, each with a line below it, as one PDF; as `pages.tunebook_pdf`.

    Parameters
    ----------
    tunes : sequence of (ABC text, line)
    title : str
        Of the book.
    report : callable, optional
        Told after each tune; it may raise to stop.

    Raises
    ------
    ConfigError
        If there is no tune, or there are too many.
    """
    _check_count(len(tunes))
    pages = []
    for abc, note in tunes:
        try:
            pages.append(_book_page(abc, note))
        except workers.TooMuch as error:
            pages.append(_book_page(abc, note, problem=str(error)))
        if report:
            report(Progress("Drawing tunes", len(pages), len(tunes)))
    return _bind(pages, title)


@_job(seconds=5, too_much="this tunebook takes too long to make; choose fewer tunes")
def _check_count(tunes: int) -> None:
    from charlstm.score.pages import check_count

    check_count(tunes)


@_job(seconds=20, is_long=True, too_much="this tune takes too long to engrave (more than 20 seconds)")
def _book_page(abc: str, note: str, problem: str = "") -> dict[str, Any]:
    from charlstm.score.pages import Page, book_page

    return book_page(Page(abc, note), problem=problem)


@_job(seconds=120, is_long=True, too_much="this tunebook takes too long to make; choose fewer tunes")
def _bind(pages: list[dict[str, Any]], title: str) -> bytes:
    from charlstm.score.pages import bind

    return bind(pages, title=title)


def read_musicxml(data: bytes, *, voice: int | None = None) -> ImportedTune:
    """A part of a MusicXML file as ABC; as `musicxml_import.read_musicxml`."""
    from charlstm.score.midi_import.melody import ImportedTune

    answer = _read_musicxml(data, voice)
    return ImportedTune(**answer | {name: tuple(answer[name]) for name in ("voices", "remarks")})


@_job(seconds=30, is_long=True, too_much="this file takes too long to read")
def _read_musicxml(data: bytes, voice: int | None) -> dict[str, Any]:
    from charlstm.score.musicxml_import import read_musicxml as read_file

    return asdict(read_file(data, voice=voice))

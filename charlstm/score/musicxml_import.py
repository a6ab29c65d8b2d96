"""A MusicXML file (plain or compressed) as ABC, one part at a time: music21 reads it, this writes what it found.

Kept are bars, repeats, endings, meters, keys, tempos, tuplets, ties, slurs, graces, chords, words, chord symbols, the
commonest signs and texts. What is left out is one remark. Anybody may have made the file: its size is bounded, and
whatever cannot be read is one NotationError.
"""

from __future__ import annotations

import re
from typing import Any

from music21 import converter, stream

from charlstm.errors import ConfigError, NotationError
from charlstm.score.midi_import.melody import ImportedTune
from charlstm.score.musicxml_part import PartWriter, one_line
from charlstm.zip_files import ZipProblem, files_in, open_zip, read_entry

MAX_ENTRIES = 1000  # of a compressed file
MAX_BYTES = 5_000_000  # of the XML; a tune has about 50,000
MAX_IN_FILE = 10_000  # notes of all parts; music21 reads about two thousand a second
MAX_NOTES = 4000  # of a part


def read_musicxml(data: bytes, *, voice: int | None = None) -> ImportedTune:
    """Write a part of a MusicXML file as ABC.

    Parameters
    ----------
    data : bytes
        MusicXML, or a compressed .mxl, of at most MAX_BYTES.
    voice : int, optional
        Which part; without it the first that has notes.

    Raises
    ------
    NotationError
        If this is not MusicXML that can be read, or it has no notes, or too many.
    ConfigError
        If there is no such part.
    """
    xml = _unpacked(data)
    if (count := xml.count("<note")) > MAX_IN_FILE:
        raise NotationError(f"this file has {count:,} notes; up to {MAX_IN_FILE:,} are read: export the melody alone")
    try:
        score = converter.parseData(xml, format="musicxml")
        if isinstance(score, stream.Opus):
            score = score.scores[0]
        parts = [part for part in score.parts if any(part.recurse().notes)]
    except Exception as error:  # music21 raises nearly every type there is
        raise NotationError("this MusicXML file is broken and cannot be read") from error
    if not parts:
        raise NotationError("this MusicXML file has no notes")
    chosen = 0 if voice is None else voice
    if not 0 <= chosen < len(parts):
        raise ConfigError("voice", f"this file has the parts 1 to {len(parts)}.")
    names = tuple(one_line(part.partName or "") or f"part {number}" for number, part in enumerate(parts, 1))
    if sum(1 for _ in parts[chosen].recurse().notes) > MAX_NOTES:
        raise NotationError(f"{names[chosen]} of this file has more than {MAX_NOTES} notes; cut the tune out")
    try:
        writer = PartWriter(parts[chosen])
        body = writer.body()
    except NotationError:
        raise
    except Exception as error:
        raise NotationError(f"this MusicXML file cannot be written as ABC ({type(error).__name__}: {error})") from error
    remarks = [f"The file has {len(parts)} parts; this is {names[chosen]}."] if len(parts) > 1 else []
    remarks += [f"{count} {what}." for what, count in writer.left_out.items()]
    fields = [f"T:{title}" for title in _titles(score)]
    composer = one_line(score.metadata.composer or "") if score.metadata else ""
    fields += [f"C:{composer}"] if composer not in ("", "Music21") else []  # what music21 writes where there is none
    fields += [f"M:{writer.first_meter}", "L:1/8", *writer.first_tempo, f"K:{writer.first_key}{writer.clef}"]
    text = "\n".join([*fields, body])
    return ImportedTune(text, writer.first_meter, str(writer.first_key), names, chosen, tuple(remarks))


def _unpacked(data: bytes) -> str:
    """The XML, out of the ZIP if it is in one."""
    if data[:2] == b"PK":
        try:
            archive = open_zip(data, most=MAX_ENTRIES)
            names = {each.filename: each for each in files_in(archive) if not each.filename.startswith("META-INF")}
            inner = next((name for name in names if name.lower().endswith((".xml", ".musicxml"))), None)
            if inner is None:
                raise NotationError("this compressed file has no MusicXML in it that can be read")
            data = read_entry(archive, names[inner], most=MAX_BYTES)
        except ZipProblem as problem:
            raise NotationError(f"this compressed file has no MusicXML in it that can be read: {problem}") from problem
    if len(data) > MAX_BYTES:
        raise NotationError(f"this file has more than {MAX_BYTES:,} bytes of MusicXML")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    xml = data.decode(encoding, "replace")
    if not re.search(r"<score-(partwise|timewise)\b", xml) or "<!ENTITY" in xml:
        raise NotationError("this is not a MusicXML score")
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", xml)  # what it says of its encoding is true no more


def _titles(score: Any) -> list[str]:
    found = (score.metadata.title, score.metadata.movementName) if score.metadata else ()
    return list(dict.fromkeys(filter(None, (one_line(title or "") for title in found))))

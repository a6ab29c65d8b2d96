"""Read a tune: from ABC text to voices of notes, chords and rests with pitches, times and places in the text.

Any text is read: what is not ABC is skipped and named in `Reading.remarks`; only a text without a single note or rest
is an error. Knows nothing of repeats being played (`form.py`) nor of pages and sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from charlstm.errors import NotationError
from charlstm.tunes.abc import Header, HeaderField, Token, body_tokens, parse_unit, split_header
from charlstm.tunes.mend import LINE_END, mend
from charlstm.tunes.parse.events import Directive, Reading
from charlstm.tunes.parse.marks import parse_tempo, tempo_words
from charlstm.tunes.parse.remarks import Remarks
from charlstm.tunes.parse.setting import UNREAD
from charlstm.tunes.parse.voice import VoiceReader

MAX_VOICES = 12


@lru_cache(maxsize=8)  # a page asks several times about the tune that it shows
def read(text: str) -> Reading:
    """Read the first tune of a text.

    Parameters
    ----------
    text : str
        ABC with or without X: and other information fields; `<start>` and `<end>` lines are passed over.

    Returns
    -------
    Reading
        Offsets count characters of `text`. `remarks` says what was skipped or changed, and where.

    Raises
    ------
    NotationError
        If it has no note and no rest.
    """
    remarks = Remarks(text)
    header = split_header(text)
    for start, sentence in (*mend(text).remarks, *header.remarks):
        remarks.add(start, sentence)
    for field in header.fields:
        if field.letter in UNREAD:
            remarks.add(field.start, f"{field.letter}: {UNREAD[field.letter]} are not read; it was skipped")
        elif field.letter == "w":
            remarks.add(field.start, "words before the music have no notes; they were skipped")
    end = _end_of_tune(mend(text).text, header.body_start, remarks)
    tokens = [token for token in body_tokens(text) if token.start < end]
    inline = (token for token in tokens if token.kind == "inline_field" and token.field[0] == "I")
    within = [Directive(*_named(token.field[1]), token.start) for token in inline]
    directives = tuple(sorted([*_directives(text, end), *within], key=lambda directive: directive.start))
    at_head = [directive for directive in directives if directive.start < header.body_start]
    streams = _by_voice(tokens, header, remarks)
    line_signs = "$!" if any(d.name == "linebreak" and "!" in d.value for d in at_head) else "$"
    first = parse_tempo(header.get("Q"), parse_unit(header.get("L")))
    readers = [VoiceReader(name, value, header, remarks, at_head) for name, value, _ in streams]
    if first is None and (tempo := tempo_words(header.get("Q"))):
        readers[0].annotations.append(f"^{tempo}")
    voices = tuple(
        reader.read(_joined_signs(tokens, line_signs)) for reader, (_, _, tokens) in zip(readers, streams, strict=True)
    )
    voices = tuple(voice for voice in voices if voice.measures)
    if not voices:
        line = text.count("\n", 0, header.body_start) + 1
        raise NotationError("there is no note and no rest in this text; a tune needs some, such as GABc|", line=line)
    tempos = sorted([*([first] if first else []), *readers[0].tempos], key=lambda tempo: tempo.onset)
    words = (*header.all("W"), *(word for reader in readers for word in reader.words))
    inner = tuple(HeaderField(*t.field, t.start, t.end) for t in tokens if t.kind == "field")
    return Reading(
        text, header.fields, voices, tuple(tempos), tuple(remarks.sorted()), words, inner_fields=inner,
        directives=directives,
    )  # fmt: skip


_DIRECTIVE = re.compile(r"(?m)^[ \t]*(?:%%|I:)[ \t]*([\w-]+)[ \t=]*([^\n]*)$")


def _directives(text: str, end: int) -> Iterator[Directive]:
    """The directives of a tune that ends there, in order."""
    for match in _DIRECTIVE.finditer(mend(text).text[:end]):
        name, value = match.groups()
        if name.startswith("begin"):  # its lines as they stand, without the first and the last
            lines = re.split(LINE_END, text[match.start() : match.end()])[1:]
            value = "\n".join(lines[:-1] if lines and lines[-1].startswith("%%end") else lines)
        yield Directive(name, value.strip(), match.start())


def _named(directive: str) -> tuple[str, str]:
    """The name and the value of an inline I: field, "MIDI gchord fzcz"."""
    name, *value = re.split(r"[\s=]+", directive.strip(), maxsplit=1)
    return name, value[0] if value else ""


def _end_of_tune(text: str, start: int, remarks: Remarks) -> int:
    """Where the tune ends: before an empty line (ABC 2.1, 2.2), a further X: field or `<end>`."""
    lead = re.compile(r"(?:[ \t]*(?:%[^\n]*)?\r?\n)*").match(text, start)
    first = lead.end() if lead else start
    match = re.compile(r"\n[ \t]*\r?(?=\n)|^X:|^<end>|^<start>", re.MULTILINE).search(text, first)
    if match is None:
        return len(text)
    rest = text[match.start() :].strip()
    if rest and not rest.startswith("<end>"):
        reason = "one tune is read at a time" if re.match(r"X:|<start>", rest) else "an empty line ends a tune"
        remarks.add(match.start() + len(match[0]), f"what follows was not read: {reason}")
    return match.start()


def _by_voice(tokens: list[Token], header: Header, remarks: Remarks) -> list[tuple[str, str, list[Token]]]:
    """Part the body's tokens by voice: (name, V: value, tokens) in order of appearance; without V: one voice."""
    declared = [(name, f.value) for f in header.fields if f.letter == "V" for name in _voice_names(f.value)]
    values = dict(reversed(declared))
    streams: dict[str, list[Token]] = {}
    common: list[Token] = []  # what comes before the first V:
    current = [common]
    for token in tokens:
        letter, value = token.field
        if letter == "V":
            current = []
            for name in [*streams] if value.strip() == "*" else _voice_names(value):
                if name not in streams and len(streams) == MAX_VOICES:
                    remarks.add(token.start, f"a tune has at most {MAX_VOICES} voices here; voice {name} was left out")
                    continue
                if len(value) > len(values.get(name, "")):
                    values[name] = value
                current.append(streams.setdefault(name, []))
        for stream in current:
            stream.append(token)
    if any(token.kind in ("note", "rest") for token in common) or not streams:
        # Music before the first V: is that of a voice that the header declares and the body does not name.
        unnamed = [name for name, _ in declared if name not in streams]
        first = unnamed[-1 if declared and declared[-1][0] in unnamed else 0] if unnamed else next(iter(streams), "1")
        streams = {first: [*common, *streams.get(first, [])], **{k: v for k, v in streams.items() if k != first}}
    else:
        streams = {name: [*common, *tokens] for name, tokens in streams.items()}
    return [(name, values.get(name, ""), tokens) for name, tokens in streams.items()]


def _joined_signs(tokens: list[Token], line_signs: str) -> list[Token]:
    """Put together the signs that the lexer sees in pieces.

    Bar lines that touch are one, as in `[|]:|`; a colon after a bar line is half a sign, after music it is not;
    unknown characters that touch are one; those of `line_signs` end a line of the score. An ending's number touches
    its bar line, or begins the line that a backslash joins to it; elsewhere it is not one (ABC 2.1, 4.9: `| 1` is not
    legal).
    """
    joined: list[Token] = []
    after_bar, touching, music = False, False, False  # music: since the last bar line, ending or part
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        last = joined[-1] if joined else None
        if token.kind == "field" and token.text[0] == "+":  # goes on with the field before it (ABC 2.1, 3.3)
            if len(joined) > 1 and joined[-2].kind == "field":
                joined[-2] = joined[-2]._replace(text=f"{joined[-2].text.rstrip()} {token.text[2:].strip()}")
            continue
        # A line of the score ends: at $, and in older files at a ! that ends a line of the text (ABC 2.1, 6.1.1, 10.2).
        ends_line = following is None or following.kind in ("line_break", "space")
        if token.kind == "unknown" and (token.text in line_signs or (token.text == "!" and ends_line)):
            token = token._replace(kind="line_break")
        if token.text == ":" and music:
            token = token._replace(kind="unknown")
        if token.kind == "ending" and token.text[0] != "[" and not touching:
            token = token._replace(kind="unknown")
        elif after_bar and token.kind == "unknown":
            ending = touching and token.text in "123456789"
            token = token._replace(kind="bar_line" if token.text == ":" else "ending" if ending else "unknown")
        if last and last.kind == token.kind in ("bar_line", "unknown") and last.end == token.start:
            joined[-1] = Token(token.kind, last.text + token.text, last.start)
        else:
            joined.append(token)
        touching = token.kind == "bar_line" or (touching and token.kind == "continuation")
        after_bar = token.kind == "bar_line" or (after_bar and token.kind in ("space", "line_break", "continuation"))
        if token.kind in ("note", "rest"):
            music = True
        elif token.kind in ("bar_line", "ending") or token.field[0] == "P":
            music = False
    return joined


def _voice_names(value: str) -> list[str]:
    """The voices that a V: field names: "1 clef=bass" one, "1,2" two."""
    return (value.split() or ["1"])[0].strip(",").split(",")

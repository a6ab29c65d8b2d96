"""The ABC in files of other forms: JSON and CSV dumps, folk-rnn's tokens, a tune a line. Knows no cleaning.

What a file seems to be is told by its text, never by its name; where there is no tune in it, a sentence says so.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from charlstm.errors import CorpusError
from charlstm.tunes.abc import split_tunebook

_ABC_NAMES = ("abc", "abc notation", "abc_notation", "notation", "tune")  # of the column or key that holds the music
_FIELDS = {"T": ("name", "title"), "R": ("type", "rhythm"), "M": ("meter",), "K": ("mode", "key")}
# TheSession's kinds of tune, each of which has one meter there.
_METERS = {
    "jig": "6/8", "reel": "4/4", "slip jig": "9/8", "hornpipe": "4/4", "polka": "2/4", "slide": "12/8", "waltz": "3/4",
    "barndance": "4/4", "strathspey": "4/4", "three-two": "3/2", "mazurka": "3/4", "march": "4/4",
}  # fmt: skip
_ONE_LINE = re.compile(r"[A-Z]:[^\n]*?\sK:[ \t]*[A-Ga-g][^\n]*\|")
_LINE_FIELD = re.compile(r"(?:^|(?<=[ \t]))([A-Za-z]):")
_KEY_AND_MUSIC = re.compile(
    r"\s*([A-Ga-g][#b]?(?:\s*(?:maj|min|m|dor|phr|lyd|mix|aeo|loc|ion)[a-z]*)?)(?=\s|$)\s*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_TOKENS = re.compile(r"(?:<s>\s*)?(?:[XTRCZSN]:[^\n]*\n|[ML]:\S+\s+)*K:[A-G]\S*\s+\S")  # a tune of tokens begins so
LOOKS_LIKE_ABC = re.compile(r"(?m)^[ \t>]*[XK]:|<start>")
_OBJECT = re.compile(r"\{\s*[\"}]")  # of JSON; grace notes do not begin so
_SAMPLE = 4000  # characters by which tokens are told from ABC
MAX_TUNES = 500_000  # of a file; 6 million empty ones fit into 25 kB of a ZIP
MAX_DEPTH = 20  # of JSON; deeper is no list of tunes


def tunes_of(text: str, name: str = "this file", *, most: int = MAX_TUNES) -> list[str]:
    """The tunes of a file's text, each as ABC with its header; of a list or a table not many more than `most`.

    Raises
    ------
    CorpusError
        If it holds no tune, with what it seems to be; or far too many.
    """
    text = text.removeprefix("\ufeff")
    form = form_of(text)
    if form == "json":
        tunes = [*islice(filter(None, map(_tune_of, _json_entries(text, name))), most + 1)]
        return tunes or _refuse(f"{name} is JSON, but none of its entries has a key called abc")
    if form == "csv":
        tunes = [*islice(filter(None, map(_tune_of, _csv_entries(text))), most + 1)]
        return tunes or _refuse(f"{name} is a table (CSV), but none of its rows has music in a column called abc")
    if text.count("\nX:") > MAX_TUNES:
        _refuse(f"{name} has more than {MAX_TUNES:,} lines X:")
    if form == "lines":
        return [_unfolded(line) for line in text.split("\n") if _is_one_line(line.strip())]
    if form == "tokens":
        return list(_token_tunes(text))
    if kind := foreign(text.lstrip()):
        _refuse(f"{name} seems to be {kind}, not ABC notation")
    return split_tunebook(text)


def form_of(text: str) -> str:
    """What form a text's beginning has: "json", "csv", "lines" (a tune a line), "tokens", or "" for ABC and others."""
    head = text[:_SAMPLE].lstrip("\ufeff \t\r\n")
    if re.match(r"[\[{]\s*[\[{\"\]}]", head):
        return "json"
    if _is_table(head.split("\n", 1)[0].strip()):
        return "csv"
    return "tokens" if _is_tokens(head) else "lines" if _is_one_line(head.split("\n", 1)[0]) else ""


def _is_one_line(line: str) -> bool:
    """Whether a line is a whole tune.

    What is behind its last bar line is not looked at: with many keys and no bar line it would take quadratic time, in
    which nobody else in this process works.
    """
    return _ONE_LINE.match(line[: line.rfind("|") + 1]) is not None


def _refuse(what: str) -> list[str]:
    raise CorpusError(f"{what}; bring tunes in ABC notation, each beginning with a line X:1.")


def foreign(head: str) -> str:
    """What a text seems to be that is of none of our forms; "" for what may be ABC."""
    if head.startswith("<?xml") or re.match(r"<(?:score-partwise|!DOCTYPE score)", head):
        return "MusicXML or other XML"
    if re.match(r"<!doctype html|<html", head, re.IGNORECASE):
        return "a web page"
    return "plain text" if head and "|" not in head and not LOOKS_LIKE_ABC.search(head) else ""


# ---- JSON and CSV


def _json_entries(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON list, of a list within an object, or of one object a line."""
    if len(_OBJECT.findall(text)) > MAX_TUNES:
        _refuse(f"{name} is JSON with more than {MAX_TUNES:,} entries")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = [json.loads(line) for line in text.split("\n") if line.strip()]
        except (ValueError, RecursionError):
            _refuse(f"{name} begins like JSON but cannot be read as JSON")
    waiting: list[tuple[Any, dict[str, Any], int]] = [(value, {}, 0)]
    while waiting:
        value, around, depth = waiting.pop()
        if isinstance(value, dict):  # a setting has its name and kind from the tune around it
            around = around | {str(key).lower(): entry for key, entry in value.items() if isinstance(entry, str)}
        if isinstance(value, dict) and any(str(key).lower() in _ABC_NAMES for key in value):
            yield around | {str(key).lower(): entry for key, entry in value.items()}
        elif isinstance(value, list | dict) and depth < MAX_DEPTH:
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(entry, around, depth + 1) for entry in reversed([*inner]) if isinstance(entry, list | dict)]


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _is_table(line: str) -> bool:
    """Whether a line names the columns of a table of tunes."""
    names = {part.strip().strip('"').lower() for part in line.split(_delimiter(line))}
    known = names & {*_ABC_NAMES, "tune_id", "setting_id", "meter", "mode", "key"}
    return len(names) > 2 and bool(known) and not re.match(r"[A-Za-z]:", line)


def _csv_entries(text: str) -> Iterator[Mapping[str, Any]]:
    csv.field_size_limit(1 << 24)
    text = text.lstrip("\ufeff \r\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.split("\n", 1)[0]))
    names: list[str] = []
    try:
        for row in rows:  # what a short row lacks is not made up: a million columns would be in each of a million rows
            if names:
                yield dict(zip(names, row, strict=False))
            else:
                names = [name.strip().lower() for name in row]
    except csv.Error:
        return  # what follows is no table


def _tune_of(entry: Mapping[str, Any]) -> str:
    """An entry's tune: its music, with a header of its other values where it has none of its own; "" for none."""
    music = next((str(entry[name]) for name in _ABC_NAMES if isinstance(entry.get(name), str)), "")
    music = re.sub(r"\r{0,2}\n|\r", "\n", music).strip("\n").rstrip()
    if not music or re.search(r"(?m)^[ \t]*K:", music):
        return music
    lines = [f"X:{entry.get('setting_id') or entry.get('tune_id') or 1}"]
    for letter, names in _FIELDS.items():
        value = next((str(entry[name]).strip() for name in names if entry.get(name)), "")
        if letter == "M" and not value:
            value = _METERS.get(str(entry.get("type")).lower(), "")
        if letter == "K":
            lines += ["L:1/8"]
        if value and "\n" not in value:
            lines.append(f"{letter}:{value}")
    return "\n".join([*lines, music])


# ---- a tune a line


def _unfolded(line: str) -> str:
    """`X:1 T:The Kesh M:6/8 K:G |:GAG...` with a line for each field."""
    line = line.strip()
    fields: list[str] = []
    marks = list(_LINE_FIELD.finditer(line))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        if mark[1] == "K":
            match = _KEY_AND_MUSIC.match(line, mark.end())
            key, music = match.groups() if match else ("none", line[mark.end() :])
            return "\n".join([*fields, f"K:{key.strip()}", music.strip()])
        fields.append(line[mark.start() : following.start() if following else len(line)].strip())
    return line


# ---- folk-rnn: tokens parted by blanks, tunes by empty lines or <s> and </s>


def _is_tokens(head: str) -> bool:
    """Whether a text begins with a tune of tokens: lengths and notes are parted, `G 2`, where ABC has `G2`."""
    if not _TOKENS.match(head):
        return False
    body = re.sub(r"(?m)<s>|</s>|^[XTRCZSN]:.*$|[A-Z]:\S+", "", head)
    notes = re.findall(r"[A-Ga-g][,']*\S*", body)
    if not re.search(r"[A-Ga-g][,']*\s+\d+\s", body):
        return False
    return len(notes) > 3 and sum(bool(re.fullmatch(r"[A-Ga-g][,']*", note)) for note in notes) > 0.9 * len(notes)


def _token_tunes(text: str) -> Iterator[str]:
    pieces = re.split(r"</?s>", text) if "<s>" in text else re.split(r"\n[ \t]*\n", text.replace("\r", ""))
    number = 0
    for piece in pieces:
        field = r"(?m)^([XTRCZSN]):(.*)$|(?:^|(?<=\s))([A-Z]):(\S+)"
        fields = [(a or b, (c or d).strip()) for a, c, b, d in re.findall(field, piece)]
        tokens = re.sub(field, "", piece).split()
        if not tokens:
            continue
        number += 1
        values = dict(fields)
        others = [f"{letter}:{value}" for letter, value in values.items() if letter not in "XLK"]
        head = [f"X:{number}", *others, f"L:{values.get('L', '1/8')}", f"K:{values.get('K', 'C')}"]
        yield "\n".join([*head, _joined(tokens)])


def _joined(tokens: list[str]) -> str:
    """Tokens as music: a blank stays only where two would read as one, as a `1` of an ending before a note's length."""
    music: list[str] = []
    last = ""  # characters that the music ends with
    for token in tokens:
        touching = re.search(r"\|\]?\d$|\[\d$", last) and token[0].isdigit()
        music.append(" " + token if touching else token)
        last = (last + music[-1])[-3:]
    return "".join(music)

"""Files: replaced whole or not at all, told apart by their content, read as text, named after a title.

The only place that does any of it. Knows the first bytes of the common kinds of files, and nothing of tunes.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import glob
import json
import os
import re
import secrets
import time
import tokenize
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_MARKS = (  # byte order marks; UTF-32's begin with UTF-16's, so they are asked first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What `file_kind` finds, and how a sentence calls it.
KINDS = {
    "text": "a text",
    "midi": "a MIDI file",
    "musicxml": "a MusicXML file",
    "json": "a JSON file",
    "csv": "a CSV table",
    "html": "a web page (HTML)",
    "xml": "an XML file",
    "rtf": "a word processor's file (RTF); save it as plain text",
    "office": "a word processor's or spreadsheet's file; save it as plain text",
    "png": "a picture (PNG)",
    "jpeg": "a picture (JPEG)",
    "gif": "a picture (GIF)",
    "webp": "a picture (WebP)",
    "pdf": "a PDF file",
    "wav": "a sound (WAV)",
    "audio": "a sound (MP3, OGG, FLAC or M4A)",
    "zip": "a ZIP archive; unpack it first",
    "gzip": "a compressed file (gzip); unpack it first",
    "archive": "a compressed archive; unpack it first",
    "pickle": "a pickled Python file, which could run a program and is never opened",
    "pytorch": "a PyTorch file (.pt), a pickle that could run a program and is never opened",
    "safetensors": "a file of weights (safetensors)",
    "sqlite": "a database (SQLite)",
    "program": "a program",
    "empty": "an empty file",
    "binary": "not a text file",
}
# What NumPy raises where an array's file (.npy, .npz) is missing or damaged.
ARRAY_ERRORS = (
    OSError, ValueError, KeyError, TypeError, EOFError, OverflowError, MemoryError, SyntaxError, tokenize.TokenError,
    zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip
_FIRST_BYTES = (
    (b"MThd", "midi"), (b"\x89PNG\r\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"%PDF-", "pdf"),
    (b"\x1f\x8b", "gzip"), (b"ID3", "audio"), (b"\xff\xfb", "audio"), (b"OggS", "audio"), (b"fLaC", "audio"),
    (b"7z\xbc\xaf\x27\x1c", "archive"), (b"Rar!", "archive"), (b"BZh", "archive"), (b"\xfd7zXZ\x00", "archive"),
    (b"SQLite format 3\x00", "sqlite"), (b"\x7fELF", "program"), (b"MZ", "program"), (b"{\\rtf", "rtf"),
    (b"\xd0\xcf\x11\xe0", "office"),
)  # fmt: skip
_RIFF = {b"RMID": "midi", b"WAVE": "wav", b"WEBP": "webp"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # what no text has
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*(\{|\"|\[|\]|-?\d))")
_CSV = re.compile(r'"?[\w .-]+"?(,"?[\w .-]+"?){2,}\r?\n')
_STRAY = 200  # characters of a tunebook of which one may be a control code: it spoils its tune, not the book
_LEFT_OVER = 86_400  # seconds
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9¹²³]")
_SAMPLE = 4096  # bytes that are looked at for the zeros of UTF-16


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to instead of `path`, which it replaces by one rename when the block ends well.

    A reader finds the old file or the new one, never half of either; after a crash of the machine too, because the
    bytes are on the disk before the rename. Where the block raises, nothing is left. Folders are made. What a killed
    process left beside it is swept by the first write a day later.

    Raises
    ------
    OSError
        If the folder cannot be made or written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError):  # somebody else sweeps too
            if time.time() - left.stat().st_mtime > _LEFT_OVER:
                left.unlink()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Replace a file by these bytes, or by this text in UTF-8 with its newlines as they are. Raises OSError."""
    with replacing(path) as part:
        part.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


def decode_text(data: bytes) -> str:
    """Bytes as text: UTF-8, UTF-16 or UTF-32 with a byte order mark, UTF-16 without one, UTF-8, or Windows-1252.

    Any bytes have a text. What is not UTF-8 is Windows-1252, which is Latin-1 with printed characters (quotes, dashes,
    dots) where Latin-1 has control codes that no text uses; its five empty places are read as Latin-1 has them.
    Newlines stay as they are, a byte order mark goes.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if encoding := _utf16(data):
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return re.sub(
            r"[\x80-\x9f]",
            lambda match: match[0].encode("latin-1").decode("cp1252", errors="ignore") or match[0],
            data.decode("latin-1"),
        )


def os_sentence(error: OSError) -> str:
    """What went wrong with which file, and what to do about it."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        step = "make room on the disk (data/cache/ may be deleted), or set CHARLSTM_HOME to a folder on another one"
    elif error.errno == errno.EROFS:
        step = "set CHARLSTM_HOME to a folder that can be written to"
    else:
        step = "check the path and its permissions"
    return f"{error.filename or 'a file'}: {error.strerror or error}; {step}."


def parse_json(text: str | bytes) -> Any:
    """A JSON text's value. Raises ValueError whatever is wrong with it, a depth that no file needs included."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def file_kind(data: bytes) -> str:
    """What kind of file some bytes are, by their content: a key of KINDS.

    A compressed MusicXML file is "musicxml" too, a MIDI file in a RIFF file "midi". JSON, CSV, HTML and XML are texts,
    and told apart because no tune begins like them.
    """
    if not data.strip():
        return "empty"
    for first, kind in _FIRST_BYTES:
        if data.startswith(first) and (kind != "program" or b"\x00" in data[:_SAMPLE]):
            return kind
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "binary")
    if data[4:8] == b"ftyp":
        return "audio"
    if data[:2] == b"PK":
        return _zip_kind(data)
    if data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and data[1:2]:
        return "pickle"
    if data[8:9] == b"{" and 0 < int.from_bytes(data[:8], "little") < len(data) + 2**20:
        return "safetensors"
    return _text_kind(decode_text(data))


def _zip_kind(data: bytes) -> str:
    """What a ZIP archive is, by the names of its files, which stand in its directory at its end."""
    if b"META-INF/container.xml" in data:
        return "office" if b"mimetype" in data[:60] and b"epub" in data[:100] else "musicxml"
    if b"data.pkl" in data:
        return "pytorch"
    office = (b"[Content_Types].xml", b"application/vnd.oasis")
    return "office" if any(mark in data for mark in office) else "zip"


def _text_kind(text: str) -> str:
    """What a decoded text is."""
    is_tune = re.search(r"(?m)^[XK]:", text) is not None
    if len(_CONTROL.findall(text)) > (len(text) / _STRAY if is_tune else 0):
        return "binary"
    head = text[:_SAMPLE].lstrip("\ufeff \t\r\n")
    low = head.lower()
    if low.startswith(("<!doctype html", "<html")):
        return "html"
    if low.startswith(("<?xml", "<score-partwise", "<score-timewise", "<!doctype score", "<opus")):
        return "musicxml" if re.search(r"<(score-partwise|score-timewise|opus)\b", text[: 16 * _SAMPLE]) else "xml"
    if is_tune:  # whatever its first line looks like
        return "text"
    if _JSON.match(head):
        return "json"
    return "csv" if _CSV.match(head) else "text"


def _utf16(data: bytes) -> str:
    """The kind of UTF-16 without a mark, or "": every second byte of Western text is zero there, none elsewhere."""
    sample = data[: _SAMPLE - _SAMPLE % 2]
    half = len(sample) // 2
    if half < 2 or len(data) % 2:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.6 * half and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and odd == 0 else ""


def file_stem(title: str) -> str:
    """A file name from a title: letters of any language, digits and hyphens, never empty, at most 60 bytes.

    It is none of those that Windows keeps for devices.
    """
    letters = (c if unicodedata.category(c)[0] in "LMN" else "-" for c in unicodedata.normalize("NFC", title.lower()))
    stem = re.sub(r"-+", "-", "".join(letters)).strip("-").encode()[:60].decode(errors="ignore").strip("-") or "tune"
    return f"{stem}-1" if _DEVICE.fullmatch(stem) else stem

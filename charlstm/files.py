"""Files: replaced whole or not at all, read as text, named after a title. The only place that does any of it.

Knows nothing of what is in a file.
"""

from __future__ import annotations

import codecs
import contextlib
import glob
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARKS = (  # byte order marks; UTF-32's begin with UTF-16's, so they are asked first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEFT_OVER = 86_400  # seconds
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
    """A file name from a title: letters, digits and hyphens, never empty."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "tune"

"""ZIP archives that anybody may have sent: measured before they are opened, read within bounds. Knows no format.

Python's zipfile believes what an archive says of itself, and answers a damaged one with a dozen kinds of errors.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib

FIRST_BYTES = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"  # before each entry of the directory at an archive's end
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others take gigabytes if they say so
_LOCKED = 1  # flag of an entry with a password
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, IndexError, OverflowError,
)  # fmt: skip


class ZipProblem(Exception):
    """Why an archive or an entry of it is not read: "it is damaged"."""


def open_zip(data: bytes, *, most: int) -> zipfile.ZipFile:
    """An archive that holds at most so many entries. Raises ZipProblem."""
    count = data.count(_ENTRY)  # before Python makes half a kilobyte of each
    if count > most:
        raise ZipProblem(f"it holds {count:,} files, more than {most:,}")
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as error:
        raise ZipProblem(f"it is damaged ({error})") from None


def files_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The entries that are files; one may have no name."""
    return [entry for entry in archive.infolist() if not entry.filename.endswith("/")]


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, most: int) -> bytes:
    """What an entry holds, `most` + 1 bytes of it at most, whatever it says of its size. Raises ZipProblem."""
    if entry.flag_bits & _LOCKED:
        raise ZipProblem("it is locked with a password")
    if entry.compress_type not in _READ:
        raise ZipProblem("it is compressed in a way that is not read here; use the usual one (deflate)")
    try:
        with archive.open(entry) as file:
            return file.read(most + 1)
    except _DAMAGED as error:
        raise ZipProblem(f"it is damaged ({error})") from None

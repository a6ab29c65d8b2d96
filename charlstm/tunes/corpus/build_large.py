"""Build a corpus larger than memory: one pass over the files, one over buckets on disk, in bounded memory.

What differs from `build_corpus`, which holds every tune in memory: relatives are recognised by the contour of their
letters alone (the steps from note letter to note letter, modulo an octave: the same in every key and unit note length).
Tunes of the same contour are twins: they are never in two parts, and one of them is kept (all of them in an "as is"
corpus). Tunes that are only nearly the same are not recognised. The part follows from the contour and the seed:
validation and test get a tenth of the contours each, or fewer where that is more than 2,000 tunes, because a held-out
loss needs no more; of very common contours the tunes beyond 2,000 are left out. Under 16 notes the whole text counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import struct
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from charlstm.errors import CorpusError
from charlstm.files import decode_text
from charlstm.paths import corpus_path
from charlstm.progress import Progress, Report
from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.tunes.corpus.formats import foreign, form_of
from charlstm.tunes.corpus.mapped import MAPPED_FORMAT, MappedCorpus, load_mapped
from charlstm.tunes.corpus.model import PARTS, check_name
from charlstm.tunes.corpus.sources import abc_files, check_is_text, split_file
from charlstm.tunes.edit.clean import USUAL, Dropped, Recipe, clean_tune

HELD_OUT = 2000  # tunes of validation and of test at most
FEWEST = 20  # contours of them that there should be
SKETCH = 4096  # smallest hashes that are kept, to tell how many contours there are
BUCKET = 32 << 20  # bytes of text that are shuffled in memory at once
MAX_BUCKETS = 500  # files open at once
HEADER_VALUES = 200  # of a header field, kept counts: titles differ from tune to tune
FEW_NOTES = 16

_HEAD = struct.Struct("<8sI")  # before a text in a bucket: its contour, its bytes
_LETTERS = bytes.maketrans(b"ABCDEFGabcdefg", bytes([5, 6, 0, 1, 2, 3, 4] * 2))
_NOT_LETTERS = bytes(set(range(256)) - set(b"ABCDEFGabcdefg"))
_NO_NOTES = re.compile(rb'"[^"\n]*"|^[A-Za-z]:.*$|![^!\n]*!|%.*$', re.MULTILINE)  # chord symbols, fields, ornaments


def contour(text: str) -> bytes:
    """What tunes have in common that are the same in another key or unit note length: 8 bytes, a hash."""
    body = text[split_header(text).body_start :].encode()
    places = np.frombuffer(_NO_NOTES.sub(b"", body).translate(_LETTERS, _NOT_LETTERS), dtype=np.uint8).astype(np.int16)
    steps = np.diff(places) % 7 if len(places) >= FEW_NOTES else np.frombuffer(text.encode(), dtype=np.uint8)
    return hashlib.blake2b(steps.astype(np.uint8).tobytes(), digest_size=8).digest()


def build_mapped(
    paths: Iterable[Path],
    *,
    name: str,
    seed: int = 0,
    as_is: bool = False,
    recipe: Recipe = USUAL,
    folder: Path | None = None,
    report: Report | None = None,
) -> MappedCorpus:
    """Make a memory-mapped corpus of files of ABC, and open it.

    Parameters
    ----------
    paths : iterable of Path
        Files, or folders of .abc and .txt files. Tunes are parted by X: lines or by <start> and <end>.
    name : str
    seed : int
        Of the split and of the order; the same files and seed give the same fingerprint.
    as_is : bool
        Keep every text as it is, twins too (in one part).
    recipe : Recipe
        What a cleaned corpus keeps beyond the usual.
    folder : Path, optional
        data/corpus/ by default.
    report : callable, optional

    Raises
    ------
    CorpusError
        If a part would be empty.
    """
    check_name(name)
    folder = folder or corpus_path()
    folder.mkdir(parents=True, exist_ok=True)
    files = abc_files(paths)
    size = sum(file.stat().st_size for file in files)
    work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder))
    try:
        books, letters, headers, alphabet, contours = _spread(
            files, size, work, seed, None if as_is else recipe, report
        )
        kept = sum(counter["kept"] for counter in books.values())
        share = min(0.1, max(HELD_OUT / max(kept, 1), FEWEST / max(contours, 1)))
        tunes, lengths, digest, width = _gather(work, sorted(alphabet), seed, share, report)
        if not all(tunes[part] for part in ("train", "validation")):
            raise CorpusError(
                f"of {sum(sum(c.values()) for c in books.values())} tunes found too few are usable for a split; "
                "bring more tunes, or build without --large.",
                path=folder,
            )
        description = {
            "format": MAPPED_FORMAT,
            "name": name,
            "fingerprint": digest,
            "width": width,
            "alphabet": "".join(sorted(alphabet)),
            "tunes": tunes,
            "characters": lengths,
            "headers": {letter: dict(headers[letter].most_common(HEADER_VALUES)) for letter in letters},
            "books": {book: dict(counter) for book, counter in books.items()},
            "as_is": as_is,
            "seed": seed,
        }
        (work / "json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
        for suffix in ("ids", *(f"{part}.npy" for part in PARTS), "json"):  # the JSON last: it completes the corpus
            os.replace(work / suffix, folder / f"{name}.{suffix}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return load_mapped(folder / f"{name}.json", description)


def stream_tunes(file: Path) -> Iterator[str]:
    """The tunes of a file, one at a time: from X: line to X: line, or between <start> and <end>."""
    with open(file, "rb") as opened:
        start = opened.read(1 << 16)
    check_is_text(file, start)
    text = decode_text(start)
    if form_of(text) or foreign(text.lstrip()):  # of another form, which is read as a whole
        yield from split_file(file)
        return
    piece: list[bytes] = []
    head = b""  # what comes before the first tune, where its file header is
    marked = begun = False  # the file parts its tunes by <start>; a tune has begun
    with open(file, "rb") as lines:
        for line in lines:
            marked = marked or b"<start>" in line
            if b"<start>" in line if marked else re.match(rb"[ \t>]*X:", line):
                if begun:
                    yield from split_tunebook(decode_text(head + b"".join(piece)))
                elif not marked:
                    head = b"".join(piece)
                piece, begun = [], True
            piece.append(line)
    yield from split_tunebook(decode_text(head + b"".join(piece)))


def _spread(
    files: list[Path], size: int, work: Path, seed: int, recipe: Recipe | None, report: Report | None
) -> tuple[dict[str, Counter[str]], str, dict[str, Counter[str]], set[str], float]:
    """Every usable text into one of the buckets, drawn by chance; what is counted on the way, and about how many
    contours there are (from the smallest hashes: Bar-Yossef et al. 2002)."""
    rng = np.random.default_rng(seed)
    count = min(MAX_BUCKETS, max(1, -(-size // BUCKET)))
    smallest: set[bytes] = set()
    books: dict[str, Counter[str]] = {}
    letters = "MKRL"
    headers: dict[str, Counter[str]] = {letter: Counter() for letter in letters}
    alphabet: set[str] = set()
    seen: set[bytes] = set()
    buckets: list[BinaryIO] = [open(work / f"bucket-{k}", "wb") for k in range(count)]  # noqa: SIM115
    done = 0
    try:
        # Clean each tune, leave out what has come before, and count what is left.
        for file in files:
            book = books.setdefault(file.stem, Counter())
            for text in stream_tunes(file):
                done += len(text) + 1
                if report and sum(book.values()) % 1000 == 0:
                    report(Progress("reading", min(done, size), size))
                if recipe is not None:
                    try:
                        text = clean_tune(text, recipe=recipe)
                    except Dropped as reason:
                        book[str(reason)] += 1
                        continue
                mark = contour(text)
                if recipe is not None and mark in seen:
                    book["the same as another tune"] += 1
                    continue
                if recipe is not None:
                    seen.add(mark)
                book["kept"] += 1
                alphabet.update(text)
                smallest.add(mark)
                if len(smallest) >= 2 * SKETCH:
                    smallest = set(sorted(smallest)[:SKETCH])
                for letter, value, *_ in split_header(text).fields:
                    counts = headers.get(letter)
                    if counts is not None and (value in counts or len(counts) < 10_000):
                        counts[value] += 1
                # Into a bucket by chance, with its contour.
                data = text.encode()
                buckets[int(rng.integers(count))].write(_HEAD.pack(mark, len(data)) + data)
    finally:
        for bucket in buckets:
            bucket.close()
    lowest = sorted(smallest)[:SKETCH]
    contours = len(lowest) if len(lowest) < SKETCH else (SKETCH - 1) / (int.from_bytes(lowest[-1], "big") / 2**64)
    return books, letters, headers, alphabet, contours


def _gather(
    work: Path, alphabet: list[str], seed: int, share: float, report: Report | None
) -> tuple[dict[str, int], dict[str, int], str, int]:
    """The buckets, each shuffled, into the file of ids: part after part, so that a part is one stretch."""
    width = 1 if len(alphabet) <= 256 else 2
    code = np.zeros(ord(max(alphabet, default="\0")) + 1, dtype="u1" if width == 1 else "<u2")
    code[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    tunes, lengths = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    digest = hashlib.sha256()
    at = 0
    buckets = sorted(work.glob("bucket-*"), key=lambda path: int(path.name.split("-")[1]))
    with open(work / "ids", "wb") as ids:
        for number, part in enumerate(PARTS):
            bounds = array("q", [at])
            for place, path in enumerate(buckets):
                if report:
                    report(Progress("writing", number * len(buckets) + place, len(PARTS) * len(buckets)))
                texts = [text for mark, text in _records(path) if _part(mark, seed, share) == number]
                for k in np.random.default_rng([seed, number, place]).permutation(len(texts)):
                    data = texts[k]
                    if number and tunes[part] >= HELD_OUT:
                        break
                    digest.update(data + b"\0")
                    points = np.frombuffer(data.decode().encode("utf-32-le"), dtype="<u4")
                    ids.write(code[points].tobytes())
                    at += len(points)
                    bounds.append(at)
                    tunes[part] += 1
                    lengths[part] += len(points)
            digest.update(b"\1")
            np.save(work / f"{part}.npy", np.frombuffer(bounds, dtype=np.int64))
    return tunes, lengths, digest.hexdigest(), width


def _part(mark: bytes, seed: int, share: float) -> int:
    """The part of all tunes of a contour: 1 and 2 for validation and test, that share of contours each; else 0."""
    key = seed.to_bytes(8, "little", signed=True)
    chance = int.from_bytes(hashlib.blake2b(mark, key=key, digest_size=8).digest(), "little") / 2**64
    return 1 if chance < share else 2 if chance < 2 * share else 0


def _records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Contour and text of each tune of a bucket."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        mark, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield mark, data[at : at + length]
        at += length

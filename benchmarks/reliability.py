"""What damaged, hostile and costly inputs do: an answer, a sentence, or a fault; and how long it takes at most.

    python benchmarks/reliability.py                          all of it, an hour
    python benchmarks/reliability.py --only texts --count 10000
    python benchmarks/reliability.py --markdown               the table of docs/reliability.md

Every input is made from a real one by a few random edits (the seed decides which). An answer is right or says
that it was refused by an error of charlstm; any other exception is a fault, and its input is printed. Times are of the
processor, of this process and its workers together, which a busy machine does not change much.

`texts` are fuzz.py's and robustness.py's in turn, `builds` collections of 200 of them. `zips` go both ways in which a
ZIP of tunes comes in; a model that is taken in after all writes ten characters; a collection is read tune by tune, also
one larger than memory; `addresses` are read by all that reads them. `freeze` engraves the costliest texts beside a
thread that ticks: how much processor time this process takes between two ticks is how long another visitor would wait
on a machine with nothing else to do. `kills` is kills.py.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import importlib
import itertools
import json
import os
import pkgutil
import random
import shutil
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import fuzz
import kills
import robustness
from outcomes import HEADS, Row, tried
from robustness import resident

import charlstm
import charlstm.ui
from charlstm.errors import CharlstmError
from charlstm.library.tune import LibraryTune
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import load as load_engine
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.archive import pack, unpack
from charlstm.lm.store.checkpoint import find_checkpoint, load_checkpoint
from charlstm.score.jobs import tune_files
from charlstm.score.workers import start_workers
from charlstm.tunes.corpus.build import build_corpus
from charlstm.tunes.corpus.build_large import build_mapped
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.corpus.sources import SourceTune
from charlstm.tunes.corpus.uploads import read_uploads
from charlstm.tunes.edit.clean import Dropped
from charlstm.tunes.harmony.backing import harmonize
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.form_in_words import form_in_words
from charlstm.ui.library.archive import zip_of
from charlstm.ui.library.import_zip import read_zip
from charlstm.ui.shared.tune_link import pack_tune, unpack_tune
from charlstm.ui.shared.url_state import ComposeSettings, parse_settings
from charlstm.ui.state import Setting

COUNTS = {
    "texts": 10_000, "builds": 10_000, "zips": 3000, "midi": 3000, "models": 3000, "corpora": 3000, "addresses": 3000,
    "kills": 100,
}  # fmt: skip
TOGETHER = 200  # texts in a collection
HEAD = "X:1\nT:A\nM:4/4\nL:1/8\nK:D\n"
# The costliest texts known: what a bar or a tune can hold most of.
COSTLY = {
    "1,190 grace groups in a bar": HEAD + "{abcdefg}A" * 1190,
    "280 grace groups in each of four bars": HEAD + ("{abcdef}A" * 280 + "|") * 4,
    "chords of eight in a bar": HEAD + "[ABcdefga]" * 240 + "|",
    "ornaments": HEAD + "!trill!~.a" * 480 + "|",
    "ties": HEAD + "a-" * 1990 + "a|",
    "beams of 64ths": HEAD + "L:1/64\n" + "a" * 1990 + "|",
    "words under each note": HEAD + "a" * 990 + "|\nw:" + "la " * 990,
    "12 voices of 1,400 notes": HEAD + "".join(f"V:{v}\n" + "d2fd Adfd|e2ge cege|\n" * 100 for v in range(1, 13)),
}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Some bytes with one to twenty changes: other bytes, some gone, some twice, or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 5, 20))):
        at, way = rng.randrange(len(changed) + 1), rng.randrange(4)
        if way == 0:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif way == 1:
            del changed[at : at + rng.randrange(1, 60)]
        elif way == 2:
            changed[at:at] = changed[at : at + rng.randrange(1, 60)]
        elif rng.random() < 0.2:
            del changed[at:]
    return bytes(changed)


def texts(count: int, seed: int) -> Iterator[str]:
    """Texts of both generators in turn, the same for a seed."""
    for pair in zip(fuzz.texts((count + 1) // 2, seed), robustness.texts((count + 1) // 2, seed), strict=True):
        yield from pair


def all_of_a_text(text: str) -> None:
    """Everything that the page does with a text; a refusal of the score is that of the whole."""
    for work in (*fuzz.WORK.values(), harmonize, lambda text: form_in_words(read(text))):
        with contextlib.suppress(CharlstmError, Dropped):
            work(text)
    tune_files(text, widths=(420, 900))


def batched(texts: Iterator[str]) -> Iterator[Sequence[str]]:
    """The texts in collections."""
    while batch := tuple(itertools.islice(texts, TOGETHER)):
        yield batch


def as_collection(texts: object) -> None:
    """Texts as a collection to learn from, saved and read again."""
    corpus = build_corpus([SourceTune(text, "mine", "mine.abc") for text in texts], name="mine")  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        assert load_corpus(save_corpus(corpus, Path(folder))) == corpus


# What others have put into an address: settings of every page, with values of each kind.
NAMES = (
    "model", "seed", "temperature", "length", "key", "meter", "rhythm", "title", "guard", "top_k", "top_p", "form",
    "edited_form", "kept_bars", "view", "abc", "x",
)  # fmt: skip
VALUES = (
    "lstm-512", "7", "-1", "1e999", "nan", "\u0663", "K:D\nX:2", "<script>", "../..", "\0", "9" * 400, "", "6/8",
    "0:144", "0:1,1:2", "5-8", "8-5", "5,2,120", "whistle-d", "AABB: a b a c | d e d c", "|: a b :|", "a" * 5000,
    "-.1.2", "\ud800", "65504", "gates", "2147483648", "run x", "%00", "+",
)  # fmt: skip


def address(rng: random.Random) -> dict[str, str]:
    """The query of an address."""
    names = (*NAMES, *(setting.query for setting in addressed()))
    query = {rng.choice(names): rng.choice(VALUES) + rng.choice(("", "", "%", "é")) for _ in range(rng.randrange(8))}
    if rng.random() < 0.3:  # a tune in an address, perhaps damaged
        code = pack_tune(HEAD + "d2fd Adfd|" * rng.randrange(1, 200))
        at = rng.randrange(len(code))
        query["abc"] = rng.choice((code, code[:at], code[:at] + rng.choice("Az09-_=") + code[at + 1 :]))
    return query


@functools.cache
def addressed() -> tuple[Setting[Any], ...]:
    """The settings of all pages that an address can name."""
    for module in pkgutil.walk_packages(charlstm.ui.__path__, "charlstm.ui."):
        importlib.import_module(module.name)
    settings = [thing for thing in gc.get_objects() if isinstance(thing, Setting) and thing.query]
    return tuple(sorted(settings, key=lambda setting: setting.key))


def read_address(query: object) -> None:
    """Read the query of an address as the pages do; it holds only texts."""
    values: dict[str, str] = query  # type: ignore[assignment]
    settings, problems = parse_settings(values, models=("lstm-512",), default=ComposeSettings(model="lstm-512"))
    json.dumps([settings.query, settings.command, problems])
    for setting in addressed():
        if setting.query in values:
            with contextlib.suppress(ValueError):  # as Setting does
                setting.parse(values[setting.query])
    if code := values.get("abc"):
        unpack_tune(code)


def frozen() -> Row:
    """The costliest texts, each beside a thread that ticks."""
    row = Row("costly texts, engraved")
    late = [0.0]
    stop = threading.Event()

    def tick() -> None:
        last = time.process_time()
        while not stop.wait(0.005):
            now = time.process_time()
            late.append(now - last)
            last = now

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    row.memory = resident(), 0
    for text in COSTLY.values():
        began = time.perf_counter()
        try:
            row.outcomes["sentence" if tune_files(text).problem else "answer"] += 1
        except CharlstmError:
            row.outcomes["sentence"] += 1
        row.slowest = max(row.slowest, time.perf_counter() - began)
    stop.set()
    thread.join()
    row.memory = row.memory[0], resident()
    row.note = f"a thread beside it waited {max(late):.2f} s at most"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*COUNTS, "freeze"])
    parser.add_argument("--count", type=int, help="inputs of each kind (default: see the source)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    start_workers()
    counts = {kind: options.count or count for kind, count in COUNTS.items()}
    with tempfile.TemporaryDirectory() as name:
        kinds = sections(counts, rng, options.seed, Path(name))
        rows = []
        for kind, work in kinds.items():
            if options.only in (None, kind):
                rows.append(work())
                print(" | ".join(rows[-1].cells()), file=sys.stderr, flush=True)
        if options.only in (None, "kills"):
            rows += kills.rows(counts["kills"], rng)
    heads = HEADS
    if options.markdown:
        print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
        for row in rows:
            print("| " + " | ".join(row.cells()) + " |")
    else:
        for row in rows:
            print("  ".join(f"{head}: {cell}" for head, cell in zip(heads, row.cells(), strict=True) if cell))


def sections(counts: dict[str, int], rng: random.Random, seed: int, folder: Path) -> dict[str, Callable[[], Row]]:
    """Each kind of input, and how it is tried."""

    def many(kind: str, make: Callable[[], object]) -> Iterator[object]:
        return (make() for _ in range(counts[kind]))

    tunes = list(texts(40, seed))[::5]
    of_library = [LibraryTune(n, f"X:1\n{text}", f"Tune {n}", "own") for n, text in enumerate(tunes)]
    exported = zip_of(of_library, cards={}, file_of=lambda text, name: text.encode()[:2000], book=b"%PDF")
    midi = charlstm.to_midi(charlstm.read_score(HEAD + "d2fd Adfd|e2ge c4|]"))
    packed = pack(load_checkpoint(find_checkpoint("rnn-250")))
    corpus = save_corpus(Corpus("small", train=tuple(tunes), validation=(), test=()), folder)
    (folder / "tunes.abc").write_text("\n\n".join(f"X:{n}\n{text}" for n, text in enumerate(tunes)), encoding="utf-8")
    build_mapped([folder / "tunes.abc"], name="mapped", folder=folder, as_is=True)

    def read_zip_both_ways(data: object) -> None:
        with contextlib.suppress(CharlstmError):
            read_uploads([("tunes.zip", data)])  # type: ignore[list-item]
        read_zip(data)  # type: ignore[arg-type]

    def read_model(data: object) -> None:
        shutil.rmtree(folder / "models", ignore_errors=True)
        unpack(data, "damaged", root=folder / "models")  # type: ignore[arg-type]
        sample(load_engine(folder / "models" / "damaged"), SampleConfig(max_length=10), n=1, seed=1)

    def damaged_model() -> bytes:
        """A ZIP whose model.json or weights are damaged, or that is damaged as a whole."""
        if rng.random() < 0.3:
            return damaged(packed, rng)
        out = BytesIO()
        with zipfile.ZipFile(BytesIO(packed)) as source, zipfile.ZipFile(out, "w") as target:
            for entry in source.namelist():
                content = source.read(entry)
                hit = entry.endswith(".json") if rng.random() < 0.7 else entry.endswith(".safetensors")
                head = content[:2000] if entry.endswith(".safetensors") else content
                target.writestr(entry, damaged(head, rng) + content[len(head) :] if hit else content)
        return out.getvalue()

    files = [corpus, *sorted(folder.glob("mapped.*"))]
    (folder / "one").mkdir()

    def damaged_corpus() -> tuple[Path, bytes]:
        """One of the files of a collection, damaged."""
        path = rng.choice(files)
        return path, damaged(path.read_bytes(), rng)

    def read_corpus(value: object) -> None:
        path, data = value  # type: ignore[misc]
        for file in (corpus, corpus.with_suffix(".abc"), *files):
            shutil.copy(file, folder / "one")
        (folder / "one" / path.name).write_bytes(data)
        for _ in load_corpus(folder / "one" / f"{path.name.split('.')[0]}.json").texts:
            pass

    return {
        "texts": lambda: tried("texts, changed", texts(counts["texts"], seed), all_of_a_text),  # type: ignore[arg-type]
        "builds": lambda: tried(
            f"collections of {TOGETHER} of these texts", batched(texts(counts["builds"], seed)), as_collection
        ),
        "zips": lambda: tried(
            "ZIPs of tunes, damaged", many("zips", lambda: damaged(exported, rng)), read_zip_both_ways
        ),
        "midi": lambda: tried(
            "MIDI files, damaged", many("midi", lambda: damaged(midi, rng)), lambda data: charlstm.read_midi(data)
        ),
        "models": lambda: tried("models, damaged", many("models", damaged_model), read_model),
        "corpora": lambda: tried("collections, damaged", many("corpora", damaged_corpus), read_corpus),
        "addresses": lambda: tried("addresses", many("addresses", lambda: address(rng)), read_address),
        "freeze": frozen,
    }


if __name__ == "__main__":
    os.nice(5)
    main()

"""charlstm corpus build | import | show: the texts that models learn from."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import charlstm
from charlstm.cli.common import Commands, add_command, add_group, find_corpus, progress, show, table
from charlstm.tunes.corpus.model import PARTS, header_counts

if TYPE_CHECKING:
    from charlstm.tunes.corpus.model import Corpus
    from charlstm.tunes.corpus.sources import SourceTune

AS_IS = "no cleaning: each text stays as it is in the file"


def add(commands: Commands) -> None:
    group = add_group(commands, "corpus", "the tunes that models learn from", "charlstm corpus build fiddle")
    build = add_command(
        group,
        "build",
        "build a corpus: fiddle and essen from music21's books, any other from your files",
        "charlstm corpus build mine --from tunes.abc",
        _build,
    )
    build.add_argument("name", metavar="NAME", help="fiddle, essen (6,500 folk songs), or a name for your own")
    build.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        type=Path,
        metavar="FILE|FOLDER",
        help="your files, folders or ZIPs: ABC, MIDI, JSON or CSV of TheSession or irishman, folk-rnn's tokens",
    )
    build.add_argument("--as-is", action="store_true", help=AS_IS)
    build.add_argument(
        "--large",
        action="store_true",
        help="for more text than fits into memory: memory-mapped, near-duplicates found by their contour alone",
    )
    build.add_argument("--seed", type=int, default=0, help="seed of the split into parts (default 0)")
    build.add_argument("--progress", type=Path, metavar="FILE", help="keep a file up to date with how far it is")
    _add_recipe(build)

    bring = add_command(
        group,
        "import",
        "import a corpus that is already split into parts",
        "charlstm corpus import theirs --train train.txt --validation val.txt --test test.txt --as-is",
        _import,
    )
    bring.add_argument("name", metavar="NAME")
    bring.add_argument(
        "--train",
        type=Path,
        required=True,
        metavar="F",
        help="training tunes, separated by X: lines or <start> ... <end>",
    )
    bring.add_argument("--validation", type=Path, required=True, metavar="F", help="validation tunes")
    bring.add_argument("--test", type=Path, metavar="F", help="test tunes")
    bring.add_argument("--as-is", action="store_true", help=AS_IS)
    _add_recipe(bring)

    look = add_command(group, "show", "describe a corpus", "charlstm corpus show fiddle", _show)
    look.add_argument("name", metavar="NAME")


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """The options of what a cleaned corpus keeps."""
    parser.add_argument("--any-meter", action="store_true", help="keep meters beyond the usual, such as 7/8")
    parser.add_argument("--any-key", action="store_true", help="keep rare keys, and tunes without a key")
    parser.add_argument("--chords", action="store_true", help='keep chord symbols over the notes, such as "Am"')


def _build(options: argparse.Namespace) -> None:
    from charlstm.paths import corpus_path
    from charlstm.tunes.corpus.build import BUNDLED, build_corpus
    from charlstm.tunes.corpus.build_large import build_mapped
    from charlstm.tunes.corpus.building import progress_file
    from charlstm.tunes.corpus.io import save_corpus
    from charlstm.tunes.edit.clean import USUAL, Recipe

    recipe = Recipe(options.any_meter, options.any_key, options.chords)
    bundled = BUNDLED.get(options.name)
    if bundled and (options.sources or options.as_is or options.large or recipe != USUAL):
        options.parser.error(f"{options.name} is made of music21's books; give your tunes another name")
    if not bundled and not options.sources:
        options.parser.error(f"say where the tunes of {options.name} are: --from FILE|FOLDER ...")
    about = {"name": options.name, "seed": options.seed, "as_is": options.as_is, "recipe": recipe}
    with progress_file(options.progress) if options.progress else progress() as advance:
        if bundled:
            corpus = bundled(report=advance)
        elif options.large:
            corpus = build_mapped(options.sources, **about, report=advance)
        else:
            corpus = build_corpus(_sources(options.sources), **about, report=advance)
    path = corpus_path() / f"{options.name}.json" if options.large else save_corpus(corpus)
    show(options, {"path": str(path), **_describe(corpus)}, f"{_text(corpus)}\n\nwritten: {path}")


def _sources(paths: list[Path]) -> Iterator[SourceTune]:
    """The tunes of files, folders and ZIPs, those of MIDI files too; what cannot be read is a fault of its own."""
    from charlstm.tunes.corpus.sources import SourceTune, file_tunes
    from charlstm.tunes.corpus.uploads import read_uploads

    def read_midi(data: bytes) -> str:
        return str(charlstm.read_midi(data).text)

    for path in paths:
        if path.suffix.lower() == ".zip" and path.is_file():
            upload = read_uploads([(path.name, path.read_bytes())], read_midi)
            yield from upload.tunes
            yield from (SourceTune("", path.stem, file, fault=reason) for file, reason in upload.refused)
        else:
            yield from file_tunes([path], read_midi)


def _import(options: argparse.Namespace) -> None:
    from charlstm.tunes.corpus.build import import_corpus
    from charlstm.tunes.corpus.io import save_corpus
    from charlstm.tunes.edit.clean import Recipe

    corpus = import_corpus(
        options.name,
        train=options.train,
        validation=options.validation,
        test=options.test,
        as_is=options.as_is,
        recipe=Recipe(options.any_meter, options.any_key, options.chords),
    )
    path = save_corpus(corpus)
    show(options, {"path": str(path), **_describe(corpus)}, f"{_text(corpus)}\n\nwritten: {path}")


def _show(options: argparse.Namespace) -> None:
    corpus = find_corpus(options.name, save=False)
    show(options, _describe(corpus), _text(corpus))


def _describe(corpus: Corpus) -> dict[str, Any]:
    """A corpus in JSON values, without its texts."""
    from charlstm.tunes.corpus.mapped import MappedCorpus

    parts = {part: getattr(corpus, part) for part in PARTS}
    if isinstance(corpus, MappedCorpus):  # as it was counted when it was built: a pass over all texts takes minutes
        own = ("name", "fingerprint", "tunes", "characters", "books", "as_is", "seed")
        distinct = dict.fromkeys(PARTS, len(corpus.characters))
        return {k: corpus.info[k] for k in own} | {"distinct_characters": distinct, "header": dict(corpus.headers)}
    return {
        "name": corpus.name,
        "fingerprint": corpus.fingerprint,
        "tunes": {part: len(texts) for part, texts in parts.items()},
        "characters": {part: sum(map(len, texts)) for part, texts in parts.items()},
        "distinct_characters": {part: len(set().union(*texts)) for part, texts in parts.items()},
        "header": header_counts(corpus.texts),
        **corpus.info,
    }


def _text(corpus: Corpus) -> str:
    """The same for a reader: parts, then what was kept and dropped by book and reason, then who transcribed it."""
    about = _describe(corpus)
    parts = [
        (part, f"{count:,}", f"{about['characters'][part]:,}", about["distinct_characters"][part])
        for part, count in about["tunes"].items()
    ]
    blocks = [
        f"{corpus.name}  {corpus.fingerprint[:12]}",
        table(parts, ("part", "tunes", "characters", "distinct characters")),
    ]
    books: dict[str, dict[str, int]] = corpus.info.get("books", {})
    if books:
        reasons = Counter[str]()
        for counts in books.values():
            reasons.update(counts)
        order = ["kept", *[reason for reason, _ in reasons.most_common() if reason != "kept"]]
        rows = [[reason, *[counts.get(reason, 0) for counts in books.values()], reasons[reason]] for reason in order]
        blocks.append(table(rows, ("kept, or why not", *books, "all")))
    if examples := corpus.info.get("examples"):
        blocks.append(table(list(examples.items()), ("why not", "the first such tune, and where")))
    for letter, name in (("M", "meters"), ("K", "keys"), ("R", "rhythms")):
        if counts := about["header"].get(letter):
            common = [f"{value} {count}" for value, count in list(counts.items())[:8]]
            more = f", and {len(counts) - 8} more" if len(counts) > 8 else ""
            blocks.append(f"{name}: {', '.join(common)}{more}")
    if titles := corpus.info.get("titles"):
        blocks.append("books: " + "; ".join(f"{book}: {title}" for book, title in titles.items()))
    if names := corpus.info.get("credits"):
        blocks.append("transcribed by " + ", ".join(names))
    return "\n\n".join(blocks)

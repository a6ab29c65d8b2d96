"""A memory-mapped corpus gives back every text as it was, keeps twins in one part, and is the same each time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import CorpusError
from charlstm.tunes.corpus.build_large import build_mapped, contour, stream_tunes
from charlstm.tunes.corpus.io import load_corpus
from charlstm.tunes.corpus.mapped import MappedCorpus
from charlstm.tunes.corpus.model import PARTS
from charlstm.tunes.corpus.sources import file_tunes

LETTERS = "CDEFGABcdefgab"


def tune(seed: int, up: int = 0, key: str = "C") -> str:
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 7, 64) + up
    bars = ["".join(LETTERS[p] for p in places[k : k + 8]) for k in range(0, 64, 8)]
    return f"X:{seed}\nT:Nº {seed} – “é”\nM:4/4\nL:1/8\nK:{key}\n|:{'|'.join(bars)}:|"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Sixty tunes, each also a tone higher: 120."""
    path = tmp_path / "book.abc"
    path.write_text("\n\n".join(tune(k, up, key) for up, key in ((0, "C"), (1, "D")) for k in range(60)), "utf-8")
    return path


def test_as_is_keeps_every_text_once(book: Path, tmp_path: Path) -> None:
    corpus = build_mapped([book], name="big", as_is=True, folder=tmp_path)
    assert sorted(corpus.texts) == sorted(source.text for source in file_tunes([book]))
    assert set(corpus.characters) == set("".join(corpus.texts))
    assert all(corpus.info["tunes"][part] == len(getattr(corpus, part)) > 0 for part in ("train", "validation"))
    assert all(getattr(corpus, part).length == sum(map(len, getattr(corpus, part))) for part in PARTS)


def test_twins_in_another_key_are_in_one_part_and_cleaned_books_have_one_of_them(book: Path, tmp_path: Path) -> None:
    as_is = build_mapped([book], name="asis", as_is=True, folder=tmp_path)
    parts = [{contour(text) for text in getattr(as_is, part)} for part in PARTS]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 60
    clean = build_mapped([book], name="clean", folder=tmp_path)
    assert len([*clean.texts]) == len({contour(text) for text in clean.texts}) == 60
    assert clean.info["books"]["book"] == {"kept": 60, "the same as another tune": 60}


def test_it_is_loaded_by_name_like_any_other_and_the_same_seed_gives_the_same_corpus(
    book: Path, tmp_path: Path
) -> None:
    built = build_mapped([book], name="big", as_is=True, folder=tmp_path, seed=3)
    loaded = load_corpus(tmp_path / "big.json")
    assert isinstance(loaded, MappedCorpus)
    assert loaded.fingerprint == built.fingerprint
    assert [*loaded.train] == [*built.train]
    assert loaded.train[2:5] == [loaded.train[k] for k in (2, 3, 4)]
    assert loaded.train[-1] == [*loaded.train][-1]
    again = build_mapped([book], name="again", as_is=True, folder=tmp_path, seed=3)
    other = build_mapped([book], name="other", as_is=True, folder=tmp_path, seed=4)
    assert again.fingerprint == built.fingerprint != other.fingerprint
    assert not list(tmp_path.glob(".*"))  # nothing of the building is left


def test_files_that_do_not_belong_together_are_refused(book: Path, tmp_path: Path) -> None:
    build_mapped([book], name="big", as_is=True, folder=tmp_path)
    with open(tmp_path / "big.ids", "ab") as ids:
        ids.write(b"x")
    with pytest.raises(CorpusError, match="build it again"):
        load_corpus(tmp_path / "big.json")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_stream_of_tunes_is_what_the_whole_file_gives(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "a.abc"
    text = "% a file header\n\n" + "\n\n".join(tune(k) for k in range(5))
    path.write_bytes(text.replace("\n", ends).encode("latin-1", "replace"))
    assert [*stream_tunes(path)] == [source.text for source in file_tunes([path])]
    path.write_text("<start>\n" + "\n<end>\n<start>\n".join(tune(k) for k in range(5)) + "\n<end>\n", "utf-8")
    assert [*stream_tunes(path)] == [source.text for source in file_tunes([path])]


def test_more_characters_than_a_byte_can_count_take_two(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    texts = [tune(k).replace("–", "".join(chr(0x4E00 + 30 * k + j) for j in range(30))) for k in range(40)]
    path.write_text("\n\n".join(texts), "utf-8")
    corpus = build_mapped([path], name="wide", as_is=True, folder=tmp_path)
    assert corpus.info["width"] == 2
    assert sorted(corpus.texts) == sorted(texts)


def test_a_book_that_repeats_a_few_tunes_is_split_too(tmp_path: Path) -> None:
    """A gigabyte made of 3,600 tunes had no held-out tune: the share was of texts, and contours were drawn."""
    path = tmp_path / "a.abc"
    path.write_text("\n\n".join(tune(k) for k in [*range(30)] * 200), "utf-8")
    corpus = build_mapped([path], name="few", as_is=True, folder=tmp_path)
    assert corpus.validation and corpus.test
    assert max(len(corpus.validation), len(corpus.test)) <= 2000
    assert not {*map(contour, corpus.validation)} & {*map(contour, corpus.train)}


@pytest.mark.parametrize(
    "change",
    [
        {"alphabet": "\ud800"}, {"alphabet": ""}, {"width": 10**30}, {"tunes": {"train": -1}}, {"characters": {}},
        {"characters": {"train": 10**30}}, {"headers": None}, {"fingerprint": None},
    ],
)  # fmt: skip
def test_a_large_corpus_that_was_tampered_with_is_a_sentence(
    book: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    build_mapped([book], name="big", as_is=True, folder=tmp_path)
    path = tmp_path / "big.json"
    description = json.loads(path.read_text())
    for name, value in change.items():
        if value is None:
            del description[name]
        else:
            description[name] = {**description[name], **value} if isinstance(value, dict) and value else value
    path.write_text(json.dumps(description))
    with pytest.raises(CorpusError, match="build"):
        list(load_corpus(path).texts)


def test_bounds_that_were_tampered_with_are_a_sentence(book: Path, tmp_path: Path) -> None:
    build_mapped([book], name="big", as_is=True, folder=tmp_path)
    file = tmp_path / "big.train.npy"
    bounds = np.load(file)
    for wrong in (bounds[::-1].copy(), bounds - 5, bounds.astype(float), bounds[None], np.zeros(0, dtype=np.int64)):
        np.save(file, wrong)
        with pytest.raises(CorpusError, match="build it again"):
            load_corpus(tmp_path / "big.json")
    np.save(file, bounds)
    whole = file.read_bytes()
    for broken in (
        b"",
        whole[:40],
        whole.replace(b"), }", b"    "),
        whole.replace(b"}", b"'"),
        whole.replace(b"(", b"(9"),
    ):
        file.write_bytes(broken)
        with pytest.raises(CorpusError, match="build it again"):
            load_corpus(tmp_path / "big.json")
    file.write_bytes(whole)
    ids = tmp_path / "big.ids"
    ids.write_bytes(b"\xff" * ids.stat().st_size)
    with pytest.raises(CorpusError, match="build the corpus again"):
        list(load_corpus(tmp_path / "big.json").texts)

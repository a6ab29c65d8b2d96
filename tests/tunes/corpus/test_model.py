"""A corpus keeps relatives together, saves and loads itself, and says what it found when that is too little."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import CorpusError
from charlstm.tunes.corpus.build import build_corpus, import_corpus
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import PARTS, Corpus
from charlstm.tunes.corpus.near_duplicates import grams, related
from charlstm.tunes.corpus.sources import SourceTune, file_tunes, music21_tunes

HEADER = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"


def random_tune(seed, key="G"):
    rng = np.random.default_rng(seed)
    bars = ["".join(rng.choice(list("GABcdefg"), 8)) for _ in range(8)]
    return HEADER.replace("K:G", f"K:{key}") + "|".join(bars) + "|]"


def sources(texts):
    return [SourceTune(text, "book", "file.abc") for text in texts]


def test_twins_are_found_in_another_key_and_kept_once():
    tune = random_tune(1)
    in_a = dict(zip("GABcdefg", "ABcdefga", strict=True))
    header, body = tune.split("K:G\n")
    moved = header + "K:A\n" + "".join(in_a.get(character, character) for character in body)
    texts = [tune, *map(random_tune, range(2, 12)), moved]
    corpus = build_corpus(sources(texts), name="t")
    assert len(corpus.texts) == 11
    assert corpus.info["books"]["book"]["nearly the same as another tune"] == 1


def test_no_relative_is_in_another_part():
    """A tune with half its bars changed is a relative: it may stay, but not in another part."""
    originals = [random_tune(seed) for seed in range(30)]
    halves = [
        "|".join(a.split("|")[:5] + b.split("|")[5:])
        for a, b in zip(originals, map(random_tune, range(90, 120)), strict=True)
    ]
    corpus = build_corpus(sources(originals + halves), name="t", as_is=True)
    assert len(corpus.texts) == 60
    parts = [part for part in PARTS for _ in getattr(corpus, part)]
    pairs = related([grams(text) for text in corpus.texts])
    assert len(pairs) >= 30
    assert all(parts[pair.first] == parts[pair.second] for pair in pairs)


def test_same_tunes_and_seed_give_the_same_split_and_another_seed_another():
    tunes = sources(map(random_tune, range(40)))
    one = build_corpus(tunes, name="t")
    assert one.fingerprint == build_corpus(tunes, name="t").fingerprint
    assert one.fingerprint != build_corpus(tunes, name="t", seed=1).fingerprint
    assert (len(one.train), len(one.validation), len(one.test)) == (32, 4, 4)


def test_a_saved_corpus_loads_and_a_torn_one_is_refused(tmp_path):
    corpus = Corpus("t", ("A|\n\nX:9\nstrange \u00e9", "B|"), ("c",), (), info={"seed": 3})
    path = save_corpus(corpus, tmp_path)
    loaded = load_corpus(path)
    assert loaded == corpus and loaded.fingerprint == corpus.fingerprint
    path.with_suffix(".abc").write_text("X:1\nsomething else\n")
    with pytest.raises(CorpusError, match="belong together"):
        load_corpus(path)


def test_a_corpus_that_is_not_there_says_how_to_build_it(tmp_path):
    with pytest.raises(CorpusError, match="corpus build nowhere"):
        load_corpus(tmp_path / "nowhere.json")


def test_too_little_says_what_was_found(tmp_path):
    with pytest.raises(CorpusError, match=r"of 1 tunes found.*8 bars"):
        build_corpus(sources([HEADER + "G8|]"]), name="t")


def test_import_keeps_parts_and_texts_as_they_are(tmp_path):
    (tmp_path / "train.abc").write_bytes(
        b"<start>\r\nX:1\r\nT:caf\xe9\r\nK:G\r\nabc|\r\n<end>\r\n<start>\r\nK:D\r\nd|\r\n<end>\r\n"
    )
    (tmp_path / "valid.abc").write_text("X:1\nK:C\nC|\n\nX:2\nK:C\nD|\n")
    corpus = import_corpus("t", train=tmp_path / "train.abc", validation=tmp_path / "valid.abc")
    assert corpus.train == ("X:1\nT:caf\u00e9\nK:G\nabc|", "K:D\nd|")
    assert corpus.validation == ("X:1\nK:C\nC|", "X:2\nK:C\nD|") and corpus.test == ()


def test_files_and_folders_of_the_user(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.abc").write_text("X:1\nK:G\nA|\n\nX:2\nK:G\nB|\n")
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    assert [tune.text for tune in file_tunes([tmp_path / "in"])] == ["X:1\nK:G\nA|", "X:2\nK:G\nB|"]
    with pytest.raises(CorpusError, match="not there"):
        list(file_tunes([tmp_path / "nothing.abc"]))


def test_the_installed_books_hold_what_they_held():
    """The count of tunes in music21 10.5.1, on which the default corpus and its figures stand."""
    books = [tune.book for tune in music21_tunes()]
    assert {book: books.count(book) for book in set(books)} == {
        "oneills1850": 2009,
        "ryansMammoth": 1059,
        "airdsAirs": 1180,
        "miscFolk": 185,
    }

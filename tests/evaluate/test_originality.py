"""A copy is found however it is disguised, its places are right in both texts, and real tunes are the yardstick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from charlstm.evaluate import originality_file
from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.originality import LEAST_RUN, OriginalityIndex, build_originality_index, originality, spread
from charlstm.evaluate.originality_file import originality_index
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.views.melody import melody_notes, steps
from tests.conftest import TUNES

# Two tunes that share no step: one climbs and falls in quavers, the other repeats notes in a dotted rhythm.
SOURCE = "T:The Old One\nM:4/4\nL:1/8\nK:G\n|:GABd edBA|GFGA B2d2|gfed Bdef|gage dBAG:|"
OTHER = "T:Drone\nM:4/4\nL:1/8\nK:C\nC3C C3C|C3C C3C|C3C C3C|C8|]"
DISGUISED = {
    "as it is": SOURCE,
    "a fourth higher": "M:4/4\nL:1/8\nK:C\n|:cdeg agec|cBcd e2g2|c'bag egab|c'd'c'a gedc:|".replace("agec", "aged"),
    "an octave lower": "M:4/4\nL:1/8\nK:G\n|:G,A,B,D EDB,A,|G,F,G,A, B,2D2|GFED B,DEF|GAGE DB,A,G,:|",
    "in sixteenths": "M:2/4\nL:1/16\nK:G\n|:GABd edBA|GFGA B2d2|gfed Bdef|gage dBAG:|",
    "in crotchets": "M:4/4\nL:1/4\nK:G\n|:GABd|edBA|GFGA|B2d2|gfed|Bdef|gage|dBAG:|",
    "in bars of six": "M:6/8\nL:1/8\nK:G\nGABded|BAGFGA|B2d2gf|edBdef|gagedB|AG|]",
    "with tied notes over the bar": "M:3/8\nL:1/8\nK:G\nGAB|ded|BAG|FGA|B2d-|dgf|edB|def|gag|edB|AG|]",
    "with graces and chords": "M:4/4\nL:1/8\nK:G\n|:{a}GAB[dG] {fe}edBA|GF~GA B2d2|[gB]fe{f}d Bdef|gage dBAG:|",
    "spelled otherwise": "M:4/4\nL:1/8\nK:C\n|:GABd edBA|G^FGA B2d2|gfed Bde^f|gage dBAG:|".replace("|gfed", "|g^fed"),
}


def index_of(*texts: str, real: tuple[str, ...] = ()) -> OriginalityIndex:
    return build_originality_index(Corpus("c", train=texts, validation=(), test=real))


@pytest.mark.parametrize("copy", DISGUISED.values(), ids=DISGUISED)
def test_a_planted_copy_is_found_whole(copy: str) -> None:
    found = originality(copy, index_of(OTHER, *TUNES, SOURCE))
    assert (found.title, found.source, found.covered) == ("The Old One", SOURCE, 1.0)
    assert found.longest_run == found.notes == len(melody_notes(SOURCE))
    ((start, end),) = found.source_spans
    assert SOURCE[start:end] == "GABd edBA|GFGA B2d2|gfed Bdef|gage dBAG"


def test_what_is_marked_is_shared_and_all_that_is_shared_is_marked() -> None:
    """Two pieces of a tune between bars of one's own: note by note, the marked ones are those of the source."""
    tune = "M:4/4\nL:1/8\nK:G\nG,8|GABd edBA|G,8|gfed Bdef|gag2 G,4|]"
    found = originality(tune, index_of(OTHER, SOURCE))
    assert [tune[a:b] for a, b in found.spans] == ["GABd edBA", "gfed Bdef|ga"]  # g2 is longer than its g
    assert [SOURCE[a:b] for a, b in found.source_spans] == ["GABd edBA", "gfed Bdef|ga"]
    assert found.longest_run == 10
    assert found.covered == pytest.approx(18 / found.notes)


def test_a_run_shorter_than_a_bar_is_no_find() -> None:
    """It is the longest run, and nothing is marked."""
    tune = "M:4/4\nL:1/8\nK:G\nGABd e4|G,8|]"
    found = originality(tune, index_of(SOURCE))
    assert 0 < found.longest_run < LEAST_RUN
    assert (found.covered, found.spans, found.source_spans) == (0, (), ())


@pytest.mark.parametrize("text", ["", "K:C\n", "T:words only", "M:4/4\nK:C\nG|]", "X:1\nM:4/4\nK:C\n|\x00\ud800|"])
def test_a_text_without_steps_shares_nothing(text: str) -> None:
    found = originality(text, index_of(*TUNES, real=TUNES[:2]))
    assert (found.longest_run, found.title, found.source, found.covered, found.spans) == (0, "", "", 0, ())
    assert not found.is_unusual


def test_runs_agree_with_the_definition() -> None:
    """Every pair of places of two melodies compared, one by one."""
    rng = np.random.default_rng(0)
    letters = [
        "M:4/4\nL:1/8\nK:C\n" + "".join(rng.choice(list("CDE"), 60)) + "|]" for _ in range(4)
    ]  # three notes: many runs
    query, texts = letters[0], letters[1:]
    mine, lines = steps(melody_notes(query)), [steps(melody_notes(text)) for text in texts]
    longest = max(
        n
        for line in lines
        for i in range(len(mine))
        for j in range(len(line))
        for n in [next((k for k, (a, b) in enumerate(zip(mine[i:], line[j:], strict=False)) if a != b), 0)]
    )
    assert MelodyIndex(texts).longest_run(query).notes == longest + 1


def test_the_real_tunes_are_the_yardstick() -> None:
    """95 in 100 of the held-out tunes share no more than `usual_run`; one that shares more is unusual."""
    melodies = MelodyIndex([OTHER, SOURCE])
    runs = np.arange(1, 101, dtype=np.int32)
    index = OriginalityIndex(melodies, runs)
    assert np.mean(runs <= index.usual_run) >= 0.95 > np.mean(runs < index.usual_run)
    assert index.rank(index.usual_run + 1) == pytest.approx(0.95)
    whole = originality(SOURCE, OriginalityIndex(melodies, np.full(20, 12, dtype=np.int32)))
    assert (whole.usual_run, whole.is_unusual) == (12, True)
    assert not originality(SOURCE, OriginalityIndex(melodies, np.full(20, 99, dtype=np.int32))).is_unusual


def test_without_held_out_tunes_nothing_is_unusual() -> None:
    found = originality(SOURCE, index_of(SOURCE))
    assert (found.usual_run, found.is_unusual) == (0, False)


def test_many_texts_are_thinned_evenly() -> None:
    assert spread(range(10), 20) == tuple(range(10))  # type: ignore[arg-type]
    assert spread(range(100), 4) == (0, 25, 50, 75)  # type: ignore[arg-type]


# ---- the file -------------------------------------------------------------------------------------------------------

CORPUS = Corpus("c", train=(OTHER, SOURCE, *TUNES[:3]), validation=TUNES[3:4], test=TUNES[4:])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    return tmp_path


def test_the_index_from_the_file_is_the_index_that_was_built(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = originality_index(CORPUS)
    monkeypatch.setattr(originality_file, "build_originality_index", None)  # a second time nothing is built
    read = originality_index(CORPUS)
    for tune in (*DISGUISED.values(), *TUNES):
        assert originality(tune, read) == originality(tune, built)
    assert read.real_runs.tolist() == built.real_runs.tolist()


def test_another_corpus_has_another_file(home: Path) -> None:
    originality_index(CORPUS)
    fewer = Corpus("c", train=CORPUS.train[2:], validation=CORPUS.validation, test=CORPUS.test)
    assert originality(SOURCE, originality_index(fewer)).title != "The Old One"


@pytest.mark.parametrize("harm", ["cut", "emptied", "of another format", "of another corpus"])
def test_a_file_that_is_harmed_is_built_again(home: Path, harm: str) -> None:
    good = originality(SOURCE, originality_index(CORPUS))
    (path,) = (home / "data" / "cache" / "originality").glob("*.npz")
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:300])
    elif harm == "emptied":
        path.write_bytes(b"")
    elif harm == "of another format":
        np.savez(path, line=np.zeros(3))
    else:
        other = MelodyIndex(TUNES).arrays()
        np.savez(path, allow_pickle=False, real_runs=np.zeros(1, dtype=np.int32), **other)
    assert originality(SOURCE, originality_index(CORPUS)) == good
    with np.load(path) as file:
        assert "suffixes" in file
        assert len(file["lengths"]) == len(CORPUS.train)


def test_a_home_that_cannot_be_written_costs_only_time(home: Path) -> None:
    (home / "data").write_text("in the way")
    assert originality(SOURCE, originality_index(CORPUS)).title == "The Old One"

"""Recordings on disk: the values of `record`, whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons import recording_file as module
from charlstm.neurons.recording import record
from charlstm.neurons.recording_file import fingerprint, open_recording, record_to_file, texts_to_record
from charlstm.progress import Progress
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES, MakeEngine


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("shape", [{}, {"cell": "gru", "num_layers": 2, "lookback_bars": (1,)}])
def test_a_recording_holds_what_record_gives(shape: dict, make_engine: MakeEngine) -> None:
    engine = make_engine(**shape)
    recording = record_to_file(engine, TUNES)
    assert recording.rows.shape == (engine.config.num_layers * 8, sum(map(len, TUNES)))
    for index, text in enumerate(TUNES):
        expected = record(engine, text)
        got = recording.of_text(index)
        assert got.text == text
        np.testing.assert_allclose(got.values, expected.values, atol=6e-4)
        start = recording.starts[index]
        for unit in ((0, 0), (engine.config.num_layers - 1, 7)):
            row = recording.unit(unit)[start : start + len(text)]
            np.testing.assert_allclose(row, expected.unit(unit), atol=6e-4)
    assert recording.locate(0) == (0, 0)
    assert recording.locate(len(TUNES[0])) == (1, 0)
    assert recording.locate(recording.characters - 1) == (len(TUNES) - 1, len(TUNES[-1]) - 1)
    with pytest.raises(ConfigError, match="0:8"):
        recording.unit((0, 8))


def test_it_is_prepared_once_and_again_for_another_model_or_other_texts(tiny_engine: Engine) -> None:
    assert open_recording(tiny_engine, TUNES) is None
    asked: list[int] = []
    first = record_to_file(tiny_engine, TUNES, report=lambda now: asked.append(now.done))
    again = record_to_file(tiny_engine, TUNES, report=lambda now: asked.append(-1))
    assert asked == [first.characters]
    assert again.path == first.path
    others = [
        record_to_file(tiny_engine, TUNES[1:]),
        record_to_file(tiny_engine.ablate([(0, 1)]), TUNES),
        record_to_file(tiny_engine.steer({0: np.ones(8)}), TUNES),
    ]
    assert len({first.path, *[o.path for o in others]}) == 4
    assert fingerprint(tiny_engine) == fingerprint(tiny_engine.ablate([]))


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: d[:40], lambda d: b"", lambda d: b"x" * len(d)])
def test_a_torn_file_is_made_again(damage: object, tiny_engine: Engine) -> None:
    path = record_to_file(tiny_engine, TUNES).path
    whole = path.read_bytes()
    path.write_bytes(damage(whole))  # type: ignore[operator]
    assert open_recording(tiny_engine, TUNES) is None
    record_to_file(tiny_engine, TUNES)
    assert path.read_bytes() == whole


def test_one_that_is_left_half_way_leaves_nothing(tiny_engine: Engine, home: Path) -> None:
    class MovedOn(Exception):
        pass

    def leave(now: Progress) -> None:
        raise MovedOn

    with pytest.raises(MovedOn):
        record_to_file(tiny_engine, TUNES, report=leave)
    assert list((home / "data" / "cache" / "activations").iterdir()) == []


def test_the_least_recently_used_recordings_go_first(tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = record_to_file(tiny_engine, TUNES[:2]), record_to_file(tiny_engine, TUNES[:3])
    import os

    os.utime(first.path, (1, 1))
    monkeypatch.setattr(module, "CACHE_BYTES", second.path.stat().st_size + 2 * 8 * len(TUNES[0]))
    record_to_file(tiny_engine, TUNES[:1])
    assert not first.path.exists()
    assert second.path.exists()
    assert first.unit((0, 0)).shape == (first.characters,)  # whoever has it open keeps it


def test_a_full_disk_is_a_sentence(tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 0

    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Full)
    with pytest.raises(ConfigError, match="disk is full"):
        record_to_file(tiny_engine, TUNES)


def test_unseen_tunes_come_first_and_unreadable_ones_not_at_all(tiny_engine: Engine) -> None:
    corpus = Corpus("x", train=(TUNES[0], TUNES[1]), validation=(TUNES[2], "T:é\nK:C\n"), test=(TUNES[3],))
    assert texts_to_record(tiny_engine, corpus) == (TUNES[3], TUNES[2], TUNES[0], TUNES[1])
    short = len(TUNES[3]) + len(TUNES[2])
    assert texts_to_record(tiny_engine, corpus, characters=short) == (TUNES[3], TUNES[2])
    with pytest.raises(ConfigError):
        record_to_file(tiny_engine, [])

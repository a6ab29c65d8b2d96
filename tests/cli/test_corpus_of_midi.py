"""A corpus out of MIDI files: a folder or a ZIP of them, and a damaged one that loses none of the others."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import mido
import pytest

from charlstm.cli import main
from charlstm.score.midi_import.melody import read_midi
from charlstm.tunes.corpus.uploads import read_uploads

TUNES = {
    "one": (62, 66, 69, 66, 67, 71, 74, 71), "two": (67, 69, 71, 72, 74, 74, 71, 67),
    "three": (74, 73, 71, 69, 67, 66, 64, 62), "four": (64, 71, 67, 71, 64, 66, 67, 64),
    "five": (69, 76, 73, 76, 69, 71, 73, 69),
}  # fmt: skip


def midi(pitches: tuple[int, ...]) -> bytes:
    """Sixteen bars of 4/4 that say these eight quavers, and now and then change one: a tune long enough to be kept."""
    track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=4, denominator=4)])
    for bar in range(16):
        for beat, pitch in enumerate(pitches):
            note = pitch + (2 if beat == bar % 8 else 0)
            track.append(mido.Message("note_on", note=note, velocity=80, time=0))
            track.append(mido.Message("note_off", note=note, velocity=0, time=240))
    file = io.BytesIO()
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(file=file)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five tunes as MIDI files, and one file that only begins like one."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path / "home"))
    tunes = tmp_path / "tunes"
    tunes.mkdir()
    for name, pitches in TUNES.items():
        (tunes / f"{name}.mid").write_bytes(midi(pitches))
    (tunes / "torn.mid").write_bytes(midi(TUNES["one"])[:20])
    return tunes


def zipped(folder: Path) -> Path:
    path = folder.parent / "tunes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_midi_files_become_a_corpus(folder: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    source = folder if form == "folder" else zipped(folder)
    main(["corpus", "build", "mine", "--from", str(source), "--json"])
    about = json.loads(capsys.readouterr().out)
    counts = about["books"]["tunes"]
    assert counts["kept"] == 5 and counts["a file that cannot be read"] == 1
    assert sum(about["tunes"].values()) == 5


def test_an_uploaded_zip_names_the_file_that_it_cannot_read(folder: Path) -> None:
    upload = read_uploads([("tunes.zip", zipped(folder).read_bytes())], lambda data: read_midi(data).text)
    assert [tune.file for tune in upload.tunes] == ["five.mid", "four.mid", "one.mid", "three.mid", "two.mid"]
    assert all(f"T:{tune.file.removesuffix('.mid')}\n" in tune.text for tune in upload.tunes)
    ((name, reason),) = upload.refused
    assert name == "torn.mid" and reason


def test_where_nobody_reads_midi_it_is_named(folder: Path) -> None:
    upload = read_uploads([("one.mid", (folder / "one.mid").read_bytes())])
    assert upload.refused == (("one.mid", "it is a MIDI file"),)

"""Laws of the library's export."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from pathlib import Path
from typing import Any

import mido
import pypdf
import pytest

from charlstm.errors import AudioUnavailable, NotationError
from charlstm.library.tune import LibraryTune, numbered
from charlstm.lm.store.card import model_card
from charlstm.lm.store.checkpoint import Checkpoint, find_checkpoint, load_checkpoint
from charlstm.score.formats import FORMATS
from charlstm.ui.library import import_zip
from charlstm.ui.library.archive import abc_book, zip_of
from charlstm.ui.library.export import file_of, tunebook
from charlstm.ui.library.import_zip import read_zip
from charlstm.ui.library.tunes import command
from charlstm.ui.shared.share import home_address
from charlstm.ui.shared.url_state import ComposeSettings
from tests.archives import zipped
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter

HOSTILE = "T:../../<b>x</b>\n" + TUNES[0].partition("\n")[2]


def two_tunes() -> list[LibraryTune]:
    composed = ComposeSettings(model="reciter", seed=3, title="A & B").query
    settings = {"model": "reciter", "temperature": 0.5, "seed": 4, "prime": "T:A\nK:D\n", "max_length": 99}
    return [
        LibraryTune(1, numbered(TUNES[0]), "The Cold Kettle", "composed", composed),
        LibraryTune(2, numbered(HOSTILE), "../../<b>x</b>", "continued", settings, rating=4, tags=("class",)),
    ]


def opened(**more: Any) -> zipfile.ZipFile:
    made = zip_of(two_tunes(), cards={"reciter": "# card"}, file_of=file_of, book=b"%PDF", base="http://h/", **more)
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.testzip() is None
    return archive


def test_the_zip_has_everything_and_all_of_it_opens() -> None:
    archive = opened()
    names = archive.namelist()
    assert all(not name.startswith(("/", ".")) and ".." not in name for name in names)
    folders = {name.split("/")[1] for name in names if name.startswith("tunes/")}
    assert folders == {"01-the-cold-kettle", "02-b-x-b"}
    for folder in folders:
        stem = f"tunes/{folder}/{folder}"
        assert any(m.type == "note_on" for m in mido.MidiFile(file=io.BytesIO(archive.read(f"{stem}.mid"))))
        assert "score-partwise" in archive.read(f"{stem}.musicxml").decode()
        assert len(pypdf.PdfReader(io.BytesIO(archive.read(f"{stem}.pdf"))).pages) >= 1
        assert archive.read(f"{stem}.abc").decode().startswith("X:1\n")
        endings = {name.rpartition(".")[2] for name in names if name.startswith(stem)}
        assert endings == {form.ending for form in FORMATS.values() if form.zipped and not form.large}
    assert archive.read("tunes.abc").decode() == abc_book(two_tunes())
    settings = json.loads(archive.read("settings.json"))
    assert settings[0]["settings"]["seed"] == "3"
    assert settings[1]["settings"]["prime"] == "T:A\nK:D\n"


def test_the_readme_has_the_links_and_commands_that_bring_tunes_back() -> None:
    readme = opened().read("README.txt").decode()
    assert "http://h/?model=reciter&seed=3&temperature=0.8&length=1000&title=A+%26+B" in readme
    commands = [line.split("command")[1].strip() for line in readme.splitlines() if "    command  " in line]
    assert shlex.split(commands[0]) == shlex.split(command(two_tunes()[0]))
    assert shlex.split(commands[1])[shlex.split(commands[1]).index("--prime") + 1] == "T:A\\nK:D\\n"


def test_the_same_tunes_make_the_same_bytes() -> None:
    def made() -> bytes:
        return zip_of(two_tunes(), cards={}, file_of=lambda _, name: name.encode(), book=b"", sound=True)

    assert made() == made()


def test_what_cannot_be_made_is_said_in_the_readme() -> None:
    def file_of(text: str, name: str) -> bytes:
        if name == "wav":
            raise AudioUnavailable("there is no synthesizer")
        if name != "abc":
            raise NotationError("no notes")
        return text.encode()

    made = zip_of(two_tunes(), cards={}, file_of=file_of, book=b"", sound=True)
    readme = zipfile.ZipFile(io.BytesIO(made)).read("README.txt").decode()
    assert readme.count("no MIDI, MusicXML, PDF: no notes") == 2
    assert readme.count("no WAV: there is no synthesizer") == 2


def test_sound_is_there_on_request_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charlstm.ui.library.archive.MAX_SOUND", 3)

    def made(sound: bool) -> zipfile.ZipFile:
        data = zip_of(two_tunes(), cards={}, file_of=lambda _, name: name.encode() + b"1", book=b"", sound=sound)
        return zipfile.ZipFile(io.BytesIO(data))

    assert sum(name.endswith(".wav") for name in made(True).namelist()) == 1
    assert "fills this file" in made(True).read("README.txt").decode()
    assert not any(name.endswith(".wav") for name in made(False).namelist())


def test_the_book_has_contents_and_a_broken_tune_as_text() -> None:
    texts = (*TUNES[:2], "T:Broken\nK:D\n%nothing")
    tunes = [LibraryTune(n, numbered(text), name, "own") for n, (text, name) in enumerate(
        zip(texts, ("My own name", "Maggie in the Barley", "Broken"), strict=True)
    )]  # fmt: skip
    book = pypdf.PdfReader(io.BytesIO(tunebook(tunes, "A book")))
    text = "".join(sheet.extract_text() for sheet in book.pages)
    for words in ("A book", "Contents", "My own name", "Maggie in the Barley", "Broken", "%nothing"):
        assert words in text
    assert "The Cold Kettle" not in text


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return load_checkpoint(save_reciter(tmp_path / "a<b|c", TUNES[:1]))


def test_a_card_says_what_the_json_says(checkpoint: Checkpoint) -> None:
    card = model_card(checkpoint)
    assert card.startswith("# a b c\n")
    assert f"| Kind | plain RNN, {checkpoint.config.hidden_size} units, 1 layer |" in card
    weights = sum(array.size for array in checkpoint.weights().values())
    assert f"| Weights | {weights:,} |" in card
    assert "Test loss" not in card  # it has none
    shipped = model_card(load_checkpoint(find_checkpoint("lstm-512")))
    assert "| Corpus | fiddle, 2,873 tunes |" in shipped
    assert "| Looks back (bars) | 1, 2, 4, 8, the open repeat |" in shipped
    assert "| seed | 0 |" in shipped


def test_the_address_of_compose_from_the_library() -> None:
    assert home_address("http://localhost:8501/library") == "http://localhost:8501/"
    assert home_address("https://h/app/library") == "https://h/app/"
    assert home_address("") == ""


def test_an_exported_zip_is_read_back() -> None:
    data = zip_of(two_tunes(), cards={}, file_of=lambda text, name: text.encode(), book=b"")
    first, second = read_zip(data).tunes
    assert [first.text, second.text] == [tune.text for tune in two_tunes()]
    assert (first.how, first.more["settings"]) == ("composed", two_tunes()[0].settings)
    assert second.more["rating"] == 4
    assert second.more["tags"] == ["class"]
    assert second.more["starred"]


def test_names_keep_their_letters_and_two_tunes_of_one_name_stay_apart() -> None:
    name = "Ó Carolán’s Ærø: 2/3."
    texts = [numbered(f"T:{name}\nM:4/4\nL:1/8\nK:D\n{notes}8|]") for notes in "AB"]
    tunes = [LibraryTune(n, text, name, "own") for n, text in enumerate(texts, 1)]
    data = zip_of(tunes, cards={}, file_of=lambda text, _: text.encode(), book=b"")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".abc") and "/" in entry.filename]
    assert [entry.filename.split("/")[1] for entry in entries] == ["01-ó-carolán-s-ærø-2-3", "02-ó-carolán-s-ærø-2-3"]
    assert all(entry.flag_bits & 0x800 for entry in entries)  # read as UTF-8
    assert [(tune.text, tune.more["name"]) for tune in read_zip(data).tunes] == [(text, name) for text in texts]


@pytest.mark.parametrize("settings", ["", "[" * 100_000, '{"a": 1}', "[1, null]", '[{"name": 1, "settings": [2]}]'])
def test_a_tune_comes_in_whatever_its_settings_are(settings: str) -> None:
    (tune,) = read_zip(zipped({"tunes/01-a/01-a.abc": b"X:1\nK:D\nabc|\n", "settings.json": settings.encode()})).tunes
    assert (tune.text, tune.how) == ("X:1\nK:D\nabc|", "own")


def test_what_is_no_export_is_a_sentence() -> None:
    long = zipped({"tunes/01-a/01-a.abc": b"A" * 10_000_000})
    for data, words in ((b"", "damaged"), (b"PK\x03\x04", "damaged"), (zipped({}), "no tunes/"), (long, "characters")):
        with pytest.raises(NotationError, match=words):
            read_zip(data)


def test_one_tune_that_cannot_be_read_loses_no_other() -> None:
    files = {f"tunes/{n:02d}-a/a.abc": f"X:1\nT:{n}\nK:D\n".encode() + b"abc|" * 40 for n in (1, 2, 3)}
    data = bytearray(zipped(files))
    at = data.index(b"tunes/02-a/a.abc") + len("tunes/02-a/a.abc")
    data[at + 5 : at + 15] = b"\xff" * 10
    tunes, refused = read_zip(bytes(data))
    assert [tune.text[:7] for tune in tunes] == ["X:1\nT:1", "X:1\nT:3"]
    ((name, reason),) = refused
    assert name == "tunes/02-a/a.abc"
    assert "damaged" in reason


def test_many_tunes_are_no_more_than_they_may_be_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_zip, "MAX_TEXT", 1000)
    with pytest.raises(NotationError, match="export fewer"):
        read_zip(zipped({f"tunes/{n:02d}-a/a.abc": b"X:1\nK:C\n" + b"abc|" * 40 for n in range(10)}))

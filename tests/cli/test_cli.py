"""Each command as a user types it: exit status, what is printed, what is written."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from charlstm.cli import build_parser, main
from charlstm.cli.common import unescape, with_number, without_number
from charlstm.cli.train_options import configs
from charlstm.evaluate.loss import loss
from charlstm.lm.config import LOOKBACK_BARS, ModelConfig, TrainConfig
from charlstm.lm.infer.engine import load
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, load_checkpoint, save_checkpoint
from charlstm.score.formats import FORMATS
from charlstm.tunes.abc import split_tunebook
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.views.bars import filled
from tests.conftest import TUNES, VOCAB, make_weights

GOOD = "M:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|\n|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|"
CONFIG = ModelConfig(hidden_size=8, embedding_size=5, lookback_bars=(1,), lookback_size=3)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of our own with a corpus and a model of random weights, and the working folder in it."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    corpus = Corpus("tiny", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])
    save_corpus(corpus)
    about = CorpusInfo(name="tiny", fingerprint=corpus.fingerprint)
    checkpoint = Checkpoint(tmp_path / "checkpoints" / "toy", CONFIG, VOCAB, corpus=about, val_loss=4.25)
    save_checkpoint(checkpoint, make_weights(CONFIG, VOCAB))
    book = "\n\n".join(with_number(text, n) for n, text in enumerate(TUNES, 1))
    (tmp_path / "book.abc").write_text(book, encoding="utf-8")
    return tmp_path


def run(line: str) -> int:
    """The exit status of a command line, its words parted as a shell parts them."""
    return main(shlex.split(line))


def says(capsys: pytest.CaptureFixture[str], line: str) -> Any:
    """Run a command with --json that succeeds, and return its value: all of standard output."""
    capsys.readouterr()
    assert run(f"{line} --json") == 0
    return json.loads(capsys.readouterr().out)


def refuses(capsys: pytest.CaptureFixture[str], line: str) -> str:
    """Run a command that fails, and return its sentence."""
    capsys.readouterr()
    assert run(line) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("charlstm: ")
    assert printed.err.count("\n") == 1
    return printed.err


def commands(parser: argparse.ArgumentParser, name: str = "charlstm") -> dict[str, argparse.ArgumentParser]:
    """Every parser by the words that lead to it."""
    found = {name: parser}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                found.update(commands(inner, f"{name} {word}"))
    return found


PARSERS = commands(build_parser())


# Help and usage


@pytest.mark.parametrize("name", PARSERS)
def test_every_help_ends_with_an_example_that_parses(name: str) -> None:
    lines = PARSERS[name].format_help().rstrip().splitlines()
    example = lines[lines.index("Example:") + 1 :]
    assert example
    for line in example:
        line = line.split(" > ")[0].strip()
        assert line.startswith("charlstm ")
        build_parser().parse_args(line.split()[1:])


def test_every_command_speaks_json() -> None:
    for parser in PARSERS.values():
        leads_on = any(isinstance(action, argparse._SubParsersAction) for action in parser._actions)
        assert leads_on or "--json" in parser.format_help()


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from charlstm.cli import main\ntry: main(['train', '--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "torch", "music21", "streamlit"} & set(done.stdout.split())


@pytest.mark.parametrize(
    "line",
    ["", "corpus", "sample", "sample toy -n 0", "sample toy --seed -1", "sample toy --top-k many", "train", "nothing",
     "train --out x --epochs 1 --minutes 1", "train --out x --cell lstn", "train --out x --lookback 1,b",
     "render book.abc", "neurons heatmap toy book.abc --unit x --png a", "neurons heatmap toy book.abc --unit 0:1",
     "corpus build mine", "corpus build fiddle --as-is", "evaluate loss toy --split all",
     "evaluate panel", "evaluate panel book.abc --model toy"],
)  # fmt: skip
def test_wrong_usage_is_status_2(home: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("usage: charlstm")


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "charlstm", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("charlstm ")


# Corpus


def test_corpus_build_from_the_users_files(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "in").mkdir()
    for n in range(3):
        melody = GOOD.replace("d2fd", ("d2fd", "A2AA", "f2ed")[n]).replace("cege", ("cege", "c2c2", "ABcd")[n])
        (home / "in" / f"{n}.abc").write_text(f"X:1\n{melody}\n", encoding="utf-8")
    value = says(capsys, "corpus build mine --from in --as-is")
    assert sum(value["tunes"].values()) == 3
    assert load_corpus("mine").fingerprint == value["fingerprint"]
    assert run("corpus show mine") == 0
    assert value["fingerprint"][:12] in capsys.readouterr().out


def test_corpus_import_keeps_the_split(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, texts in (("a", TUNES[:3]), ("b", TUNES[3:5]), ("c", TUNES[5:])):
        (home / name).write_text("".join(f"<start>\n{text}\n<end>\n" for text in texts), encoding="latin-1")
    value = says(capsys, "corpus import theirs --train a --validation b --test c --as-is")
    assert value["tunes"] == {"train": 3, "validation": 2, "test": 1}
    assert load_corpus("theirs").train == TUNES[:3]


def test_corpus_errors_are_sentences(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "charlstm corpus build nope" in refuses(capsys, "corpus show nope")
    assert "nowhere.abc" in refuses(capsys, "corpus build mine --from nowhere.abc")
    (home / "empty.abc").write_text("hello\n")
    assert "tunes" in refuses(capsys, "corpus build mine --from empty.abc")


# Train


def test_train_then_resume_then_play(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    line = "train --corpus tiny --out run --hidden-size 6 --embedding-size 4 --lookback 1,2 --epochs 2 --threads 1"
    value = says(capsys, line)
    assert (value["path"], value["epochs"], value["ended"]) == ("run", 2, "epochs")
    assert load_checkpoint(home / "run").config.lookback_bars == (1, 2)
    own = loss(load("run"), load_corpus("tiny").test)
    assert value["test_loss"] == pytest.approx(own.all.nats_per_character, abs=1e-4)
    assert says(capsys, "train --out run --resume")["test_loss"] == value["test_loss"]
    assert "--resume" in refuses(capsys, line)
    assert says(capsys, "sample run --seed 1 --max-length 40")[0]["abc"].startswith("X:1\n")


def test_resuming_what_never_began_begins(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job killed before its first save is started again by the same line."""
    pytest.importorskip("torch")
    line = "train --corpus tiny --out new --hidden-size 4 --embedding-size 4 --epochs 1 --threads 1 --resume"
    assert run(line) == 0
    assert "starting one" in capsys.readouterr().err


def test_resuming_a_run_that_is_not_there_is_an_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It started a training with the default settings, on the default corpus."""
    assert "holds no run to resume" in refuses(capsys, "train --resume --out missing --threads 1")
    assert not (home / "missing").exists()


def test_a_resumed_run_trains_on_or_says_why_not(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    line = "train --corpus tiny --out run --hidden-size 4 --embedding-size 4 --epochs 2 --threads 1"
    assert says(capsys, line)["epochs"] == 2
    assert says(capsys, f"{line} --resume")["epochs"] == 2  # the same settings again are no change
    assert "hidden_size: cannot change" in refuses(capsys, "train --out run --resume --hidden-size 5")
    assert "seed: cannot change" in refuses(capsys, "train --out run --resume --seed 5")
    assert says(capsys, "train --out run --resume --epochs 3")["epochs"] == 3


def test_an_estimate_trains_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    value = says(capsys, "train --estimate --corpus tiny --hidden-size 8 --epochs 5 --threads 1")
    assert value["characters_per_epoch"] == sum(len(text) + 1 for text in TUNES[:4])
    assert value["seconds"] == pytest.approx(5 * value["characters_per_epoch"] / value["characters_per_second"])
    assert value["weights"] > 1000
    assert {path.name for path in home.iterdir()} == {"book.abc", "checkpoints", "data"}


def test_a_fork_of_an_epoch(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    size = "--hidden-size 4 --embedding-size 4 --threads 1"
    assert run(f"train --corpus tiny --out parent {size} --epochs 3 --keep-epochs") == 0
    forked = says(capsys, "train --out fork --fork parent --at 2 --epochs 1 --threads 1")  # on its parent's corpus
    assert forked["corpus"]["name"] == "tiny"
    assert forked["config"]["hidden_size"] == 4
    assert "stored are 0, 1, 2, 3" in refuses(capsys, "train --corpus tiny --out no --fork parent --at 7")
    dropping = says(
        capsys, "train --out dropping --fork parent --epochs 1 --threads 1 --dropout 0.5 --weight-dropout 0.25"
    )
    assert (dropping["config"]["dropout"], dropping["config"]["weight_dropout"]) == (0.5, 0.25)
    assert "cannot change in a fork; parent has 4" in refuses(capsys, "train --out no --fork parent --hidden-size 8")
    save_corpus(Corpus("strange", train=("K:C\nÄ|]",), validation=()))
    assert "other characters" in refuses(capsys, "train --corpus strange --out no --fork parent --at 2")


@pytest.mark.slow
def test_a_bare_machine_trains(home: Path) -> None:
    """Torch, numpy and safetensors are enough, given a built corpus: nothing else that we use is there."""
    pytest.importorskip("torch")
    others = {"music21", "verovio", "streamlit", "altair", "matplotlib", "pretty_midi", "midirenderer", "tqdm"}
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        f"absent = lambda name: name.split('.')[0] in {others!r}\n"
        "PathFinder.find_spec = lambda name, *more: None if absent(name) else find(name, *more)\n"
        "from charlstm.cli import main\n"
        "sys.exit(main('train --corpus tiny --out bare --hidden-size 4 --epochs 1 --threads 1 --json'.split()))\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ended"] == "epochs"


def test_train_errors_are_sentences(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    assert "hidden_size" in refuses(capsys, "train --corpus tiny --out run --hidden-size 0")
    assert "corpus build" in refuses(capsys, "train --corpus nope --out run")
    assert not (home / "run").exists()


def test_train_options_are_the_configurations() -> None:
    """Every setting can be given, and what is not given is the configuration's own, but for what the help says."""
    parse = build_parser().parse_args
    model, train = configs(parse(["train", "--out", "x"]))
    assert train == TrainConfig()
    assert model == ModelConfig(dropout=0.2, embedding_dropout=0.1, lookback_bars=LOOKBACK_BARS, clock=True, match=True)
    line = (
        "train --out x --cell gru --hidden-size 7 --layers 2 --embedding-size 3 --dropout 0.5 --embedding-dropout 0 "
        "--lookback none --tie-weights --minutes 2 --patience 3 --batch-size 5 --learning-rate 0.1 --final-rate 1 "
        "--warmup-steps 0 --optimizer adam --weight-decay 0 --clip-norm 5 --ema 0.9 --batching slices "
        "--sequence-length 30 --no-transpose --drop-fields 0 --seed 4 --bfloat16"
    )
    model, train = configs(parse(line.split()))
    plain_model, plain_train = ModelConfig().to_dict(), TrainConfig().to_dict()
    same = {name for name, value in model.to_dict().items() if value == plain_model[name]}
    assert same == {"lookback_bars", "lookback_size", "embedding_dropout"}
    assert {name for name, value in train.to_dict().items() if value == plain_train[name]} == {"epochs"}


@pytest.mark.parametrize("name", ["clock", "match"])
def test_a_network_that_looks_back_reads_the_clock_and_matches_unless_told_otherwise(name: str) -> None:
    for text, reads in (
        ("", True),
        (f"--no-{name}", False),
        ("--lookback none", False),
        (f"--lookback none --{name}", True),
    ):
        options = build_parser().parse_args(["train", "--out", "x", *text.split()])
        assert getattr(configs(options)[0], name) is reads


def test_a_lookback_of_0_is_the_open_repeat_as_the_help_says() -> None:
    """It was taken for none, though `1,2,0` had it as a lag."""
    for text, lags in (("0", (0,)), ("4,0", (4, 0)), ("none", ())):
        options = build_parser().parse_args(["train", "--out", "x", "--lookback", text])
        assert configs(options)[0].lookback_bars == lags


# Sample


def test_sample_writes_a_tunebook(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sample toy -n 3 --seed 5 --max-length 60 --out out.abc") == 0
    tunes = split_tunebook((home / "out.abc").read_text(encoding="utf-8"))
    assert [tune.split("\n")[0] for tune in tunes] == ["X:1", "X:2", "X:3"]
    capsys.readouterr()
    assert run("sample toy -n 3 --seed 5 --max-length 60") == 0
    assert capsys.readouterr().out == (home / "out.abc").read_text(encoding="utf-8")


def test_same_seed_same_tunes_and_a_new_one_else(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = (says(capsys, "sample toy -n 2 --seed 3 --max-length 50") for _ in range(2))
    assert first == again
    assert {*first[0]} == {"abc", "seed", "log_probability", "stopped"}
    assert [tune["seed"] for tune in first] == [3, 4]
    assert all(tune["log_probability"] < 0 and tune["stopped"] in ("end", "max_length") for tune in first)
    seeds = {says(capsys, "sample toy --max-length 5")[0]["seed"] for _ in range(4)}
    assert len(seeds) > 1


def test_the_best_tunes_come_first_and_say_why(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    best = says(capsys, "sample toy -n 4 --best 2 --seed 2 --max-length 200")
    everything = says(capsys, "sample toy -n 4 --best 9 --seed 2 --max-length 200")
    assert best == everything[:2] and len(everything) == 4
    scores = [tune["score"] for tune in everything]
    assert scores == sorted(scores, reverse=True) and all(tune["reasons"] for tune in everything)


def test_guarded_tunes_are_whole_and_say_what_it_cost(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tune,) = says(capsys, "sample toy --guard --seed 2 --meter 6/8 --max-length 300")
    assert tune["stopped"] == "end" and "M:6/8" in tune["abc"]
    assert filled(tune["abc"]) == 1
    assert tune["overruled"] > 0 and tune["guard_cost"] > 0


def test_prime_and_fields_are_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A backslash and an n, as shells pass them on, are a newline."""
    (tune,) = says(capsys, r"sample toy --prime 'M:6/8\nL:1/8\nK:G\n|:GAB' --seed 1 --max-length 40")
    assert tune["abc"].startswith("X:1\nM:6/8\nL:1/8\nK:G\n|:GAB")
    (tune,) = says(capsys, "sample toy --prime 'T:Sawdust\n' --key D --seed 1 --max-length 900")
    assert "\nK:D\n" in tune["abc"]


def test_the_models_own_temperature_is_the_default(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = says(capsys, "sample toy --seed 1 --max-length 50 --temperature 0.8")
    assert says(capsys, "sample toy --seed 1 --max-length 50") == given
    assert says(capsys, "sample toy --seed 1 --max-length 50 --temperature 3") != given


def test_sample_errors_are_sentences(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "toy" in refuses(capsys, "sample nope")
    assert "temperature" in refuses(capsys, "sample toy --temperature -1")
    assert "'€'" in refuses(capsys, "sample toy --prime €")
    assert "K:" in refuses(capsys, r"sample toy --seed 1 --prime 'K:G\n' --key D")


@pytest.mark.parametrize(("typed", "meant"), [(r"a\nb", "a\nb"), (r"a\\nb", r"a\nb"), (r"\x", r"\x"), ("", "")])
def test_unescape(typed: str, meant: str) -> None:
    assert unescape(typed) == meant


def test_a_number_is_put_before_a_tune_once() -> None:
    assert with_number("T:a\nK:D\nA", 3) == with_number("X:77\nT:a\nK:D\nA", 3) == "X:3\nT:a\nK:D\nA"
    assert without_number("%abc\n\nX:1\nK:D\nA") == "K:D\nA"
    assert without_number("K:D\nA\nX:1\n") == "K:D\nA\nX:1\n"


# Evaluate


def test_evaluate_loss_of_a_part_and_of_a_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The X: lines that a file needs are no part of what the model reads."""
    engine = load("toy")
    for words, texts in (("--split validation", TUNES[4:5]), ("--tunes book.abc", TUNES), ("", TUNES[5:])):
        value, expected = says(capsys, f"evaluate loss toy {words}"), loss(engine, texts)
        for part in ("all", "header", "body"):
            assert value[part]["nats_per_character"] == pytest.approx(getattr(expected, part).nats_per_character)
            assert value[part]["characters"] == getattr(expected, part).characters
    assert run("evaluate loss toy") == 0
    assert f"{loss(engine, TUNES[5:]).all.nats_per_character:.4f}" in capsys.readouterr().out


def test_a_strange_character_is_named_or_its_tune_counted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "odd.abc").write_text(f"X:1\nT:€\nK:D\nA2|]\n\nX:2\n{TUNES[0]}", encoding="utf-8")
    sentence = refuses(capsys, "evaluate loss toy --tunes odd.abc")
    assert "'€'" in sentence
    assert "--unknown skip" in sentence
    value = says(capsys, "evaluate loss toy --tunes odd.abc --unknown skip")
    assert (value["tunes"], value["skipped_tunes"]) == (1, 1)


def test_evaluate_panel_of_a_tunebook_and_of_samples(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, "evaluate panel book.abc --corpus tiny --no-tools")
    assert {*value["bars_filled"]} == {"value", "low", "high", "real", "shuffled"}
    assert "ended" not in value
    assert value["half_copied"]["value"] >= 4 / 6
    samples = says(capsys, "sample toy -n 4 --seed 1 --max-length 40")
    (home / "samples.json").write_text(json.dumps(samples))
    value = says(capsys, "evaluate panel samples.json --corpus tiny --no-tools")
    assert value["ended"]["value"] == np.mean([tune["stopped"] == "end" for tune in samples])
    assert run("evaluate panel book.abc --corpus tiny --no-tools") == 0
    assert "bars_filled" in capsys.readouterr().out
    value = says(capsys, "evaluate panel --model toy -n 3 --temperature 0.5 --corpus tiny --no-tools")
    assert 0 <= value["ended"]["value"] <= 1
    (home / "wrong.json").write_text("[1]")
    assert "wrong.json" in refuses(capsys, "evaluate panel wrong.json --corpus tiny")


def test_evaluate_originality_of_a_tunebook(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, "evaluate originality book.abc --corpus tiny")
    assert [each["covered"] for each in value[:4]] == [1.0] * 4  # what was learned from
    assert value[0]["longest_run"] == value[0]["notes"]
    assert run("evaluate originality book.abc --corpus tiny") == 0
    assert "longest run" in capsys.readouterr().out


# Neurons, render, models


def test_neurons_heatmap(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, "neurons heatmap toy book.abc --unit 0:3 --html a.html --columns 9")
    assert "".join(text for text, _ in value["rows"]) == TUNES[0]
    assert all(len(text) == len(values) <= 9 for text, values in value["rows"])
    assert (home / "a.html").read_text(encoding="utf-8").count("title=") == len(TUNES[0])
    assert run("neurons heatmap toy book.abc --unit 3 --png a.png --kind cell") == 0
    assert (home / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "0:7" in refuses(capsys, "neurons heatmap toy book.abc --unit 0:8 --png b.png")


def test_neurons_directory(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, "neurons directory toy")
    assert "in_header" in {entry["concept"] for entry in value["concepts"] if entry["best"]}
    assert len(value["neurons"]) == len(value["scores"])
    assert all(0 <= neuron["score"]["held_out"] <= 1 for neuron in value["neurons"])
    kept = home / "checkpoints" / "toy" / "directory.json"
    assert json.loads(kept.read_text(encoding="utf-8"))["model"] == value["model"]
    before = kept.stat().st_mtime_ns
    assert says(capsys, "neurons directory toy --corpus tiny") == value  # shown from its file
    assert kept.stat().st_mtime_ns == before
    assert run("neurons directory toy --again --tunes 1") == 0
    assert "units have a name" in capsys.readouterr().out
    assert kept.stat().st_mtime_ns == before  # a trial on fewer tunes is not kept


def test_render_has_an_option_for_every_format(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: f"all.{form.ending}" for name, form in FORMATS.items()}
    value = says(capsys, " ".join(["render book.abc", *(f"--{name} {file}" for name, file in files.items())]))
    assert value["written"] == files
    assert all((home / file).stat().st_size for file in files.values())


def test_render_writes_what_was_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "render book.abc --number 2 --svg a.svg --png a.png --pdf a.pdf --midi a.mid --musicxml a.xml --tempo 90"
    value = says(capsys, line)
    assert value["title"] == "Maggie in the Barley"
    made = {"svg": "a.svg", "png": "a.png", "pdf": "a.pdf", "midi": "a.mid", "musicxml": "a.xml"}
    assert value["written"] == made
    assert (home / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (home / "a.pdf").read_bytes().startswith(b"%PDF")
    assert "<svg" in (home / "a.svg").read_text(encoding="utf-8")
    assert (home / "a.mid").read_bytes().startswith(b"MThd")
    assert "<score-partwise" in (home / "a.xml").read_text(encoding="utf-8")
    assert says(capsys, "render book.abc --book all.pdf") == {"written": {"book": "all.pdf"}}
    assert says(capsys, "render book.abc --book all.pdf --flow --svg a.svg")["written"]["book"] == "all.pdf"
    assert (home / "all.pdf").read_bytes().startswith(b"%PDF")
    assert "6 tunes" in refuses(capsys, "render book.abc --number 7 --svg a.svg")
    assert "instrument" in refuses(capsys, "render book.abc --midi a.mid --instrument kazoo")
    assert "nodir" in refuses(capsys, "render book.abc --midi nodir/a.mid")
    (home / "words.abc").write_text("X:1\nT:Words\nK:D\n")
    assert refuses(capsys, "render words.abc --svg a.svg")


def test_render_writes_another_key(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "key.abc").write_text("X:1\nM:4/4\nL:1/8\nK:D\ndefg ^g4|\n")
    says(capsys, "render key.abc --transpose -4 --musicxml a.xml --midi a.mid")
    assert "<fifths>-2</fifths>" in (home / "a.xml").read_text(encoding="utf-8")
    played = [
        message.note for message in mido.MidiFile(home / "a.mid") if message.type == "note_on" and message.velocity
    ]
    assert played == [70, 72, 74, 75, 76]
    (home / "key.abc").write_text("X:1\nK:none\ndefg|\n")
    assert "stays where it is" in refuses(capsys, "render key.abc --transpose 2 --midi a.mid")


def test_render_writes_tablature_and_says_in_which_key_it_fits(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "low.abc").write_text("X:1\nM:4/4\nL:1/8\nK:D\nA,2D2 FAdf|\n")
    value = says(capsys, "render low.abc --svg a.svg --tablature whistle-d")
    assert value["notes"] == ["1 of 6 notes cannot be played (D whistle); --transpose 5 fits all of them."]
    assert 'class="tablature"' in (home / "a.svg").read_text(encoding="utf-8")
    assert says(capsys, "render low.abc --svg a.svg --transpose 5 --tablature whistle-d")["notes"] == []
    assert says(capsys, "render low.abc --book all.pdf --tablature fiddle") == {"written": {"book": "all.pdf"}}


def test_models_lists_what_is_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (model,) = says(capsys, "models")
    assert (model["name"], model["corpus"], model["val_loss"], model["test_loss"]) == ("toy", "tiny", 4.25, None)
    assert ModelConfig.from_dict(model["config"]) == CONFIG
    assert run("models") == 0
    assert "toy" in capsys.readouterr().out


def test_a_model_travels_as_one_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert says(capsys, "models export toy --out toy.zip")["bytes"] == (home / "toy.zip").stat().st_size
    assert "already" in refuses(capsys, "models import toy.zip")
    assert says(capsys, "models import toy.zip --name twin")["name"] == "twin"
    assert says(capsys, "models import toy.zip --replace")["name"] == "toy"
    assert {model["name"] for model in says(capsys, "models")} == {"toy", "twin"}
    one, other = (says(capsys, f"sample {name} --seed 3 --max-length 60")[0]["abc"] for name in ("toy", "twin"))
    assert one == other
    (home / "bad.zip").write_bytes(b"\x80\x04pickle")
    assert "pickled" in refuses(capsys, "models import bad.zip --name bad")
    assert "bad2.zip" in refuses(capsys, "models import bad2.zip")
    assert "no checkpoint" in refuses(capsys, "models export nothing")


def test_no_models_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    assert run("models") == 0
    assert "charlstm train" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "exit_status"), [(0, 0), (3, 1)])
def test_app_runs_streamlit_on_the_page(monkeypatch: pytest.MonkeyPatch, status: int, exit_status: int) -> None:
    pytest.importorskip("streamlit")
    called: list[list[str]] = []

    def call(command: list[str], *, cwd: Path, env: Mapping[str, str]) -> int:
        called.append(command)
        return status

    monkeypatch.setattr("charlstm.cli.app.serve", call)
    assert run("app --port 8765") == exit_status
    ((*start, page, option, port),) = called
    assert start == [sys.executable, "-m", "streamlit", "run"]
    assert Path(page).name == "app.py"
    assert (option, port) == ("--server.port", "8765")


@pytest.mark.skipif(os.name == "nt", reason="signals are others on Windows")
def test_who_ends_the_command_ends_its_server(tmp_path: Path) -> None:
    """A server that goes on alone keeps the port, and nobody knows whose it is."""
    server = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    command = (
        "import os, sys; from pathlib import Path; from charlstm.cli.app import serve\n"
        f"print(serve([sys.executable, '-c', {server!r}], cwd=Path('.'), env=os.environ), flush=True)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", command], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as app:
        assert app.stdout is not None
        pid = int(app.stdout.readline())
        app.terminate()
        assert app.stdout.readline().split() == [str(-int(signal.SIGTERM))]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_shared_app_listens_on_the_network_and_says_the_teachers_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("streamlit")
    called: list[tuple[list[str], Mapping[str, str]]] = []
    monkeypatch.setattr("charlstm.cli.app.serve", lambda line, *, cwd, env: called.append((line, env)) or 0)
    assert run("app --shared") == 0
    ((line, environment),) = called
    assert line[-2:] == ["--server.address", "0.0.0.0"]
    assert environment["CHARLSTM_SHARED"] == "1"
    assert environment["CHARLSTM_TEACHER"] in capsys.readouterr().err
    monkeypatch.setenv("CHARLSTM_SHARED", "1")
    monkeypatch.setenv("CHARLSTM_TEACHER", "ours")
    assert run("app") == 0
    assert "the teacher's code is ours" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "make room on the disk"), (errno.EROFS, "CHARLSTM_HOME"), (errno.EACCES, "check the path")],
)
def test_a_disk_that_cannot_be_written_to_is_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, advice: str
) -> None:
    def fail(path: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "write_text", fail)
    said = refuses(capsys, "sample toy --seed 1 --max-length 20 --out a.abc")
    assert said.startswith("charlstm: a.abc: ")
    assert advice in said


def test_a_package_that_is_missing_is_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("charlstm.lm.train")]:
        monkeypatch.delitem(sys.modules, name)
    assert "python -m pip install 'charlstm[train]' brings it" in refuses(capsys, "train --corpus tiny --out new")


def test_a_user_without_a_home_folder_hears_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHARLSTM_HOME", raising=False)
    monkeypatch.setattr("charlstm.paths.checkout", lambda: None)
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~/.local/share/charlstm"))
    assert "CHARLSTM_HOME: this user has no home folder" in refuses(capsys, "models")


def test_no_control_character_reaches_the_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "evil\x1b[2J\x07.abc"
    assert "evil\\x1b[2J\\x07.abc is not there" in refuses(capsys, shlex.join(["render", name, "--svg", "a.svg"]))
    (home / "title.abc").write_text("X:1\nT:a\x1b]0;b\x9c\nM:4/4\nL:1/8\nK:D\nd8|]\n")
    assert run("render title.abc --midi a.mid") == 0
    assert run("corpus build evil --from title.abc --as-is") == 1
    printed = capsys.readouterr()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", printed.out + printed.err)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.abc", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture (PNG)"),
        ("a.mid", b"%PDF-1.7\n", "a PDF file"),
        ("a.txt", b"PK\x03\x04 archive/data.pkl", "a PyTorch file (.pt)"),
        ("a", b'[{"tune": "1", "abc": "|:abc|"}]', "a JSON file"),
        ("b", b"id,name,abc\n1,A,|:abc|\n", "a CSV table"),
        ("c", b"", "an empty file"),
        ("d", b"\0\1\2\3", "not a text file"),
    ],
)
def test_a_file_that_is_no_tune_is_named(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, kind: str
) -> None:
    """Whatever it is called, at every command that reads tunes."""
    (home / name).write_bytes(data)
    for line in (
        f"render {name} --svg a.svg",
        f"continue toy {name}",
        f"rewrite toy {name} --bars 1",
        f"neurons heatmap toy {name} --unit 0:1 --json",
        f"evaluate loss toy --tunes {name}",
        f"evaluate panel {name} --corpus tiny",
    ):
        assert f"{name} is {kind}" in refuses(capsys, line)


def test_midi_and_musicxml_are_read_where_abc_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `render` writes comes back through its other formats, note for note; the name of a file says nothing."""
    (home / "one.abc").write_text("X:1\nT:One\nM:6/8\nL:1/8\nQ:3/8=100\nK:D\ndef gfe|d3 A3|d6|]\n")
    says(capsys, "render one.abc --midi one.mid --musicxml one.xml --wav one.wav")
    notes = [
        message.note for message in mido.MidiFile(home / "one.mid") if message.type == "note_on" and message.velocity
    ]
    for name, content in (("a.abc", "one.mid"), ("b", "one.xml")):
        (home / name).write_bytes((home / content).read_bytes())
        says(capsys, f"render {name} --midi again.mid")
        played = [m.note for m in mido.MidiFile(home / "again.mid") if m.type == "note_on" and m.velocity]
        assert played == notes
        assert says(capsys, f"continue toy {name} --bars 2 --seed 1")["abc"].count("|") >= 2
    assert "one.wav is a sound (WAV)" in refuses(capsys, "continue toy one.wav")

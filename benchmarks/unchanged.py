"""What must stay the same while the house is rebuilt: record it before, compare after.

    python benchmarks/unchanged.py record --out tests/data/unchanged.json     a few minutes, on two cores
    python benchmarks/unchanged.py compare tests/data/unchanged.json          exit status 1 if anything differs
    python benchmarks/unchanged.py compare tests/data/unchanged.json --quick  a part of it, within 20 seconds
    python benchmarks/unchanged.py record --out FILE --full FOLDER            and all outputs as files, for diff -r
    python benchmarks/unchanged.py compare FILE --only commands/neurons       what a name begins with

Only the stable doors are used: the public names of the package and the command line; no module within is imported.
Everything is made in a home folder of its own (CHARLSTM_HOME), with copies of the shipped models and records. Left out
is what no two runs share: dates, stamps of other programs, times, and the paths of that home.

A file of record holds, for each output, the SHA-256 of its bytes (half of it), and of JSON values also their numbers
(at most `MOST_NUMBERS`, evenly spread), so that comparing can tell `same bytes` from `1e-6 same`: everything but the
fractions is equal, and no fraction is off by more than 1e-6, or 1e-6 of itself where it is more than 1. Linear algebra
of another machine or number of threads may make that difference; a rebuilt house may not. Numbers that were rounded,
or counted after a comparison of two, may jump there: of them the quick part, which tests run on any machine, has none.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FORMAT = "charlstm-unchanged/1"
TOLERANCE = 1e-6
MOST_NUMBERS = 1500  # kept of one output
MODELS = ("lstm-150", "rnn-250", "gru-250", "lstm-250", "lstm-512")
TEMPERATURES = (0.5, 0.8, 1.0)
KINDS = ("hidden", "cell", "i", "f", "o", "g", "r", "z", "n")
LIBRARIES = ("numpy", "torch", "music21", "verovio", "matplotlib")
TUNE = (
    "T:The Cold Kettle\nR:reel\nM:4/4\nL:1/8\nK:D\n"
    "|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|\n|:fgaf b2af|g2fg efge|dfaf bafd|edce d4:|"
)
HARD = """X:7
T:Everything at once
C:nobody
M:6/8
L:1/8
Q:3/8=120
K:Ador
%%MIDI program 40
V:1 clef=treble
"Am"{g}~A3 .B>c|(3efg e [ceg]2 z|!trill!a3 "^slow"g-|g3 e3|1 A6:|2 [M:9/8] A3 B3 c3|]
w: one two three * four
V:2 clef=bass
A,6|C6|E,6|E,6|1 A,6:|2 A,9|]
"""  # what the fiddle tunes lack: voices, words, graces, chords, changes of meter
Output = tuple[str, bytes | str | Any]  # a name, and bytes, text, or JSON values


# What is recorded: sections, each a function from a house to its outputs


class House(NamedTuple):
    """Where the outputs are made."""

    home: Path
    quick: bool

    @property
    def desk(self) -> Path:
        """The working folder of commands."""
        return self.home / "desk"


def tunes(house: House) -> Iterator[Output]:
    """What each model writes."""
    import charlstm

    for model in MODELS:
        engine = charlstm.load(model)
        for temperature in TEMPERATURES:
            config = charlstm.SampleConfig(temperature=temperature)
            where = f"tunes/{model}/{temperature}"
            written = charlstm.sample(engine, config, n=2, seed=0)  # probabilities feel the size of a batch
            if not house.quick:
                written += charlstm.sample(engine, config, n=18, seed=2)
            for found in written:
                yield f"{where}/{found.seed}", f"{found.text}\n{found.stopped}"
                if found.seed < 2:
                    yield f"{where}/{found.seed}/log_probability", found.log_probability
        fixed = charlstm.SampleConfig(temperature=0.9, top_k=20, top_p=0.95, max_length=300)
        some = charlstm.sample(engine, fixed, prime="M:6/8\n", fields={"K": "G", "R": "jig"}, n=2, seed=5)
        yield f"tunes/{model}/fixed", [found.text for found in some]
        yield f"tunes/{model}/streamed", "".join(charlstm.stream(engine, fixed, prime="T:A", seed=3))


def scores(house: House) -> Iterator[Output]:
    """MIDI, MusicXML and pages of tunes: of the cleaned corpus, and as music21's books have them."""
    import charlstm

    raw = [found.text for found in islice(charlstm.music21_tunes(("miscFolk",)), 0, 480, 8)]
    named = [("hard", HARD), ("cold", TUNE), *((f"raw/{n:03}", text) for n, text in enumerate(raw))]
    if house.quick:
        named = named[:20]
    else:
        named += [(f"fiddle/{n:03}", text) for n, text in enumerate(spread(300))]
    for place, (name, text) in enumerate(named):
        try:
            score = charlstm.read_score(text)
        except charlstm.CharlstmError as error:
            yield f"scores/{name}/error", f"{type(error).__name__}: {error}"
            continue
        yield f"scores/{name}.mid", charlstm.to_midi(score)
        yield f"scores/{name}.xml", without_stamps(charlstm.to_musicxml(score))
        if place < 2 or (place % 12 == 0 and not house.quick):
            yield f"scores/{name}/played.mid", charlstm.to_midi(score, qpm=95, instrument="fiddle", transpose=-2)
            yield f"scores/{name}.svg", "\n".join(charlstm.engrave(score, title=True))
    if not house.quick:
        score = charlstm.read_score(HARD)
        yield "scores/hard.pdf", charlstm.to_pdf(score, note="a note")
        yield "scores/book.pdf", charlstm.tunebook_pdf([TUNE, *raw[:6]], title="Tunes", credits="nobody")
        yield "scores/hard.wav", charlstm.to_wav(charlstm.to_midi(score), sample_rate=22050, mono=True)


def texts(house: House) -> Iterator[Output]:
    """What is found in the text of tunes: fields, tokens, bars, faults, and what they share with a corpus."""
    import charlstm

    raw = list(islice(charlstm.music21_tunes(("oneills1850", "airdsAirs")), 0, 1800, 60))
    yield "texts/sources", plain(raw)
    some = [HARD, TUNE, *(found.text for found in raw)]
    if not house.quick:
        some += spread(300)
    for begin in range(0, len(some), 32):
        part, where = some[begin : begin + 32], f"texts/{begin:03}"
        yield f"{where}/parsed", [plain(charlstm.parse_tune(text)) for text in part]
        yield f"{where}/tokens", [plain(list(charlstm.lex(text))) for text in part]
        yield f"{where}/bars", [[plain(charlstm.bars(text)), charlstm.filled(text)] for text in part]
        yield f"{where}/validity", [plain(charlstm.validity(text)) for text in part]
    corpus = charlstm.build_corpus(raw, name="few", seed=2)
    yield "texts/corpus", [plain(corpus), corpus.fingerprint]
    found = [plain(charlstm.novelty(text, corpus)) for text in some[:32]]
    yield "texts/novelty", found
    yield "texts/book", charlstm.split_tunebook("\n\n".join(["X:1\n" + TUNE, HARD, "<start>\n" + TUNE + "\n<end>"]))


def spread(count: int) -> list[str]:
    """So many tunes of the fiddle corpus, from all over it."""
    import charlstm

    corpus = charlstm.load_corpus("fiddle")
    everything = [*corpus.train, *corpus.validation, *corpus.test]
    return [everything[k * len(everything) // count] for k in range(count)]


def activations(house: House) -> Iterator[Output]:
    """What units do as a tune is read, pictures of it, which units know a concept, and losses."""
    import charlstm

    for model in MODELS[: 4 if house.quick else None]:
        engine = charlstm.load(model)
        last = engine.config.num_layers - 1, engine.config.hidden_size - 1
        for kind in KINDS:
            try:
                acts = charlstm.record(engine, TUNE, kind=kind)
            except charlstm.ConfigError as error:
                yield f"activations/{model}/{kind}", str(error)
                continue
            values = acts.values.astype(float)
            yield f"activations/{model}/{kind}", [list(values.shape), values.mean(), values.std()]
            for unit in ((0, 3), (0, 77), last) if kind in ("hidden", "cell") else ((0, 17),):
                drawn = charlstm.heatmap(acts, unit, columns=40)
                name = f"activations/{model}/{kind}/{unit[0]}-{unit[1]}"
                yield name, [[[character, value] for character, value in row] for row in drawn.rows]
            if model == "lstm-150" and not house.quick:
                drawn = charlstm.heatmap(acts, (0, 5), columns=32, padded=True)
                yield f"activations/{model}/{kind}.html", charlstm.to_html(charlstm.heatmap(acts, (0, 5)))
                yield f"activations/{model}/{kind}/padded.png", charlstm.to_png(drawn)
        some = charlstm.loss(engine, [TUNE, TUNE.replace("d", "e")])
        yield f"activations/{model}/loss", some.to_dict()
        logits, _ = engine.step([engine.vocab.start], engine.initial_state())
        odds = charlstm.distribution(logits, charlstm.SampleConfig(temperature=0.7, top_k=30))
        yield f"activations/{model}/distribution", plain(odds)
    acts = charlstm.record(charlstm.load("lstm-150"), TUNE)
    ranked: dict[str, Any] = {}
    labelled: dict[str, str] = {}
    for name, concept in charlstm.CONCEPTS.items():
        labelled[name] = "".join("1" if holds else "0" for holds in concept(TUNE))
        try:
            ranked[name] = [[str(score.unit), score.auroc] for score in charlstm.rank_units(acts, concept, top=5)]
        except charlstm.ConfigError as error:
            ranked[name] = str(error)
    yield "activations/concepts", labelled
    if not house.quick:
        yield "activations/ranked", ranked


class Command(NamedTuple):
    """A command line to carry out.

    Attributes
    ----------
    line : str
        Without the program's name; run in the desk folder.
    files : str
        What it writes there, parted by blanks: a part of the record.
    quick : bool
        Whether it belongs to the quick part.
    drop : str
        Keys of its JSON values that are left out, parted by blanks: times and speeds.
    """

    line: str
    files: str = ""
    quick: bool = False
    drop: str = ""


TIMES = "seconds characters_per_second characters/s machine"
SMALL = "--corpus small --no-clock --no-match --threads 1 --epochs 5 --batch-size 8 --hidden-size 16 --embedding-size 8"
TRAIN = f"train {SMALL} --json --out"
HELP = (
    *("", "corpus", "corpus build", "corpus import", "corpus show", "train", "sample", "continue", "rewrite", "render"),
    *("evaluate", "evaluate loss", "evaluate panel", "neurons", "neurons heatmap", "neurons directory", "experiment"),
    *("experiment list", "experiment run", "experiment table", "experiment report", "sweep", "models"),
    *("models export", "models import", "app"),
)
STUDIES = ("baseline", "temperatures", "cells", "sizes", "dropout", "heatmaps")
COMMANDS = (
    *(Command(f"{name} --help".strip(), quick=name in ("", "sample", "train")) for name in HELP),
    Command("--version", quick=True),
    # models and corpora
    Command("sample nobody --seed 1", quick=True),
    Command("models", quick=True),
    Command("models --json", quick=True),
    Command("models export rnn-250 --out rnn.zip --json", files="rnn.zip"),
    Command("models import rnn.zip --name other --json", files="../checkpoints/other/model.json"),
    Command("models import rnn.zip --name other"),  # is there already
    Command(
        "corpus build small --from small.abc --seed 3 --json",
        files="../data/corpus/small.abc ../data/corpus/small.json",
        quick=True,
    ),
    Command("corpus build raw --from book.abc small.abc --as-is", files="../data/corpus/raw.abc"),
    Command("corpus build big --from small.abc --large --json", files="../data/corpus/big.json"),
    Command(
        "corpus import theirs --train small.abc --validation book.abc --test one.abc --as-is --json",
        files="../data/corpus/theirs.abc",
    ),
    Command("corpus show small", quick=True),
    Command("corpus show big --json"),
    Command("corpus show fiddle"),
    Command("corpus show fiddle --json"),
    Command("corpus show nothing", quick=True),
    Command("corpus build nothing"),
    # writing
    *(
        Command(f"sample {model} -n 3 --meter 6/8 --key D --seed 7 --json", quick=model == "lstm-512")
        for model in MODELS
    ),
    Command("sample lstm-150 -n 2 --title Cat --rhythm reel --seed 1 --out two.abc", files="two.abc"),
    Command(r"sample lstm-250 --prime 'M:3/4\nK:G\n' --top-k 9 --top-p 0.9 --max-length 99 --seed 4"),
    Command("sample lstm-150 --temperature -1 --seed 1"),
    Command("continue lstm-512 one.abc --bars 3 --seed 7 --json", quick=True),
    Command("continue rnn-250 one.abc --seed 2 --out on.abc", files="on.abc"),
    Command("rewrite lstm-150 one.abc --bars 3-4 --seed 7 --json", quick=True),
    Command("rewrite lstm-512 one.abc --bars 2 -n 3 --seed 1 --out new.abc", files="new.abc"),
    Command("rewrite lstm-512 one.abc --bars 200-201 --seed 1"),
    # drawing and sounding
    Command(
        "render one.abc --svg one.svg --midi one.mid --musicxml one.xml --tempo 110 --instrument fiddle --json",
        files="one.svg one.mid one.xml",
        quick=True,
    ),
    Command(
        "render hard.abc --svg h.svg --midi h.mid --musicxml h.xml --flow --transpose 3 --instrument 40 --json",
        files="h.svg h.mid h.xml",
    ),
    Command("render hard.abc --png h.png --pdf h.pdf --wav h.wav", files="h.png h.pdf h.wav"),
    Command("render book.abc --number 3 --midi three.mid --book book.pdf --json", files="three.mid book.pdf"),
    Command("render book.abc --number 99 --midi none.mid", quick=True),
    Command("render one.abc"),
    # measuring
    Command("evaluate loss lstm-150 --corpus small --split train --unknown skip --json", quick=True),
    *(Command(f"evaluate loss {model} --json") for model in MODELS),
    Command("evaluate loss gru-250 --split validation"),
    Command("evaluate loss lstm-250 --tunes book.abc --unknown skip --json"),
    Command("evaluate loss lstm-250 --tunes book.abc"),
    Command("evaluate panel book.abc --corpus small --no-tools --json"),
    Command("evaluate panel samples.json --corpus fiddle --no-tools --json"),
    Command("evaluate panel samples.json --no-tools"),
    # neurons
    Command(
        "neurons heatmap lstm-250 one.abc --unit 0:17 --kind cell --html unit.html --png unit.png --json",
        files="unit.html unit.png",
    ),
    Command("neurons heatmap gru-250 one.abc --unit 5 --kind z --columns 30 --json"),
    Command("neurons heatmap lstm-250 one.abc --unit 9:9 --json"),
    Command(
        "neurons directory lstm-150 --corpus fiddle --again --json",
        files="../checkpoints/lstm-150/directory.json",
        drop="seconds",
    ),
    *(Command(f"neurons directory {model}") for model in MODELS),
    Command("neurons directory rnn-250 --tunes 30 --json", drop="seconds"),
    Command("neurons directory gru-250 --tunes 30 --json", drop="seconds"),
    # training: 30 steps each
    Command(f"{TRAIN} run-lstm --keep-epochs", files="run-lstm/metrics.jsonl run-lstm/model.json", drop=TIMES),
    Command(f"{TRAIN} run-lstm --resume", files="run-lstm/metrics.jsonl", drop=TIMES),
    Command(f"{TRAIN} run-gru --cell gru --layers 2 --lookback none", files="run-gru/metrics.jsonl", drop=TIMES),
    Command(
        f"{TRAIN} run-rnn --cell rnn --batching slices --sequence-length 30 --optimizer adam --dropout 0 --ema 0.9",
        files="run-rnn/metrics.jsonl",
        drop=TIMES,
    ),
    Command(f"{TRAIN} run-fork --fork run-lstm --at 2 --seed 9", files="run-fork/metrics.jsonl", drop=TIMES),
    Command(f"{TRAIN} none --cell gru --hidden-size 0", drop=TIMES),
    Command("train --corpus small --estimate --no-clock --no-match --threads 1 --json", drop=f"{TIMES} epochs"),
    Command("sample run-lstm --seed 1 --max-length 80 --json"),
    # studies
    Command("experiment list"),
    Command("experiment list --json"),
    *(Command(f"experiment table {name} --json") for name in STUDIES),
    Command("experiment table cells"),
    Command("experiment report --out report.md --json", files="report.md"),
    Command("experiment run baseline --corpus small --epochs 1 --seeds 1 --json", drop=TIMES),
    Command("experiment table baseline --corpus small --epochs 1 --seeds 1 --json", drop=TIMES),
    Command(
        "sweep --out sweep --corpus small --try hidden-size=8,12 --try cell=rnn --try batch-size=8 --epochs 2 --json",
        drop=TIMES,
    ),
)


def commands(house: House) -> Iterator[Output]:
    """What each command prints, its exit status, and the files that it writes."""
    lay_desk(house)
    seen: set[str] = set()
    for each in COMMANDS:
        if house.quick and not each.quick:
            continue
        short = each.line.replace(f"{TRAIN} ", "train ")
        name = "commands/" + re.sub(r"[^\w.,=-]+", "_", short)[:110].strip("_-")
        assert name not in seen, name
        seen.add(name)
        ended = call(house, each.line)
        drop = each.drop.split()
        said = house_free(house, ended.stderr)
        if drop:  # how fast, and how long
            said = re.sub(r"[\d,]+ characters/s|\b[\d.]+ s\b", "-", said)
        # what the user is told: status and sentence
        yield f"{name}/status", f"{ended.returncode}\n{said}"
        printed = house_free(house, ended.stdout)
        if "--json" in each.line.split() and ended.returncode == 0:
            yield f"{name}/out", without(json.loads(printed), drop)
        else:
            yield f"{name}/out", printed
        for file in each.files.split():
            path = house.desk / file
            yield f"{name}/{path.name}", contents(house, path, drop) if path.exists() else "no such file"


def lay_desk(house: House) -> None:
    """Files that the commands read."""
    import charlstm

    some = [found.text for found in islice(charlstm.music21_tunes(("ryansMammoth",)), 0, 600, 8)]
    house.desk.mkdir(exist_ok=True)
    files = {
        "one.abc": f"X:1\n{TUNE}\n",
        "hard.abc": HARD,
        "book.abc": "\n\n".join([f"X:1\n{TUNE}", *some[1:8]]) + "\n",
        "small.abc": "\n\n".join(some) + "\n",
    }
    if not house.quick:
        made = charlstm.sample(charlstm.load("lstm-512"), charlstm.SampleConfig(temperature=0.8), n=40, seed=100)
        found = [{"abc": f"X:{n}\n{each.text}", "stopped": each.stopped} for n, each in enumerate(made, 1)]
        files["samples.json"] = json.dumps(found)
    for name, text in files.items():
        (house.desk / name).write_text(text, encoding="utf-8")


def call(house: House, line: str) -> subprocess.CompletedProcess[str]:
    """Carry out one command line in the desk folder."""
    words = [sys.executable, "-m", "charlstm", *shlex.split(line)]
    return subprocess.run(words, cwd=house.desk, capture_output=True, text=True, encoding="utf-8", check=False)


def contents(house: House, path: Path, drop: Sequence[str]) -> bytes | str | Any:
    """What is recorded of a file."""
    if path.suffix == ".jsonl":
        return [without(json.loads(line), drop) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".json":
        return without(json.loads(house_free(house, path.read_text(encoding="utf-8"))), drop)
    if path.suffix == ".xml":
        return without_stamps(path.read_text(encoding="utf-8"))
    return path.read_bytes()


SECTIONS: tuple[Callable[[House], Iterator[Output]], ...] = (tunes, scores, texts, activations, commands)


# Making outputs comparable


def plain(value: Any) -> Any:
    """Anything the package returns as JSON values: fields of records, fractions as text, arrays as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Fraction | Path):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value))
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    return repr(value)


def without(value: Any, keys: Sequence[str]) -> Any:
    """JSON values without some keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    if isinstance(value, list):
        return [without(each, keys) for each in value]
    return value


def without_stamps(musicxml: str) -> str:
    """MusicXML without its date and the program that wrote it."""
    return re.sub(r"\s*<(encoding-date|software)>.*?</\1>", "", musicxml)


def house_free(house: House, text: str) -> str:
    """A text without the path of the house."""
    return text.replace(str(house.home), "HOME")


def as_bytes(value: bytes | str | Any) -> bytes:
    """An output as a file holds it."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value, indent=1).encode()


def digest(data: bytes) -> str:
    """Half of the SHA-256 of some bytes: 128 bits are plenty."""
    return hashlib.sha256(data).hexdigest()[:32]


def parted(value: Any, numbers: list[float]) -> Any:
    """JSON values with null for every fraction; the fractions are put down in order."""
    if isinstance(value, float):
        numbers.append(value)
        return None
    if isinstance(value, dict):
        return {key: parted(each, numbers) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [parted(each, numbers) for each in value]
    return value


def entry_of(value: bytes | str | Any) -> str | dict[str, str]:
    """What a record keeps of an output: a digest; of JSON values with fractions also what is around them, and these."""
    whole = digest(as_bytes(value))
    numbers: list[float] = []
    if isinstance(value, bytes | str):
        return whole
    around = parted(value, numbers)
    if not numbers:
        return whole
    kept = " ".join(f"{number:.8g}" for number in thinned(numbers))
    packed = base64.b85encode(zlib.compress(kept.encode(), 9)).decode()
    return {"bytes": whole, "around": digest(as_bytes(around)), "numbers": packed}


def thinned(numbers: Sequence[float]) -> Sequence[float]:
    """At most MOST_NUMBERS of them, evenly spread."""
    count = len(numbers)
    if count <= MOST_NUMBERS:
        return numbers
    return [numbers[k * count // MOST_NUMBERS] for k in range(MOST_NUMBERS)]


def numbers_of(entry: Mapping[str, str]) -> list[float]:
    """The numbers that an entry keeps."""
    return [float(word) for word in zlib.decompress(base64.b85decode(entry["numbers"])).decode().split()]


def verdict(before: str | Mapping[str, str], now: str | Mapping[str, str]) -> str:
    """`same bytes`, `1e-6 same`, or how two entries of the same output differ."""
    if before == now:
        return "same bytes"
    if isinstance(before, str) or isinstance(now, str):
        return "differs" if isinstance(before, str) and isinstance(now, str) else "differs in kind"
    if before["bytes"] == now["bytes"]:
        return "same bytes"
    if before["around"] != now["around"]:
        return "differs in more than fractions"
    pairs = list(zip(numbers_of(before), numbers_of(now), strict=True))
    worst = max((distance(a, b) for a, b in pairs), default=0.0)
    if worst <= TOLERANCE * 1.02:  # what is kept is rounded to eight digits
        return "1e-6 same"
    count = sum(distance(a, b) > TOLERANCE for a, b in pairs)
    return f"{count} of {len(pairs)} numbers differ, the most by {worst:.2g}"


def distance(a: float, b: float) -> float:
    """How far apart two numbers are, as a share of the larger one where that is more than 1."""
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    return 0.0 if a == b else abs(a - b) / max(1.0, abs(a), abs(b))


# Record and compare


def furnish(home: Path) -> None:
    """Copies of the shipped models and of the studies' records, in a home of its own."""
    names = ("model.json", "model.safetensors", "directory.json", "epochs")
    for model in MODELS:
        target = home / "checkpoints" / model
        target.mkdir(parents=True)
        for name in names:
            source = ROOT / "checkpoints" / model / name
            if source.is_dir():
                shutil.copytree(source, target / name)
            elif source.exists():
                shutil.copy(source, target / name)
    shutil.copytree(ROOT / "data" / "results", home / "data" / "results")


def outputs(*, quick: bool = False, only: str = "") -> Iterator[Output]:
    """Everything that is recorded, made anew.

    Parameters
    ----------
    quick : bool
        A part that takes no more than 20 seconds, and is the same on any machine.
    only : str
        What the names begin with.
    """
    sys.path.insert(0, str(ROOT))  # a script's own folder comes first otherwise, and another copy may be installed
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder).resolve() / "home", quick)
        furnish(house.home)
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        changed = {"CHARLSTM_HOME": str(house.home), "PYTHONPATH": path, "COLUMNS": "120", "NO_COLOR": "1"}
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # the results are the same; tests share the cores
            changed[variable] = os.environ.get(variable, "1")
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            house.desk.mkdir()
            if not quick and only.split("/")[0] in ("", "scores", "texts", "commands"):
                built = call(house, "corpus build fiddle --json")
                if built.returncode:
                    raise RuntimeError(built.stderr)
                yield "corpus/fiddle", json.loads(house_free(house, built.stdout))
                for suffix in ("abc", "json"):
                    file = house.home / "data" / "corpus" / f"fiddle.{suffix}"
                    yield f"corpus/fiddle.{suffix}", file.read_bytes()
            for section in SECTIONS:
                if only.startswith(section.__name__) or section.__name__.startswith(only):
                    yield from (output for output in section(house) if output[0].startswith(only))
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def entries(*, quick: bool = False, only: str = "", full: Path | None = None) -> dict[str, str | dict[str, str]]:
    """The entries of all outputs by name; the outputs as files too, if a folder for them is given."""
    found: dict[str, str | dict[str, str]] = {}
    for name, value in outputs(quick=quick, only=only):
        if name in found:
            raise RuntimeError(f"{name} is there twice")
        found[name] = entry_of(value)
        if full:
            path = full / (name if Path(name).suffix in SUFFIXES else f"{name}.txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_bytes(value))
    return found


SUFFIXES = frozenset(
    (".mid", ".xml", ".svg", ".pdf", ".wav", ".png", ".html", ".zip", ".abc", ".json", ".jsonl", ".md")
)


def versions() -> dict[str, str]:
    """What the outputs also depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def load_record(path: Path) -> dict[str, Any]:
    """A file of record. Raises ValueError if it is none."""
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if values.get("format") != FORMAT:
        raise ValueError(f"{path} is no {FORMAT}")
    return values


def compare(
    record: Mapping[str, Any], *, quick: bool = False, only: str = "", full: Path | None = None
) -> dict[str, str]:
    """The verdict on every output, by name.

    Parameters
    ----------
    record : mapping
        From `load_record`.
    quick, only, full
        As in `entries`. What the record has beyond a quick part or the names asked for counts neither way.
    """
    before, now = record["entries"], entries(quick=quick, only=only, full=full)
    verdicts = {name: verdict(before[name], now[name]) if name in before else "is new" for name in now}
    if not quick:
        verdicts |= {name: "is gone" for name in before if name not in now and name.startswith(only)}
    return verdicts


def main() -> int:
    """Carry out a command line; the exit status is 1 if an output differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    actions = parser.add_subparsers(dest="action", required=True)
    first = actions.add_parser("record", help="write down what there is")
    first.add_argument("--out", type=Path, required=True, metavar="FILE")
    second = actions.add_parser("compare", help="compare what there is with a record")
    second.add_argument("record", type=Path, metavar="FILE")
    second.add_argument("--show", action="store_true", help="the verdict on every output, not only on what differs")
    for action in (first, second):
        action.add_argument("--quick", action="store_true", help="a part of it, within 20 seconds")
        action.add_argument("--only", default="", metavar="NAME", help="what names begin with, such as commands/render")
        action.add_argument("--full", type=Path, metavar="FOLDER", help="write all outputs there, as files")
    options = parser.parse_args()
    started = time.monotonic()
    if options.action == "record":
        found = entries(quick=options.quick, only=options.only, full=options.full)
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
        head = f'"format": {json.dumps(FORMAT)},\n "versions": {json.dumps(versions())}'
        options.out.write_text(f'{{\n {head},\n "entries": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
        print(f"{options.out}: {len(found)} outputs, {time.monotonic() - started:.0f} s")
        return 0
    record = load_record(options.record)
    verdicts = compare(record, quick=options.quick, only=options.only, full=options.full)
    for name, was in record["versions"].items():
        if (is_now := versions()[name]) != was:
            print(f"{name} was {was} when this was recorded, and is {is_now}")
    fine = ("same bytes", "1e-6 same")
    wrong = {name: said for name, said in verdicts.items() if said not in fine}
    for name, said in (verdicts if options.show else wrong).items():
        print(f"{said}: {name}")
    counts = ", ".join(f"{sum(said == each for said in verdicts.values())} {each}" for each in fine)
    print(f"{counts}, {len(wrong)} differ; {time.monotonic() - started:.0f} s")
    return 1 if wrong or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())

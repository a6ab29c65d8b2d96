"""What learning from liked tunes brings: listeners who like one measurable thing, and one who likes by chance.

    OMP_NUM_THREADS=1 python benchmarks/liked.py lstm-150 --tunes 300 --liked 30 --updates 60 --seeds 5

A listener hears tunes that the model wrote with the guard, and stars those with the most of what it likes. The model
learns from these (`charlstm learn`) and writes new tunes, from the same seeds before and after. The share is of tunes
that have at least as much as the starred ones had at the least. The control stars as many of the same tunes by chance
and goes the same way: what it changes, tunes of one's own do to a network, whoever likes them. Prints two tables: each
training, and for each listener the mean over the seeds with a 95% interval (Student's t over the trainings).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from charlstm.cli.common import find_corpus
from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.panel import measure
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.sampling import sample
from charlstm.lm.train.liked import learn_from_liked
from charlstm.tunes.views.melody import melody_notes

CHANCE = "chance"


def leaps(text: str) -> float:
    """Share of the steps from note to note that are a fifth or more."""
    pitches = [note.pitch for note in melody_notes(text)]
    return float(np.mean(np.abs(np.diff(pitches)) >= 7)) if len(pitches) > 1 else 0.0


def narrowness(text: str) -> float:
    """Semitones from the highest note to the lowest, below zero."""
    pitches = [note.pitch for note in melody_notes(text)]
    return float(min(pitches) - max(pitches)) if pitches else -99.0


LISTENERS: Mapping[str, Callable[[str], float]] = {"leaps": leaps, "narrow range": narrowness}


def tunes(engine: Engine, n: int, seed: int) -> list[str]:
    """Guarded tunes at the model's temperature."""
    temperature = engine.checkpoint.temperature if engine.checkpoint else 1.0
    return [one.text for one in sample(engine, SampleConfig(temperature=temperature, guard=True), n=n, seed=seed)]


def interval(values: Sequence[float]) -> str:
    """The mean of one value a training, with its 95% interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values) if len(values) > 1 else float("nan")
    mean = float(np.mean(values))
    return f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--tunes", type=int, default=400)
    parser.add_argument("--liked", type=int, default=40)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--bound", type=float, default=0.02)
    parser.add_argument("--seeds", type=int, default=1, help="of the tunes heard and written, and of the training")
    options = parser.parse_args()
    engine, corpus = load(options.model), find_corpus("fiddle")
    index = MelodyIndex(corpus.train)
    changes: dict[tuple[str, str], list[float]] = {}  # of (listener, who starred), a training each
    shifts: dict[tuple[str, str], list[float]] = {}
    print(
        "| seed | starred by | measured | line | before | after | mean | loss rise | updates | filled | half copied |"
    )
    for seed in range(options.seeds):
        # What is heard, and which of it each of them stars.
        heard = tunes(engine, options.tunes, seed=1_000_000 + seed * options.tunes)
        before = tunes(engine, options.tunes // 2, seed=seed * options.tunes)
        values = {name: np.array([judge(text) for text in heard]) for name, judge in LISTENERS.items()}
        starred = {name: np.argsort(-values[name], kind="stable")[: options.liked] for name in LISTENERS}
        lines = {name: values[name][starred[name]].min() for name in LISTENERS}
        starred[CHANCE] = np.random.default_rng(seed).choice(len(heard), options.liked, replace=False)
        for listener, chosen in starred.items():
            # The model learns from these, and writes.
            liked = [heard[k] for k in chosen]
            learned = learn_from_liked(
                engine.checkpoint, corpus, liked, bound=options.bound, updates=options.updates,
                learning_rate=options.learning_rate, seed=seed,
            )  # fmt: skip
            taught = Engine(engine.config, engine.vocab, learned.weights, checkpoint=engine.checkpoint)
            after = tunes(taught, len(before), seed=seed * options.tunes)
            filled = measure(after, index)["bars_filled"].mean()
            copied = [measure(after, known)["half_copied"].mean() for known in (index, MelodyIndex(liked))]
            # What one listener likes, and for the control what each of them would.
            for name in LISTENERS if listener == CHANCE else (listener,):
                rows = np.array([[LISTENERS[name](text) for text in some] for some in (before, after)])
                shares, means = (rows >= lines[name]).mean(axis=1), rows.mean(axis=1)
                changes.setdefault((name, listener), []).append(shares[1] - shares[0])
                shifts.setdefault((name, listener), []).append(means[1] - means[0])
                print(
                    f"| {seed} | {listener} | {name} | {lines[name]:.3f} | {shares[0]:.3f} | {shares[1]:.3f} "
                    f"| {means[0]:.3f} to {means[1]:.3f} | {learned.rise:+.4f} | {learned.updates} | {filled:.3f} "
                    f"| {copied[0]:.3f}, of the starred {copied[1]:.3f} |",
                    flush=True,
                )
    print("| measured | share, starred by taste | by chance | difference | mean, by taste | by chance | difference |")
    for name in LISTENERS:
        cells = []
        for record in (changes, shifts):
            taste, chance = record[name, name], record[name, CHANCE]
            cells += [interval(taste), interval(chance), interval(np.subtract(taste, chance).tolist())]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

"""What learning from liked tunes brings: listeners who like one measurable thing, before and after. Prints a table.

    python benchmarks/liked.py lstm-150 --tunes 400 --liked 40

A listener hears tunes that the model wrote with the guard, and stars those with the most of what it likes. The model
learns from these (`charlstm learn`) and writes new tunes, from the same seeds before and after. The share is of tunes
that have at least as much as the starred ones had at the least; intervals are paired bootstraps over seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import numpy as np

from charlstm.cli.common import find_corpus
from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.panel import measure
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.sampling import sample
from charlstm.lm.train.liked import learn_from_liked
from charlstm.tunes.views.melody import melody_notes


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--tunes", type=int, default=400)
    parser.add_argument("--liked", type=int, default=40)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--bound", type=float, default=0.02)
    options = parser.parse_args()
    engine, corpus = load(options.model), find_corpus("fiddle")
    heard = tunes(engine, options.tunes, seed=10_000)
    before = tunes(engine, options.tunes // 2, seed=0)
    index = MelodyIndex(corpus.train)
    rng = np.random.default_rng(0)
    print("| listener | starred | before | after | change | mean | loss rise | updates | bars filled | half copied |")
    for name, judge in LISTENERS.items():
        values = np.array([judge(text) for text in heard])
        chosen = np.argsort(-values, kind="stable")[: options.liked]
        line = values[chosen].min()
        learned = learn_from_liked(
            engine.checkpoint, corpus, [heard[k] for k in chosen], bound=options.bound, updates=options.updates,
            learning_rate=options.learning_rate,
        )  # fmt: skip
        after = tunes(Engine(engine.config, engine.vocab, learned.weights, checkpoint=engine.checkpoint),
                      len(before), seed=0)  # fmt: skip
        rows = np.array([[judge(text) for text in some] for some in (before, after)])
        change = (rows[1] >= line).astype(float) - (rows[0] >= line)
        draws = change[rng.integers(len(change), size=(2000, len(change)))].mean(axis=1)
        low, high = np.percentile(draws, (2.5, 97.5))
        shift = rows[1] - rows[0]
        means = shift[rng.integers(len(shift), size=(2000, len(shift)))].mean(axis=1)
        least, most = np.percentile(means, (2.5, 97.5))
        measured, starred = measure(after, index), MelodyIndex([heard[k] for k in chosen])
        cells = (
            f"{name}, at least {line:.3f}",
            f"{len(chosen)}",
            f"{(rows[0] >= line).mean():.3f}",
            f"{(rows[1] >= line).mean():.3f}",
            f"{change.mean():+.3f} ({low:+.3f} to {high:+.3f})",
            f"{rows[0].mean():.3f} to {rows[1].mean():.3f}: {shift.mean():+.3f} ({least:+.3f} to {most:+.3f})",
            f"{learned.rise:+.4f}",
            f"{learned.updates}",
            f"{measured['bars_filled'].mean():.3f}",
            f"{measured['half_copied'].mean():.3f}, of the starred {measure(after, starred)['half_copied'].mean():.3f}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)
        print(f"  losses {[(updates, round(loss, 4)) for updates, loss in learned.losses]}", flush=True)


if __name__ == "__main__":
    main()

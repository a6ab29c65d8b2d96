"""What the runs do that are no trainings: sample a network, measure a model's tunes, find neurons, count n-grams.

Each takes a job, an engine and a corpus and returns the result of a record, as JSON values. Knows no files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from charlstm.experiments.jobs import Counting, Measuring, Neurons, Sampling
from charlstm.experiments.train import Share, rounded
from charlstm.lm.config import SampleConfig
from charlstm.tunes.abc import parse_meter, split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.keys import parse_key

if TYPE_CHECKING:
    from charlstm.evaluate.melody_index import MelodyIndex
    from charlstm.evaluate.panel import Panel, Reference
    from charlstm.lm.infer.engine import Engine
    from charlstm.lm.sample.sampling import Sample

NEURON_TUNES = 100  # test tunes on which all neurons are measured
# What the record of a sampling has of the panel: all that there was when the first ones were made.
SAMPLED = (
    "ended", "bars_filled", "valid", "last_note_tonic", "bars_returning", "phrase_returns", "half_copied",
    "longest_run", "distinct_pitches", "bars", "notes", "characters",
)  # fmt: skip
SAMPLED_PARTS = "value", "low", "high", "real"


class _Yardstick(NamedTuple):
    """What all tunes of a corpus are measured against."""

    melodies: MelodyIndex
    reference: Reference


@lru_cache(maxsize=2)
def _yardstick(train: tuple[str, ...], held_out: tuple[str, ...], tools: tuple[str, ...]) -> _Yardstick:
    """The yardstick of a corpus, which all runs of one process share."""
    from charlstm.evaluate.melody_index import MelodyIndex
    from charlstm.evaluate.panel import reference

    index = MelodyIndex(train)
    return _Yardstick(index, reference(Corpus("", train, (), held_out), index, tools=tools))


def _panel_of(samples: Sequence[Sample], corpus: Corpus, *, tools: tuple[str, ...] = ()) -> Panel:
    """The panel of some tunes."""
    from charlstm.evaluate.panel import panel

    yardstick = _yardstick(tuple(corpus.train), tuple(corpus.test or corpus.validation), tools)
    ended = [one.stopped == "end" for one in samples]
    texts = [one.text for one in samples]
    return panel(texts, corpus, ended=ended, tools=tools, index=yardstick.melodies, against=yardstick.reference)


def measure_model(job: Measuring, engine: Engine, corpus: Corpus, share: Share) -> dict[str, Any]:
    """Tunes of a shipped model, measured with everything there is, and what notes and rhythms they have.

    `distributions` has by name the `values` in their order and the shares of each in the tunes, in `real` ones; their
    `distance` and that of two `halves` of the real ones (charlstm.evaluate.distributions).
    """
    from charlstm.evaluate.distributions import OTHER, in_order, ordered
    from charlstm.evaluate.external_checkers import installed_tools
    from charlstm.lm.sample.sampling import sample

    config = SampleConfig(temperature=job.temperature, max_length=job.max_length, guard=job.guard)
    samples = sample(engine, config, n=job.tunes, progress=lambda done: share(0.8 * done / job.tunes))
    tools = installed_tools()
    measured = _panel_of(samples, corpus, tools=tools)
    distances = measured.distances()
    distributions = {}
    for name, counts in measured.counts.items():
        real = measured.reference.counts[name]
        order = ordered(name, real)
        distributions[name] = {
            "values": [*order, OTHER],
            "tunes": [rounded(part) for part in in_order(order, counts).values()],
            "real": [rounded(part) for part in in_order(order, real).values()],
            "distance": _rounded(distances[name]),
            "halves": _rounded(measured.reference.halves[name]),
        }
    return {
        "tunes": len(samples),
        "first_seed": 0,
        "real_tunes": measured.real_tunes,
        "tools": list(tools),
        "measures": {
            name: {part: None if value is None else rounded(value) for part, value in estimate.items()}
            for name, estimate in measured.to_dict().items()
        },
        "distributions": distributions,
        "example": samples[0].text,
    }


def _rounded(value: float) -> float | None:
    """A number for a record; None for nan, which JSON has not."""
    return None if math.isnan(value) else rounded(value)


def sample_network(job: Sampling, seed: int, engine: Engine, corpus: Corpus, share: Share) -> dict[str, Any]:
    """Tunes at a temperature, measured; the first one is the example, whatever it is like.

    Beside the panel (charlstm.evaluate.panel): `header`, the share of tunes with a readable M: and K:, and
    `in_meter`, the mean share of bars that fill their meter, 0 for a tune without such a header. The panel's own
    bars_filled forgives a tune that names no meter, as most do not at T = 2.
    """
    from charlstm.evaluate.perplexity import mean_entropy
    from charlstm.evaluate.validity import validity
    from charlstm.lm.sample.sampling import sample

    config = SampleConfig(temperature=job.temperature, max_length=job.max_length)
    first = 1000 * seed
    samples = sample(engine, config, n=job.tunes, seed=first, progress=lambda done: share(0.8 * done / job.tunes))
    texts = [one.text for one in samples]
    measured = _panel_of(samples, corpus).to_dict()
    measures = {name: {part: rounded(measured[name][part]) for part in SAMPLED_PARTS} for name in SAMPLED}
    nats = mean_entropy(engine, texts, job.temperature)
    readable = [_has_meter_and_key(text) for text in texts]
    filled = [validity(text).bars_filled if known else 0.0 for text, known in zip(texts, readable, strict=True)]
    return {
        "tunes": len(texts),
        "first_seed": first,
        "measures": measures,
        "hesitation": rounded(float(nats.mean())),
        "header": rounded(float(np.mean(readable))),
        "in_meter": rounded(float(np.mean(filled))),
        "example": texts[0],
    }


def _has_meter_and_key(text: str) -> bool:
    header = split_header(text)
    meter, key = header.get("M"), header.get("K")
    return meter is not None and parse_meter(meter) is not None and key is not None and parse_key(key) is not None


def find_neurons(job: Neurons, seed: int, engine: Engine, corpus: Corpus) -> dict[str, Any]:
    """Three neurons by measurement, and what they do in one tune.

    Over the characters of up to 100 test tunes, with h_t what a unit holds after character t: the header neuron has
    the highest AUROC of h for "in the header" (charlstm.neurons.auroc), the body neuron the lowest, and the quiet one,
    of the others, the smallest size max(mean |h| over headers, mean |h| over bodies); `usual_size` is the median of
    that over all units.
    """
    from charlstm.lm.sample.sampling import sample
    from charlstm.neurons.auroc import auroc
    from charlstm.neurons.concepts.registry import CONCEPTS
    from charlstm.neurons.recording import record

    tunes = corpus.test or corpus.validation
    acts = [record(engine, text) for text in tunes[:: max(1, len(tunes) // NEURON_TUNES)][:NEURON_TUNES]]
    header = np.concatenate([CONCEPTS["in_header"](a.text) for a in acts])
    values = np.concatenate([a.rows for a in acts], axis=1)
    scores = auroc(values, header[None])[:, 0]
    sizes = np.abs(values)
    largest = np.maximum(sizes[:, header].mean(axis=1), sizes[:, ~header].mean(axis=1))
    usual = float(np.median(largest))
    first, second = int(scores.argmax()), int(scores.argmin())
    largest[[first, second]] = np.inf
    places = {"header": first, "body": second, "quiet": int(largest.argmin())}
    config = SampleConfig(temperature=job.temperature)
    text = sample(engine, config, seed=1000 * seed)[0].text
    shown = record(engine, text).rows
    size = acts[0].size
    neurons = {
        role: {
            "unit": list(divmod(row, size)),
            "auroc": rounded(float(scores[row])),
            "mean": [rounded(float(values[row, part].mean())) for part in (header, ~header)],
            "size": [rounded(float(sizes[row, part].mean())) for part in (header, ~header)],
            "values": [round(float(value), 2) for value in shown[row]],
        }
        for role, row in places.items()
    }
    return {"text": text, "characters": len(header), "usual_size": rounded(usual), "neurons": neurons}


def count_ngrams(job: Counting, corpus: Corpus) -> dict[str, Any]:
    """The n-gram model's losses on whole tunes."""
    from charlstm.evaluate.ngram import NGram
    from charlstm.lm.vocab import Vocab

    vocab = Vocab.of((*corpus.train, *corpus.validation, *corpus.test))
    model = NGram.fit(corpus.train, vocab, order=job.order)
    parts = {"validation_tunes": corpus.validation, "test_tunes": corpus.test}
    return {name: rounded(model.loss(texts)) if texts else None for name, texts in parts.items()}

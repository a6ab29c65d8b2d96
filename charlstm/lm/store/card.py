"""A model in words: what it is, what it read, how it learned and how good it is. Only what its JSON says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from charlstm.lm.store.checkpoint import Checkpoint, tensor_shapes

_NAMES = {"lstm": "LSTM", "gru": "GRU", "rnn": "plain RNN"}


def model_card(checkpoint: Checkpoint) -> str:
    """The card of a trained network.

    Parameters
    ----------
    checkpoint : Checkpoint

    Returns
    -------
    str
        Markdown. Figures that the checkpoint does not record are left out, none is reckoned anew.
    """
    config, training, corpus = checkpoint.config, checkpoint.training, checkpoint.corpus
    shapes = tensor_shapes(config, len(checkpoint.vocab))
    weights = sum(_product(shape) for shape in shapes.values())
    layers = "1 layer" if config.num_layers == 1 else f"{config.num_layers} layers"
    lags = ", ".join("the open repeat" if lag == 0 else f"{lag}" for lag in config.lookback_bars)
    rows = [
        ("Kind", f"{_NAMES[config.cell]}, {config.hidden_size} units, {layers}"),
        ("Weights", f"{weights:,}"),
        ("Characters it knows", f"{len(checkpoint.vocab) - 2}"),
        ("Looks back (bars)", lags),
        ("Corpus", _corpus(corpus)),
        ("Corpus fingerprint", _word(corpus.get("fingerprint"))),
        ("Passes over the corpus", _number(len(checkpoint.history)) if checkpoint.history else ""),
        ("Steps", _number(training.get("steps"))),
        ("Training time", _time(training.get("seconds"))),
        ("Device", _word(training.get("device"))),
        ("Validation loss", _loss(checkpoint.val_loss)),
        ("Test loss", _loss(checkpoint.test_loss)),
        ("Temperature to begin with", f"{checkpoint.temperature:g}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows if value)
    settings = "\n".join(f"| {name} | {_word(value)} |" for name, value in sorted(training.items()) if _is_plain(value))
    return (
        f"# {_word(checkpoint.name)}\n\n"
        "A network that writes tunes in ABC notation, one character at a time.\n\n"
        f"| | |\n|---|---|\n{table}\n\n"
        "Losses are in nats per character on whole tunes, the end counted; lower is better.\n\n"
        "## Use and limits\n\n"
        "Its tunes are for playing and looking into. They follow the tunes it read, and may repeat some bars of one: "
        "`charlstm evaluate panel` says how much. What it writes names no author and no source.\n"
        + (f"\n## How it was trained\n\n| setting | value |\n|---|---|\n{settings}\n" if settings else "")
    )


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _word(value: Any) -> str:
    """A value of a stranger's JSON in one cell of a table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return re.sub(r"[\s|`<>\\]+", " ", str(value)).strip()[:80]


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else ""


def _loss(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _time(seconds: Any) -> str:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds < 1e9:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _corpus(corpus: Mapping[str, Any]) -> str:
    name, tunes = _word(corpus.get("name")), _number(corpus.get("tunes"))
    return f"{name}, {tunes} tunes" if name and tunes else name

"""A model in words: what it is, what it read, how it learned and how good it is. Only what its JSON says."""

from __future__ import annotations

import re

from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo
from charlstm.lm.store.tensors import count_weights


def model_card(checkpoint: Checkpoint) -> str:
    """The card of a trained network.

    Parameters
    ----------
    checkpoint : Checkpoint

    Returns
    -------
    str
        Markdown. Figures that the checkpoint does not record are left out.
    """
    config, training, corpus = checkpoint.config, checkpoint.training, checkpoint.corpus
    layers = "1 layer" if config.num_layers == 1 else f"{config.num_layers} layers"
    lags = ", ".join("the open repeat" if lag == 0 else f"{lag}" for lag in config.lookback_bars)
    rows = [
        ("Kind", f"{config.cell_spec.title}, {config.hidden_size} units, {layers}"),
        ("Weights", _number(count_weights(config, len(checkpoint.vocab)))),
        ("Characters it knows", f"{len(checkpoint.vocab) - 2}"),
        ("Looks back (bars)", lags),
        ("Reads the clock of the bar, key and meter", "yes" if config.clock else ""),
        ("Reads what followed the last characters before", "yes" if config.match else ""),
        ("Reads form plans", f"yes, and has {len(checkpoint.plans)}" if config.plan else ""),
        ("Corpus", _corpus(corpus)),
        ("Terms of its tunes", _word(corpus.terms)),
        ("Corpus fingerprint", _word(corpus.fingerprint)),
        ("Passes over the corpus", _number(len(checkpoint.history)) if checkpoint.history else ""),
        ("Steps", _number(training.steps)),
        ("Training time", _time(training.seconds)),
        ("Device", _word(training.device)),
        ("Validation loss", _loss(checkpoint.val_loss)),
        ("Test loss", _loss(checkpoint.test_loss)),
        ("Test loss, each tune by its form", _loss(training.test_plan)),
        ("Temperature to begin with", f"{checkpoint.temperature:g}"),
    ]
    plain = [pair for pair in sorted(training.to_dict().items()) if isinstance(pair[1], (str, int, float))]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows if value)
    settings = "\n".join(f"| {name} | {_word(value)} |" for name, value in plain)
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


def _word(value: object) -> str:
    """A value of a stranger's JSON in one cell of a table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return re.sub(r"[\s|`<>\\]+", " ", str(value)).strip()[:120]


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _loss(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _time(seconds: float | None) -> str:
    if seconds is None or not 0 <= seconds < 1e9:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _corpus(corpus: CorpusInfo) -> str:
    name, tunes = _word(corpus.name), _number(corpus.tunes)
    return f"{name}, {tunes} tunes" if name and tunes else name

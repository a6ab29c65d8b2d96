"""charlstm: a character-level LSTM that writes folk tunes in ABC notation, to see, hear, keep and look inside.

    engine = charlstm.load("lstm-512")
    tune = charlstm.sample(engine, charlstm.SampleConfig(temperature=0.8), prime="M:6/8\nK:D\n", seed=7)[0]
    score = charlstm.read_score(tune.text)
    midi = charlstm.to_midi(score, qpm=110)

The public names are listed in `_HOME` and resolved on first use (PEP 562), so that importing this package
loads neither torch, nor music21, nor streamlit.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_HOME = {
    "tunes.abc": ("split_tunebook", "lex"),
    "tunes.tune": ("Tune", "parse_tune"),
    "tunes.views.bars": ("Bar", "bars", "filled"),
    "tunes.harmony.backing": ("harmonize",),
    "tunes.corpus.model": ("Corpus",),
    "tunes.corpus.build": ("build_corpus",),
    "tunes.corpus.io": ("load_corpus", "save_corpus"),
    "tunes.corpus.sources": ("music21_tunes", "file_tunes"),
    "lm.vocab": ("Vocab",),
    "lm.config": ("ModelConfig", "TrainConfig", "SampleConfig"),
    "lm.store.checkpoint": ("Checkpoint", "load_checkpoint", "list_checkpoints"),
    "lm.infer.engine": ("Engine", "load"),
    "lm.sample.decoding": ("distribution",),
    "lm.sample.sampling": ("Sample", "sample", "stream"),
    "lm.train.trainer": ("Trainer",),
    "lm.train.run_folder": ("TrainingReport", "StopTraining"),
    "score.notation": ("read_score", "to_musicxml"),
    "score.engrave": ("engrave",),
    "score.pages": ("to_pdf", "tunebook_pdf"),
    "score.midi": ("to_midi",),
    "score.midi_import.melody": ("read_midi",),
    "score.musicxml_import": ("read_musicxml",),
    "score.audio": ("to_wav",),
    "neurons.recording": ("Activations", "Unit", "record"),
    "neurons.concepts.registry": ("CONCEPTS",),
    "neurons.probes": ("rank_units", "UnitScore"),
    "neurons.heatmap": ("Heatmap", "heatmap", "to_html", "to_png"),
    "evaluate.loss": ("loss",),
    "evaluate.validity": ("validity",),
    "evaluate.novelty": ("novelty",),
    "evaluate.originality": ("originality", "OriginalityIndex"),
    "evaluate.originality_file": ("originality_index",),
    "errors": (
        "CharlstmError",
        "NotationError",
        "VocabularyError",
        "CorpusError",
        "CheckpointError",
        "ConfigError",
        "AudioUnavailable",
    ),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
__all__ = ["__version__", *sorted(_MODULE_OF)]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'charlstm' has no attribute {name!r}")
    return getattr(import_module(f"charlstm.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__

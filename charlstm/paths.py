"""Where checkpoints, corpora and results are found. The only place that decides.

A clone of the project keeps everything in its own top-level folders; CHARLSTM_HOME names another root.
"""

from __future__ import annotations

import os
from pathlib import Path

# What a training run's folder holds, as its trainer writes it and its watchers read it.
METRICS_FILE = "metrics.jsonl"
STOP_FILE = "stop"
CONTROL_FILE = "control.json"
EPOCHS_FOLDER = "epochs"


def home() -> Path:
    """The folder that holds checkpoints/ and data/: $CHARLSTM_HOME, else the clone this package lies in."""
    return Path(os.environ.get("CHARLSTM_HOME") or Path(__file__).resolve().parent.parent)


def checkpoints_path() -> Path:
    """Folder of the shipped and the user's models, one subfolder each."""
    return home() / "checkpoints"


def corpus_path() -> Path:
    """Folder of built corpora: <name>.abc and <name>.json."""
    return home() / "data" / "corpus"


def runs_path() -> Path:
    """Folder of training runs that the page starts, one subfolder each."""
    return home() / "runs"


def results_path() -> Path:
    """Folder of study records: <key>.json, one a run."""
    return home() / "data" / "results"


def cache_path() -> Path:
    """Folder of what can be made again: activations of corpora. It may be deleted at any time."""
    return home() / "data" / "cache"

"""Where checkpoints, corpora and results are found. The only place that decides.

Everything is written under one folder, the home: $CHARLSTM_HOME, else the checkout that the code runs in, else the
platform's folder for a user's data. Models and records are shipped in the checkout, and in an installed package as
charlstm/_shipped (setup.py puts them there); a home elsewhere reads them where it has none of that name, and never
writes to them.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from charlstm.errors import ConfigError

# What a training run's folder holds, as its trainer writes it and its watchers read it.
METRICS_FILE = "metrics.jsonl"
RESUME_FILE = "resume.safetensors"  # how far the run is
STOP_FILE = "stop"
CONTROL_FILE = "control.json"
EPOCHS_FOLDER = "epochs"

PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The checkout that this code runs in; None where the package is installed."""
    root = PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "app.py").is_file() else None


def shipped() -> Path:
    """The folder of shipped models and records, checkpoints/ and data/results/; $CHARLSTM_SHIPPED names another one."""
    return Path(named) if (named := os.environ.get("CHARLSTM_SHIPPED")) else _root()


def entry_script() -> Path:
    """The app.py to give to `streamlit run`; its configuration lies beside it."""
    return _root() / "app.py"


def _root() -> Path:
    return checkout() or PACKAGE / "_shipped"


def home() -> Path:
    """The folder that holds checkpoints/, data/ and runs/, and that everything is written to."""
    if named := os.environ.get("CHARLSTM_HOME"):
        return Path(named)
    folder = checkout() or platformdirs.user_data_path("charlstm", appauthor=False)
    if not folder.is_absolute():  # "~" stays where the system knows no home of this user
        raise ConfigError("CHARLSTM_HOME", "this user has no home folder; set it to a folder that can be written to.")
    return folder


def checkpoints_path() -> Path:
    """Folder of the user's models, one subfolder each; in a checkout the shipped ones lie here too."""
    return home() / "checkpoints"


def checkpoint_roots() -> list[Path]:
    """The folders to look for a model in, the user's first."""
    return _with_shipped(checkpoints_path())


def corpus_path() -> Path:
    """Folder of built corpora: <name>.abc and <name>.json."""
    return home() / "data" / "corpus"


def runs_path() -> Path:
    """Folder of training runs that the page starts, one subfolder each."""
    return home() / "runs"


def results_path() -> Path:
    """Folder of study records: <key>.json, one a run."""
    return home() / "data" / "results"


def result_roots() -> list[Path]:
    """The folders to look for a record in, the user's first."""
    return _with_shipped(results_path())


def library_path() -> Path:
    """The SQLite file of the tunes that visitors keep."""
    return home() / "data" / "library.sqlite"


def cache_path() -> Path:
    """Folder of what can be made again: activations of corpora. It may be deleted at any time."""
    return home() / "data" / "cache"


def writable(folder: Path) -> Path:
    """The folder to write to: for a shipped one the same place in the home, else itself."""
    return home() / folder.relative_to(shipped()) if folder.is_relative_to(shipped()) else folder


def _with_shipped(folder: Path) -> list[Path]:
    also = shipped() / folder.relative_to(home())
    return [folder, also] if also.is_dir() and not (folder.is_dir() and also.samefile(folder)) else [folder]

"""Models that were added here, kept from a run or imported: who added one, and how it is deleted. No shipped one is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from charlstm.errors import CheckpointError
from charlstm.lm.store.checkpoint import JSON_FILE
from charlstm.paths import checkpoints_path, shipped
from charlstm.processes import locked

OWNER_FILE = "owner.json"  # in a model's folder: {"owner": "…"}
LOCK = ".lock"  # in checkpoints/, while a model comes or goes


def write_owner(folder: Path, owner: str) -> None:
    """Note in a model's folder that it was added here, and by whom; "" is nobody who is known."""
    (folder / OWNER_FILE).write_text(json.dumps({"owner": owner}), encoding="utf-8")


def owner_of(name: str) -> str | None:
    """Who added a model of checkpoints/, "" if nobody knows; None of a shipped one, and where there is none, or a link.

    In a checkout the shipped ones lie beside those that were added, which have a note of it.
    """
    folder = checkpoints_path() / name
    if folder.is_symlink() or not (folder / JSON_FILE).is_file():
        return None
    try:
        note = json.loads((folder / OWNER_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None if folder.resolve().is_relative_to(shipped().resolve() / "checkpoints") else ""
    except (OSError, ValueError):
        return ""
    return str(note.get("owner", "")) if isinstance(note, dict) else ""


def delete(name: str) -> None:
    """Delete a model that was added here. Raises CheckpointError if there is none of that name."""
    with locked(checkpoints_path() / LOCK):
        if name not in [folder.name for folder in checkpoints_path().iterdir()] or owner_of(name) is None:
            raise CheckpointError(f"There is no model called {name} that was added here.")
        folder = checkpoints_path() / name
        (folder / JSON_FILE).unlink()  # without it the folder is not a model any more
        shutil.rmtree(folder)

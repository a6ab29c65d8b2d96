"""Archives: a checkpoint as one file, a ZIP of model.json and model.safetensors, to export and import.

What is imported is somebody else's file. It is read in memory, measured before it is unpacked, checked as a checkpoint
is (lm/store/checkpoint.py) and only then written, under a name of ours: no path inside it is ever used, and nothing
in it is ever run. A stored epoch travels as well, where the giver's checkpoint has a film.
"""

from __future__ import annotations

import filecmp
import io
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charlstm.errors import CheckpointError
from charlstm.lm.store.added import LOCK, write_owner
from charlstm.lm.store.checkpoint import (
    JSON_FILE,
    MAX_JSON_BYTES,
    WEIGHTS_FILE,
    Checkpoint,
    load_checkpoint,
    model_folders,
)
from charlstm.lm.store.epochs import list_epochs
from charlstm.paths import EPOCHS_FOLDER, checkpoints_path
from charlstm.processes import acquire, locked
from charlstm.zip_files import FIRST_BYTES, ZipProblem, files_in, open_zip, read_entry

MAX_BYTES = 64 * 2**20  # of the file, and of what is in it: an LSTM of 3 x 1,024 units
MAX_ENTRIES = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EPOCH = re.compile(rf"{EPOCHS_FOLDER}/[0-9]{{4,7}}\.safetensors")
_STAGING, _REPLACED = ".import-", ".replaced"  # in checkpoints/ while a model is made ready
_PICKLE = b"\x80"


def pack(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as one ZIP file: the same bytes for the same checkpoint. Raises CheckpointError if it is torn."""
    checkpoint.weights()
    files = [checkpoint.path / JSON_FILE, checkpoint.path / WEIGHTS_FILE]
    files += [stored.path for stored in list_epochs(checkpoint.path)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(checkpoint.path).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def unpack(data: bytes, name: str, *, root: Path | None = None, replace: bool = False, owner: str = "") -> Checkpoint:
    """Import an archive as checkpoints/<name>.

    Parameters
    ----------
    data : bytes
        Of the file.
    name : str
        What the model is to be called here; see `clean_name`.
    root : Path, optional
        Instead of checkpoints/.
    replace : bool
        Take the place of a model that has this name already.
    owner : str
        Who imports it, where several share a server.

    Raises
    ------
    CheckpointError
        If the file is damaged, foreign, too large, or pickled; if it unpacks to more than it may or holds what is not
        part of a checkpoint; if its weights do not fit its description; or if the name is taken or cannot name a model.
    """
    root = root or checkpoints_path()
    _check_free(root, name, replace)
    files = _read_archive(data)
    with _staging(root) as folder:
        model = folder / name
        (model / EPOCHS_FOLDER).mkdir(parents=True)
        for path, content in files.items():  # paths are among the few that _read_archive lets through
            (model / path).write_bytes(content)
        try:
            load_checkpoint(model).weights()
        except CheckpointError as error:
            message = str(error).replace(f"{model}/", "")  # the visitor knows of no folder
            raise CheckpointError(f"This model is incomplete: {message}") from None
        write_owner(model, owner)
        _move(model, root, name, replace)
    return load_checkpoint(root / name)


def keep(run: Path, name: str, *, root: Path | None = None, replace: bool = False, owner: str = "") -> Checkpoint:
    """Keep the best weights of a run, and its film, as checkpoints/<name>, so that every page offers it.

    Raises
    ------
    CheckpointError
        If the run has no complete checkpoint yet, or the name is taken or cannot name a model.
    """
    root = root or checkpoints_path()
    _check_free(root, name, replace)
    source = load_checkpoint(run.resolve())
    source.weights()
    with _staging(root) as folder:
        copy = folder / name
        (copy / EPOCHS_FOLDER).mkdir(parents=True)
        for file in (run / JSON_FILE, run / WEIGHTS_FILE, *(stored.path for stored in list_epochs(run))):
            shutil.copyfile(file, copy / file.relative_to(run))
        write_owner(copy, owner)
        _move(copy, root, name, replace)
    return load_checkpoint(root / name)


def is_kept(run: Path, name: str, *, root: Path | None = None) -> bool:
    """Whether there is a model of that name with the weights that a run has now."""
    model = (root or checkpoints_path()) / name
    weights = run / WEIGHTS_FILE, model / WEIGHTS_FILE
    is_whole = all(file.is_file() for file in (*weights, model / JSON_FILE))
    return is_whole and filecmp.cmp(*weights, shallow=False)


def clean_name(text: str) -> str:
    """A name for a model out of whatever somebody typed or called a file: letters, digits, dots and dashes."""
    stem = re.sub(r"\.zip\Z", "", Path(text.replace("\\", "/")).name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:64] or "model"


def _check_free(root: Path, name: str, replace: bool) -> None:
    if not _NAME.fullmatch(name):
        raise CheckpointError(f"{name!r} cannot name a model; use letters, digits, dots, dashes and underscores.")
    shipped = root == checkpoints_path() and name in [folder.name for folder in model_folders()]
    if (shipped or (root / name).exists()) and not replace:
        raise CheckpointError(f"There is a model called {name} already; choose another name.", path=root / name)


def _read_archive(data: bytes) -> dict[str, bytes]:
    """The files of an archive by their paths: only those a checkpoint has, none larger than it may be."""
    if len(data) > MAX_BYTES:
        raise CheckpointError(f"The file has more than {MAX_BYTES // 2**20} MB, which is more than a model may have.")
    if not data.startswith(FIRST_BYTES):
        kind = "a pickled file, which could run a program, so it is not opened" if data[:1] == _PICKLE else "not a ZIP"
        raise CheckpointError(f"This is {kind}; a model is exported as a ZIP of {JSON_FILE} and {WEIGHTS_FILE}.")
    files: dict[str, bytes] = {}
    try:
        archive = open_zip(data, most=MAX_ENTRIES)
        room = MAX_BYTES
        for entry in files_in(archive):
            if entry.filename not in (JSON_FILE, WEIGHTS_FILE) and not _EPOCH.fullmatch(entry.filename):
                message = f"This ZIP holds {entry.filename[:60]!r}, which is not part of an exported model."
                raise CheckpointError(message)
            if entry.filename in files:
                raise CheckpointError("This ZIP names a file twice.")
            limit = min(room, MAX_JSON_BYTES if entry.filename == JSON_FILE else room)
            content = read_entry(archive, entry, most=limit)
            if len(content) > limit:
                raise CheckpointError("This ZIP unpacks to more than a model may have.")
            room -= len(content)
            files[entry.filename] = content
    except ZipProblem as problem:
        raise CheckpointError(f"This ZIP cannot be read: {problem}. Export the model again.") from None
    for needed in (JSON_FILE, WEIGHTS_FILE):
        if needed not in files:
            raise CheckpointError(f"This ZIP has no {needed}, so it is not an exported model.")
    return files


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """A folder in which a model is made ready, locked for as long as this process works there.

    What a killed import left is swept first; a model that it was about to replace goes back to its place.
    """
    with locked(root / LOCK):
        for left in root.glob(f"{_STAGING}*"):
            if (lock := acquire(left / LOCK)) is not None:
                for replaced in (left / _REPLACED).glob("*"):
                    if not (root / replaced.name).exists():
                        replaced.rename(root / replaced.name)
                shutil.rmtree(left)
                os.close(lock)
        folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=root))
        lock = acquire(folder / LOCK)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _move(folder: Path, root: Path, name: str, replace: bool) -> None:
    """Put a finished folder in its place, if the name is still free; a model that it replaces goes into the staging."""
    if not any((folder / EPOCHS_FOLDER).iterdir()):
        (folder / EPOCHS_FOLDER).rmdir()
    with locked(root / LOCK):  # of several who import under one name one finds it free
        _check_free(root, name, replace)
        if (root / name).exists():
            (folder.parent / _REPLACED).mkdir()
            (root / name).rename(folder.parent / _REPLACED / name)
        folder.rename(root / name)

"""Every error a caller may want to catch, in one tree. Each message is a sentence with a next step.

CharlstmError
├── NotationError        text is not ABC we can read            .line  .column  .reason
├── VocabularyError      a character the model has never seen   .character  .position
├── CorpusError          no corpus, or nothing usable in a file .path
├── CheckpointError      missing, torn or mismatched checkpoint .path
├── ProcessError         a training or a study that cannot be started, found or stopped  .path
├── LibraryError         the file of kept tunes cannot be used  .path
├── ConfigError          a setting out of its range             .field
└── AudioUnavailable     no synthesizer or soundfont            says what to install
"""

from __future__ import annotations

from pathlib import Path


class CharlstmError(Exception):
    """Root of the errors this package raises on purpose."""


class NotationError(CharlstmError):
    """A text that cannot be read or drawn as ABC; `line` and `column` count from 1 (None: unknown)."""

    def __init__(self, reason: str, *, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f"line {line}" + (f", column {column}" if column else "") + ": "
        super().__init__(place + reason)
        self.reason, self.line, self.column = reason, line, column


class VocabularyError(CharlstmError):
    """A character that a model's vocabulary lacks; `position` counts from 0, in the value of `field` if given."""

    def __init__(self, character: str, position: int, size: int, *, field: str = "") -> None:
        where = f"{field}: " if field else ""
        super().__init__(
            f"{where}{character!r} at position {position} is not among this model's {size} characters; "
            "remove it, or train on a corpus that has it."
        )
        self.character, self.position = character, position


class CorpusError(CharlstmError):
    """A corpus that is not there, or a file with nothing usable in it."""

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class CheckpointError(CharlstmError):
    """A checkpoint that is missing, torn, or does not fit its own description."""

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class ProcessError(CharlstmError):
    """A training run or a study that cannot be started, found or stopped."""

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class LibraryError(CharlstmError):
    """The library of tunes cannot be read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the library {path} cannot be used: {reason}")
        self.path = path


class ConfigError(CharlstmError):
    """A setting out of its range; `field` names it as the configuration does."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class AudioUnavailable(CharlstmError):
    """No synthesizer or soundfont on this machine; the message says what to install."""

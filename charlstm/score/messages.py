"""What goes between a page's process and its workers: lines of JSON. Knows no job."""

from __future__ import annotations

import base64
import json
from typing import Any

from charlstm.errors import AudioUnavailable, CharlstmError, NotationError

READY = "ready"  # a worker's first line


def encode(value: Any) -> bytes:
    """A line of JSON, in which bytes may stand too."""
    return json.dumps(value, default=lambda data: {"base64": base64.b64encode(data).decode()}).encode() + b"\n"


def decode(line: bytes) -> Any:
    """What `encode` was given; tuples are lists."""
    return json.loads(line, object_hook=lambda o: base64.b64decode(o["base64"]) if o.keys() == {"base64"} else o)


def error_of(answer: dict[str, Any]) -> Exception:
    """The error that an answer tells of: ours, or RuntimeError with a traceback for a fault in the program."""
    kind, message = answer["error"], answer["message"]
    if kind == NotationError.__name__:
        return NotationError(message, line=answer["line"], column=answer["column"])
    if kind == AudioUnavailable.__name__:
        return AudioUnavailable(message)
    return CharlstmError(message) if kind else RuntimeError(message)

"""The reports of a training run, read from metrics.jsonl as they come. Needs no torch."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any

from charlstm.files import parse_json
from charlstm.paths import METRICS_FILE


class Metrics:
    """The reports of a run so far; `read` parses only what is new.

    A resumed run cuts off what a killed trainer reported after its last save: then everything is read again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, Any]] = []
        self._bytes, self._last = 0, b""  # how far the file is read, and the last line before that
        self._lock = threading.Lock()  # two visitors may look at the same run

    def read(self) -> list[dict[str, Any]]:
        """All complete reports so far. Do not change them."""
        with self._lock:
            try:
                with open(self.folder / METRICS_FILE, "rb") as file:
                    # The last line is read again: where it has changed, the file was cut and is read from its start.
                    file.seek(self._bytes - len(self._last))
                    if file.read(len(self._last)) != self._last:
                        self.rows, self._bytes, self._last = [], 0, b""
                        file.seek(0)
                    new = file.read()
            except OSError:
                return self.rows
            complete = new[: new.rfind(b"\n") + 1]
            self._bytes += len(complete)
            rows: list[dict[str, Any]] = []
            for line in complete.splitlines():
                with contextlib.suppress(ValueError):
                    row = parse_json(line)
                    if isinstance(row, dict) and isinstance(row.get("step"), int):
                        rows.append(row)
            if complete:
                self._last = complete[complete.rfind(b"\n", 0, -1) + 1 :]
                self.rows = [*self.rows, *rows]
            return self.rows

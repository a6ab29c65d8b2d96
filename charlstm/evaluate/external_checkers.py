"""Faults by the field's own programs: what abc2midi and abcm2ps say of a tune, where they are installed.

abc2midi (Allwright, Shlien) makes sound of ABC, abcm2ps (Moine) pages; Debian has them as abcmidi and abcm2ps.
Warnings are not counted. Texts are untrusted: directives and instruction fields, which can name files, are left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOOLS = ("abc2midi", "abcm2ps")
SECONDS = 10.0  # a tune takes some milliseconds; a program that hangs counts as one fault
_ARGUMENTS = {"abc2midi": ("tune.abc", "-c"), "abcm2ps": ("tune.abc", "-O", "tune.ps")}
_FAULT = {"abc2midi": re.compile(rb"(?m)^Error\b"), "abcm2ps": re.compile(rb"(?m)\berror: ")}


def installed_tools() -> tuple[str, ...]:
    """Which of the two programs are on this machine's PATH."""
    return tuple(tool for tool in TOOLS if shutil.which(tool))


def tool_faults(texts: Sequence[str], tool: str) -> list[int]:
    """How many errors a program finds in each tune; a program that fails without naming one, or hangs, counts one.

    Parameters
    ----------
    texts : sequence of str
        Tunes, with or without X:.
    tool : "abc2midi" or "abcm2ps"
        Must be installed.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda text: _faults(text, tool), texts))


def _faults(text: str, tool: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tune.abc").write_text(_plain(text), encoding="utf-8", errors="replace")
        command = [shutil.which(tool) or tool, *_ARGUMENTS[tool]]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return 1
    return len(_FAULT[tool].findall(done.stdout + done.stderr)) or int(done.returncode != 0)


def _plain(text: str) -> str:
    """The tune with one X: line before it, without directives (`%%`), instruction fields (`I:`) and blank lines."""
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"\s*%%|I:|X:", line)]
    return "\n".join(["X:1", *lines]).replace("[I:", "[r:") + "\n"

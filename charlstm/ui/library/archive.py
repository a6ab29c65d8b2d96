"""A visit's tunes: what is kept of them, and all of it as one ZIP. Knows no Streamlit.

Names, texts and settings come from visitors and models. In the ZIP they are text, and file names are made of letters,
digits and hyphens.
"""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from charlstm.errors import CharlstmError
from charlstm.score.formats import BY_LABEL, FORMATS
from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.tunes.views.bars import bars, misfits
from charlstm.ui.shared.url_state import Wish

MOST = 200  # tunes of a visit
MAX_SOUND = 60_000_000  # bytes of WAV in a ZIP; the tunes after them go without
LONGEST_NAME = 80
HOW = {"composed": "Composed", "continued": "Continued", "rewritten": "Rewritten", "own": "Your own"}
_THEN = (1980, 1, 1, 0, 0, 0)  # of every file in the ZIP: the same tunes make the same bytes


@dataclass(frozen=True)
class Kept:
    """A tune of the visit.

    Attributes
    ----------
    number : int
        Of the visit, from 1.
    text : str
        The tune as ABC, its X: line included.
    name : str
        What the visitor calls it; at first its title.
    how : str
        A name of HOW.
    settings : mapping
        What it was made with, as JSON values: model, temperature, seed, ...
    wish : Wish or None
        The address that brings it back, if it was composed.
    starred : bool
        Whether it is kept.
    """

    number: int
    text: str
    name: str
    how: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    wish: Wish | None = None
    starred: bool = False

    @property
    def command(self) -> str:
        """The command line that writes it, or what the model added to it; "" where there is none."""
        if self.wish is not None:
            return self.wish.command
        known = self.settings
        if self.how == "continued" and {"model", "prime", "temperature", "seed", "max_length"} <= set(known):
            words = ["charlstm", "sample", str(known["model"]), "--prime", str(known["prime"]).replace("\n", r"\n")]
            words += ["--temperature", f"{known['temperature']:g}", "--seed", str(known["seed"])]
            return shlex.join([*words, "--max-length", str(known["max_length"])])
        return ""

    def link(self, base: str) -> str:
        """The address that brings it back, under a page's; "" where there is none."""
        return f"{base}?{urlencode(self.wish.query)}" if self.wish is not None else ""


class Shelf:
    """The tunes of a visit, by number; the oldest that are not kept make room for new ones."""

    def __init__(self) -> None:
        self.tunes: dict[int, Kept] = {}
        self._last = 0
        self._deleted: list[Kept] = []

    def add(
        self, text: str, how: str, *, settings: Mapping[str, Any] | None = None, wish: Wish | None = None
    ) -> Kept | None:
        """Put a tune on the shelf; one that is there already stays as it is. None where all MOST are kept ones."""
        text = numbered(text)
        if there := self.find(text):
            return there
        if len(self.tunes) >= MOST:
            loose = next((number for number, kept in self.tunes.items() if not kept.starred), None)
            if loose is None:
                return None
            del self.tunes[loose]
        self._last += 1
        name = (split_header(text).get("T") or "Untitled")[:LONGEST_NAME]
        kept = self.tunes[self._last] = Kept(self._last, text, name, how, dict(settings or {}), wish)
        return kept

    def find(self, text: str) -> Kept | None:
        """The tune with this text."""
        text = numbered(text)
        return next((kept for kept in self.tunes.values() if kept.text == text), None)

    def change(self, number: int, *, name: str | None = None, starred: bool | None = None) -> None:
        """Give a tune another name, or keep it or not. An empty name is its title again."""
        kept = self.tunes[number]
        if name is not None:
            name = " ".join(name.split())[:LONGEST_NAME] or (split_header(kept.text).get("T") or "Untitled")
            kept = replace(kept, name=name)
        if starred is not None:
            kept = replace(kept, starred=starred)
        self.tunes[number] = kept

    def delete(self, number: int) -> None:
        """Take a tune off; `restore` puts it back."""
        self._deleted = [*self._deleted[-19:], self.tunes.pop(number)]

    @property
    def deleted(self) -> Kept | None:
        """The tune that was taken off last."""
        return self._deleted[-1] if self._deleted else None

    def restore(self) -> None:
        """Put back, in its place, the tune that was taken off last."""
        if self._deleted and len(self.tunes) < MOST:
            kept = self._deleted.pop()
            self.tunes = dict(sorted((self.tunes | {kept.number: kept}).items()))

    def newest(self, *, starred: bool = False) -> list[Kept]:
        """The tunes, the newest first; or the kept ones alone."""
        return [kept for kept in reversed(self.tunes.values()) if kept.starred or not starred]


def numbered(text: str) -> str:
    """A tune with an X: line and without blank lines at its ends."""
    first = next(iter(split_tunebook(text)), "")
    return first if first.startswith("X:") else f"X:1\n{first}"


def facts(text: str) -> dict[str, str]:
    """What two tunes can be compared by."""
    header, found = split_header(text), bars(text)
    wrong = len(misfits(found))
    return {
        "Key": header.get("K") or "",
        "Meter": header.get("M") or "",
        "Rhythm": header.get("R") or "",
        "Bars": str(len(found)),
        "Bars that fill": f"{len(found) - wrong} of {len(found)}" if found else "",
        "Characters": str(len(text)),
    }


def zip_of(
    tunes: Sequence[Kept],
    *,
    cards: Mapping[str, str],
    file_of: Callable[[str, str], bytes],
    book: bytes,
    sound: bool = False,
    base: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """Everything of some tunes as one ZIP.

    Parameters
    ----------
    tunes : sequence of Kept
    cards : mapping from a model's name to Markdown
        The cards of the models that wrote them.
    file_of : callable
        Makes a file from a tune's text and a name of FORMATS, or raises CharlstmError.
    book : bytes
        The tunebook as PDF.
    sound : bool
        Whether the large formats are in it too.
    base : str
        Address of the page, for links.
    progress : callable, optional
        Called with the number of tunes that are done, and of all.

    Returns
    -------
    bytes
        README.txt, tunes.abc, tunebook.pdf, settings.json, models/NAME.md, and tunes/NN-NAME/ with what could be made
        of each tune. The same tunes make the same bytes.
    """
    target, missing, large = io.BytesIO(), [], 0
    stems = [f"{place:02d}-{file_name(kept.name)}" for place, kept in enumerate(tunes, 1)]
    formats = [name for name in BY_LABEL if FORMATS[name].zipped and (sound or not FORMATS[name].large)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: str | bytes) -> None:
            info = zipfile.ZipInfo(name, _THEN)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)

        for place, (kept, stem) in enumerate(zip(tunes, stems, strict=True), 1):
            reasons: dict[str, list[str]] = {}  # a reason -> the formats that could not be made for it
            for name in formats:
                form = FORMATS[name]
                if form.large and large >= MAX_SOUND:
                    reasons.setdefault("there was enough of it in this file already", []).append(form.label)
                    continue
                try:
                    data = file_of(kept.text, name)
                except CharlstmError as error:
                    reasons.setdefault(str(error), []).append(form.label)
                    continue
                put(f"tunes/{stem}/{stem}.{form.ending}", data)
                large += len(data) * form.large
            missing += [f"{stem}: no {', '.join(labels)}: {reason}" for reason, labels in reasons.items()]
            if progress:
                progress(place, len(tunes))
        put("tunes.abc", abc_book(tunes))
        if book:
            put("tunebook.pdf", book)
        put("settings.json", json.dumps([_settings(k, base) for k in tunes], ensure_ascii=False, indent=1) + "\n")
        for name, card in sorted(cards.items()):
            put(f"models/{file_name(name)}.md", card)
        put("README.txt", _readme(tunes, stems, missing, base))
    return target.getvalue()


def abc_book(tunes: Sequence[Kept]) -> str:
    """The tunes as one ABC file, numbered from 1."""
    return "\n\n".join(f"X:{n}\n{kept.text.partition(chr(10))[2]}" for n, kept in enumerate(tunes, 1)) + "\n"


def file_name(name: str) -> str:
    """Letters, digits and hyphens, never empty."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name).split()
    return "-".join(words).lower()[:60] or "tune"


def _settings(kept: Kept, base: str) -> dict[str, Any]:
    brought = {"link": kept.link(base), "command": kept.command}
    settings = dict(kept.wish.query) if kept.wish is not None else dict(kept.settings)
    return {"name": kept.name, "how": kept.how, **{k: v for k, v in brought.items() if v}, "settings": settings}


def _readme(tunes: Sequence[Kept], stems: Sequence[str], missing: Sequence[str], base: str) -> str:
    labels = [FORMATS[name].label for name in BY_LABEL if FORMATS[name].zipped]
    lines = [
        "Tunes kept from charlstm",
        "",
        "tunes.abc      all tunes in ABC notation",
        "tunebook.pdf   all tunes as sheet music, with contents",
        "settings.json  what each tune was made with",
        "models/        a card of each model that wrote",
        f"tunes/         each tune as {', '.join(labels[:-1])} and {labels[-1]}, as far as they could be made",
        "",
        "How to bring a tune back: the same model, settings and seed write the same tune.",
        "",
    ]
    for kept, stem in zip(tunes, stems, strict=True):
        lines.append(f"{stem}  {kept.name}  ({HOW.get(kept.how, kept.how).lower()})")
        if link := kept.link(base):
            lines.append(f"    link     {link}")
        if kept.command:
            lines.append(f"    command  {kept.command}")
        if kept.how == "continued":
            lines.append("             (it writes the tune in the model's own spelling: eighths, plain header)")
        if kept.how == "rewritten":
            lines.append("    settings.json says which bars were written anew, and how")
    if missing:
        lines += ["", "What could not be made", "", *missing]
    return "\n".join(lines) + "\n"

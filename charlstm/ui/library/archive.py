"""Tunes of the library as files: one ABC book, and a ZIP of everything. Knows no Streamlit.

Names, texts and settings come from visitors and models. In the ZIP they are text, and file names are made of letters of
any language, digits and hyphens.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from charlstm.errors import CharlstmError
from charlstm.files import file_stem
from charlstm.library.tune import HOW, LibraryTune
from charlstm.score.formats import BY_LABEL, FORMATS
from charlstm.ui.library.tunes import command, link

MAX_SOUND = 60_000_000  # bytes of WAV in a ZIP; the tunes after them go without
_TIME = (1980, 1, 1, 0, 0, 0)  # of every file in the ZIP: the same tunes make the same bytes


def zip_of(
    tunes: Sequence[LibraryTune],
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
    tunes : sequence of LibraryTune
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
    stems = [f"{place:02d}-{file_stem(tune.name)}" for place, tune in enumerate(tunes, 1)]
    formats = [name for name in BY_LABEL if FORMATS[name].zipped and (sound or not FORMATS[name].large)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: str | bytes) -> None:
            info = zipfile.ZipInfo(name, _TIME)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)

        # Each tune in every format; what fails is told in the README and stops nothing.
        for place, (tune, stem) in enumerate(zip(tunes, stems, strict=True), 1):
            reasons: dict[str, list[str]] = {}  # a reason -> the formats that could not be made for it
            for name in formats:
                form = FORMATS[name]
                if form.large and large >= MAX_SOUND:
                    reasons.setdefault("the sound of the tunes before it fills this file", []).append(form.label)
                    continue
                try:
                    data = file_of(tune.titled, name)
                except CharlstmError as error:
                    reasons.setdefault(str(error), []).append(form.label)
                    continue
                put(f"tunes/{stem}/{stem}.{form.ending}", data)
                large += len(data) * form.large
            missing += [f"{stem}: no {', '.join(labels)}: {reason}" for reason, labels in reasons.items()]
            if progress:
                progress(place, len(tunes))
        # Then all of them together, and how to bring them back.
        put("tunes.abc", abc_book(tunes))
        if book:
            put("tunebook.pdf", book)
        put("settings.json", json.dumps([_record(t, base) for t in tunes], ensure_ascii=False, indent=1) + "\n")
        for name, card in sorted(cards.items()):
            put(f"models/{file_stem(name)}.md", card)
        put("README.txt", _readme(tunes, stems, missing, base))
    return target.getvalue()


def abc_book(tunes: Sequence[LibraryTune]) -> str:
    """The tunes as one ABC file, numbered from 1."""
    return "\n\n".join(f"X:{n}\n{tune.titled.partition(chr(10))[2]}" for n, tune in enumerate(tunes, 1)) + "\n"


def _record(tune: LibraryTune, base: str) -> dict[str, Any]:
    """A tune's entry in settings.json."""
    known = {
        "link": link(tune, base), "command": command(tune), "rating": tune.rating, "note": tune.note,
        "tags": list(tune.tags),
    }  # fmt: skip
    known = {name: value for name, value in known.items() if value}
    return {"name": tune.name, "how": tune.how, **known, "settings": dict(tune.settings)}


def _readme(tunes: Sequence[LibraryTune], stems: Sequence[str], missing: Sequence[str], base: str) -> str:
    labels = [FORMATS[name].label for name in BY_LABEL if FORMATS[name].zipped]
    lines = [
        "Tunes from charlstm",
        "",
        "tunes.abc      all tunes in ABC notation",
        "tunebook.pdf   all tunes as sheet music, with contents",
        "settings.json  what each tune was made with",
        "models/        a card for each model that wrote a tune",
        f"tunes/         each tune as {', '.join(labels[:-1])} and {labels[-1]}, where they could be made",
        "",
        "To bring a tune back, use the same model, settings and seed: they write the same tune.",
        "",
    ]
    for tune, stem in zip(tunes, stems, strict=True):
        lines.append(f"{stem}  {tune.name}  ({HOW.get(tune.how, tune.how).lower()})")
        if address := link(tune, base):
            lines.append(f"    link     {address}")
        if line := command(tune):
            lines.append(f"    command  {line}")
        if tune.how == "continued":
            lines.append("             (it writes the tune in the model's own spelling: eighths, plain header)")
        if tune.how == "rewritten":
            lines.append("    settings.json says which bars were rewritten, and how")
    if missing:
        lines += ["", "What could not be made", "", *missing]
    return "\n".join(lines) + "\n"

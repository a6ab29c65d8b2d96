"""What the pages say of a tune of the library: how it was made, and how to bring it back. Knows no Streamlit."""

from __future__ import annotations

import shlex
from urllib.parse import urlencode

from charlstm.library.tune import HOW, LibraryTune
from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import printed_key
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.ui.shared.url_state import ComposeSettings, parse_settings

SOUND = ("instrument", "transpose")  # names in an address, of what the visitor heard


def composed_settings(tune: LibraryTune) -> ComposeSettings | None:
    """The settings that bring a composed tune back; None for others."""
    model = tune.settings.get("model")
    if tune.how != "composed" or not isinstance(model, str):
        return None
    query = {str(name): str(value) for name, value in tune.settings.items()}
    return parse_settings(query, models=[model], default=ComposeSettings(model=model))[0]


def command(tune: LibraryTune) -> str:
    """The command line that writes a tune, or what the model added to it; "" where there is none."""
    if (settings := composed_settings(tune)) is not None:
        return settings.command
    known = tune.settings
    if tune.how == "continued" and {"model", "prime", "temperature", "seed", "max_length"} <= set(known):
        words = ["charlstm", "sample", str(known["model"]), "--prime", str(known["prime"]).replace("\n", r"\n")]
        words += ["--temperature", f"{known['temperature']:g}", "--seed", str(known["seed"])]
        words += ["--max-length", str(known["max_length"])]
        return shlex.join([*words, *(["--guard"] if known.get("guard") else [])])
    return ""


def link(tune: LibraryTune, base: str) -> str:
    """The address that brings a tune back, under a page's; "" where there is none."""
    settings = composed_settings(tune)
    if settings is None:
        return ""
    return f"{base}?{urlencode(settings.query | {n: str(tune.settings[n]) for n in SOUND if n in tune.settings})}"


def summary(tune: LibraryTune) -> str:
    """How a tune was made, in a line."""
    known = tune.settings
    parts = [HOW.get(tune.how, tune.how)]
    if model := known.get("model"):
        parts[0] += f" by {model}"
        parts.append(f"temperature {float(known.get('temperature', 0)):g}, seed {known.get('seed')}")
    if "first_bar" in known:
        parts.append(f"bars {known['first_bar']} to {known['last_bar']}")
    header = split_header(tune.text)
    parts += [value for value in (header.get("R"), printed_key(header.get("K") or "")) if value]
    return ", ".join(parts)


def facts(text: str) -> dict[str, str]:
    """What two tunes can be compared by."""
    header = split_header(text)
    complete, count = printed_bars(text).complete()
    return {
        "Key": printed_key(header.get("K") or ""),
        "Meter": header.get("M") or "",
        "Rhythm": header.get("R") or "",
        "Bars": str(count),
        "Complete bars": f"{complete} of {count}" if count else "",
        "Characters": str(len(text)),
    }

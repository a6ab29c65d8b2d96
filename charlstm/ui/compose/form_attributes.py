"""What a tune is to be like beside its form: widgets for range, notes per bar, leaps, temperatures; what came out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from charlstm.errors import ConfigError
from charlstm.lm.sample.attributes import Attributes, attributes_of_words, write_attributes
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.views.attributes import Ambitus, note_name, parse_note_name, tune_attributes
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_tune import TUNE, choose_tune
from charlstm.ui.shared.url_state import TEMPERATURES, ComposeSettings
from charlstm.ui.state import Setting

ANY = "Any"
NOTES = [note_name(position) for position in range(-4, 17)]  # F3 to E6, lower and higher than nearly all tunes
DENSITIES = ["3", "4", "5", "6", "7", "8", "10", "12", "16"]  # notes per bar
LEAPS = ["0", "0.05", "0.1", "0.15", "0.2", "0.3", "0.4", "0.5"]
HEATS = [f"{tenth / 10:g}" for tenth in range(2, round(10 * TEMPERATURES[1]) + 1, 2)]
LOWEST = Setting("compose.form.lowest", "")
HIGHEST = Setting("compose.form.highest", "")
DENSITY = Setting("compose.form.density", "")
LEAP = Setting("compose.form.leaps", "")
HEAT = Setting("compose.form.heat", "")  # of each part
RETURNS = Setting("compose.form.returns", "")


def show_attributes(settings: ComposeSettings, sample: Sample, plan: FormPlan | None) -> None:
    """The widgets, each of which writes the tune again, and what was asked for beside what came out."""
    asked, words = settings.wished, settings.wished.words()
    letters = plan.letters if plan else "A"

    def change() -> None:
        choose_tune(_asked(TUNE.get() or settings, len(letters)))

    def pick(
        label: str, setting: Setting[str], options: Sequence[str], chosen: str, any_word: str = ANY, about: str = ""
    ) -> None:
        setting.set(chosen)
        offered = ["", *options] if chosen in ("", *options) else ["", *options, chosen]
        st.selectbox(
            label, offered, key=setting.widget(offered), width=150, on_change=change,
            format_func=lambda value: _shown(setting, value) if value else any_word, help=about or None,
        )  # fmt: skip

    lowest, highest = ("", "") if asked.range is None else str(asked.range).split("-")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        pick("Lowest note", LOWEST, NOTES[1:], "" if lowest == NOTES[0] else lowest)
        pick("Highest note", HIGHEST, NOTES[:-1], "" if highest == NOTES[-1] else highest)
        pick("Notes per bar", DENSITY, DENSITIES, words.get("density", ""))
        pick("Leaps", LEAP, LEAPS, words.get("leaps", ""), about="Intervals larger than a third.")
    own = f"As set: {settings.temperature:g}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        heats = [f"{heat:g}" for heat in asked.temperatures]
        for part, letter in enumerate(letters):
            again = " again" if letter in letters[:part] else ""
            heat = heats[min(part, len(heats) - 1)] if heats else ""
            pick(f"Temperature of {letter}{again}", HEAT.of(part), HEATS, heat, own)
        pick(
            "Returning bars",
            RETURNS,
            HEATS,
            words.get("returns", ""),
            "As their part",
            "Temperature of bars that were there before, and of their variants.",
        )
    st.caption(plain(compared(asked, sample.text)))


def _shown(setting: Setting[str], value: str) -> str:
    """A value as its widget shows it."""
    return f"{100 * float(value):.0f}%" if setting.key == LEAP.key else value


def _asked(settings: ComposeSettings, parts: int) -> ComposeSettings:
    """The settings with what the widgets ask for."""
    lowest, highest = LOWEST.get(), HIGHEST.get()
    if lowest or highest:
        low, high = lowest or NOTES[0], highest or NOTES[-1]
        low, high = sorted((low, high), key=parse_note_name)
    heats = [HEAT.of(part).get() for part in range(parts)]
    words = {
        "range": f"{low}-{high}" if lowest or highest else "",
        "density": DENSITY.get(),
        "leaps": LEAP.get(),
        "temperatures": ",".join(heat or f"{settings.temperature:g}" for heat in heats) if any(heats) else "",
        "returns": RETURNS.get(),
    }
    try:
        return settings.varied(attributes=write_attributes(attributes_of_words(words)))
    except ConfigError:  # of values that no widget offers
        return settings


def compared(asked: Attributes, text: str) -> str:
    """What a tune is like, and what of it was asked for."""
    got = tune_attributes(text)
    if got.range is None:
        return ""
    parts = [
        (f"Notes from {_ambitus(got.range)}", asked.range and _ambitus(asked.range)),
        (f"{got.density:.1f} per bar", asked.density is not None and f"{asked.density:g}"),
        (f"{100 * got.leaps:.0f}% of the intervals larger than a third",
         asked.leaps is not None and f"{100 * asked.leaps:g}%"),
    ]  # fmt: skip
    return ", ".join(f"{came} (asked for {wish})" if wish else came for came, wish in parts) + "."


def _ambitus(ambitus: Ambitus) -> str:
    return f"{note_name(ambitus.lowest)} to {note_name(ambitus.highest)}"

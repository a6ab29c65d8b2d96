"""The settings of a composed tune: as the page's address, as a command, as the header it fixes. Knows no Streamlit.

An address is somebody else's text: every value is checked before use, and a bad one becomes a sentence.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from charlstm.errors import ConfigError
from charlstm.lm.sample.attributes import Attributes, parse_attributes, write_attributes
from charlstm.tunes.form_plan.edit import FormEdit
from charlstm.tunes.form_plan.notation import parse_plan, write_plan

TEMPERATURES = (0.0, 2.0)
LENGTHS = (100, 3000)  # characters
MAX_SEED = 2**31 - 1
MAX_TOP_K = 100  # characters; no vocabulary of a tune corpus has more
LOWEST_TOP_P = 0.05
HEADER = {"key": "K", "meter": "M", "rhythm": "R", "title": "T"}
_KEPT = re.compile(r"(-|[0-9]{1,3})(\.(-|[0-9]{1,3}))*")
_PLAUSIBLE = {
    "key": re.compile(r"[A-G][#b]?[A-Za-z]{0,10}( [\^_=]{1,2}[a-g])*"),
    "meter": re.compile(r"C\|?|[0-9]{1,2}/[0-9]{1,2}|none"),
    "rhythm": re.compile(r"[^\W_][\w ,.'()&/-]{0,39}"),
    "title": re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]{1,80}"),
}


@dataclass(frozen=True, kw_only=True)
class ComposeSettings:
    """The settings that bring a tune back; a header field that is "" is left to the model.

    Without `guard` the model writes what it likes; top_k 0 and top_p 1 leave all characters to choose from. `form` is
    the form plan that the tune is written by, "" one of the model's own. `edited_form` is the plan after it was
    edited, and `kept_bars` says which bars stay: for each of its bars the bar of the tune written by `form`, or -, with
    dots between. `attributes` is what the tune is to be like beside it, as `write_attributes` has it.
    """

    model: str
    seed: int = 1
    temperature: float = 0.8
    length: int = 1000
    guard: bool = False
    top_k: int = 0
    top_p: float = 1.0
    key: str = ""
    meter: str = ""
    rhythm: str = ""
    title: str = ""
    form: str = ""
    edited_form: str = ""
    kept_bars: str = ""
    attributes: str = ""

    def varied(self, **changes: Any) -> ComposeSettings:
        """Other settings and the form that this tune has: what an edit kept belongs to one tune only."""
        return replace(self, **{"form": self.edited_form or self.form, "edited_form": "", "kept_bars": ""} | changes)

    def with_form(self, form: str) -> ComposeSettings:
        """The same by another form, written again; "": by one of the model's own."""
        return replace(self, form=form, edited_form="", kept_bars="")

    def with_edit(self, edit: FormEdit) -> ComposeSettings:
        """The same tune with its form edited."""
        bars = ("-" if origin is None else str(origin) for origin in edit.origins)
        return replace(self, edited_form=write_plan(edit.plan), kept_bars=".".join(bars))

    @property
    def edit(self) -> FormEdit | None:
        """How the form of the tune was edited, if it was."""
        if not self.edited_form:
            return None
        origins = tuple(None if part == "-" else int(part) for part in self.kept_bars.split("."))
        return FormEdit(parse_plan(self.edited_form), origins)

    @property
    def wished(self) -> Attributes:
        """What the tune is to be like beside its form."""
        return parse_attributes(self.attributes)

    @property
    def header(self) -> dict[str, str]:
        """The header fields that are fixed, by letter: {"K": "D", "M": "6/8"}."""
        return {letter: value for name, letter in HEADER.items() if (value := getattr(self, name))}

    @property
    def query(self) -> dict[str, str]:
        """The address: every setting that is not left open, as text."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        open_values = {"guard": False, "top_k": 0, "top_p": 1.0}
        return {
            name: str(int(value)) if name == "guard" else f"{value:g}" if isinstance(value, float) else str(value)
            for name, value in values.items()
            if value != open_values.get(name, "")
        }

    @property
    def command(self) -> str:
        """The command line that writes the same tune."""
        words = ["charlstm", "sample", self.model, "--temperature", f"{self.temperature:g}", "--seed", str(self.seed)]
        form = {"form": self.edited_form or self.form}
        for name in (*HEADER, "top_k", *form):
            if value := form.get(name) or getattr(self, name):
                words += [f"--{name.replace('_', '-')}", str(value)]
        if self.top_p < 1:
            words += ["--top-p", f"{self.top_p:g}"]
        if self.guard:
            words.append("--guard")
        words += self.wished.options()
        return shlex.join([*words, "--max-length", str(self.length)])


def parse_settings(
    query: Mapping[str, str],
    *,
    models: Collection[str],
    default: ComposeSettings,
    temperatures: Mapping[str, float] | None = None,
) -> tuple[ComposeSettings, list[str]]:
    """Read an address.

    One without a word of the guard may be older than the guard, and its tune is to come back as it was: unguarded.

    Parameters
    ----------
    query : mapping
        Names and values of the address; unknown names are ignored.
    models : collection of str
        The models there are.
    default : ComposeSettings
        What replaces a setting that is missing or bad.
    temperatures : mapping, optional
        The temperature that a model starts from, for an address that names none.

    Returns
    -------
    settings : ComposeSettings
    problems : list of str
        A sentence for every value that was not used.
    """
    problems: list[str] = []
    model = query.get("model", default.model)
    if model not in models:
        problems.append(f"There is no model named {_short(model)} here, so {default.model} wrote this tune instead.")
        model = default.model
    start = (temperatures or {}).get(model, default.temperature)

    def number(name: str, low: float, high: float, otherwise: float) -> float:
        if name not in query:
            return otherwise
        try:
            value = float(query[name][:40])
        except ValueError:
            value = math.nan
        if low <= value <= high:
            return value
        allowed = f"a number from {low:,.10g} to {high:,.10g}"
        problems.append(f"The {name} in this address, {_short(query[name])}, must be {allowed}.")
        return otherwise

    def words(name: str) -> str:
        value = query.get(name, "")
        if value == "" or plausible(name, value):
            return value
        problems.append(f"The {name} in this address, {_short(value)}, cannot be used in a tune's header.")
        return ""

    def plan(name: str) -> str:
        value = query.get(name, "")
        try:
            return write_plan(parse_plan(value)) if value else ""
        except ConfigError:
            problems.append("The form in this address cannot be read; perhaps the address was cut off.")
            return ""

    def attributes() -> str:
        value = query.get("attributes", "")
        try:
            return write_attributes(parse_attributes(value))
        except ConfigError as error:
            problems.append(f"The attributes in this address cannot be used: {error}")
            return ""

    edited_form, kept_bars = plan("edited_form"), query.get("kept_bars", "")
    is_counted = kept_bars.count(".") + 1 == len(parse_plan(edited_form).bars) if edited_form else False
    if edited_form and not (_KEPT.fullmatch(kept_bars) and is_counted):
        problems.append("This address does not say which bars of the form stay; perhaps it was cut off.")
        edited_form = ""
    settings = ComposeSettings(
        model=model,
        seed=int(number("seed", 0, MAX_SEED, default.seed)),
        temperature=round(number("temperature", *TEMPERATURES, start), 2),
        length=int(number("length", *LENGTHS, default.length)),
        guard=bool(number("guard", 0, 1, 0)),
        top_k=int(number("top_k", 0, MAX_TOP_K, default.top_k)),
        top_p=round(number("top_p", LOWEST_TOP_P, 1.0, default.top_p), 2),
        form=plan("form"),
        edited_form=edited_form,
        kept_bars=kept_bars if edited_form else "",
        attributes=attributes(),
        **{name: words(name) for name in HEADER},
    )
    return settings, problems


def plausible(name: str, value: str) -> bool:
    """Whether a header field can have this value: "key", "meter", "rhythm" or "title"."""
    return _PLAUSIBLE[name].fullmatch(value) is not None


def _short(value: str) -> str:
    """A foreign value inside a sentence: quoted, and cut."""
    return repr(value if len(value) <= 40 else value[:39] + "…")

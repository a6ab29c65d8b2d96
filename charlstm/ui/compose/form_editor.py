"""The form editor: the form of the tune as blocks, edited; the tune is written again from the same seed.

Bars that an edit leaves alone stay as they are. Only for models that read form plans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.sample.form import form_like
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.form_plan import edit as edits
from charlstm.tunes.form_plan.edit import FormEdit, matched
from charlstm.tunes.form_plan.notation import parse_plan, write_plan
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.form_plan.reading import read_plan
from charlstm.ui.compose.form_attributes import show_attributes
from charlstm.ui.compose.form_blocks import bar_names, chosen_bar, is_pickup, show_form
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.corpora import built_corpus, titles, tune_of
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_tune import TUNE, choose_tune
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.state import Setting


class Problem(NamedTuple):
    """Why an edit of the form was not made; said until another edit, since a run may be cut short."""

    settings: ComposeSettings  # of the tune that is on the page
    place: str  # below which the sentence stands
    sentence: str


KEY = "compose.form.blocks"
BAR = Setting("compose.form.bar", 0)  # the chosen one, from 0
KIND = Setting("compose.form.kind", "new")
OF = Setting("compose.form.of", 0)
TEXT = Setting("compose.form.text", "")
LIKE: Setting[int | None] = Setting("compose.form.like", None)
REPEATED = Setting("compose.form.repeated", False)
ENDINGS = Setting("compose.form.endings", False)
PROBLEM: Setting[Problem | None] = Setting("compose.form.problem", None)
KINDS = {"new": "New", "return": "Again", "variant": "Variant"}


def show_form_editor(context: ViewContext, sample: Sample) -> None:
    """The blocks, and what can be done to the chosen bar, its part and the whole."""
    read = read_plan(sample.text)  # as it came out: a model may stray from its plan
    plan = read or sample.form
    apply = None if plan is None else _Apply(context.composed, plan, keeps=read is not None)
    if apply is None or plan is None:
        st.caption("This tune has no form that can be read. Take one over from a real tune, or write one.")
    else:
        st.caption("A block is a bar; bars of one letter are the same music. Choose one and change it: the rest stays.")
        asked = context.composed.edited_form or context.composed.form
        if asked and sample.form and write_plan(plan) != write_plan(sample.form):
            st.caption(plain(f"Asked for {write_plan(sample.form)}. The blocks show what the model made of it."))
        show_form(plan, _chosen(plan), key=KEY, on_choose=lambda: BAR.set(chosen_bar(KEY) or 0))
        _show_problem(context.composed, KEY)
        _bar_widgets(apply, plan)
        _part_widgets(apply, plan)
    show_attributes(context.composed, sample, plan)
    _whole_widgets(context, apply)


def edited(settings: ComposeSettings, edit: FormEdit, *, keeps: bool = True) -> ComposeSettings:
    """The settings of a tune whose form was edited, perhaps once more; `keeps`: with the bars that the edit keeps."""
    edit = settings.edit.then(edit) if settings.edit else edit
    if not keeps or all(origin is None for origin in edit.origins):
        return settings.with_form(write_plan(edit.plan))
    return settings.with_edit(edit)


@dataclass(frozen=True)
class _Apply:
    """For callbacks: edits the form of the tune of these settings; a sentence says what cannot be."""

    settings: ComposeSettings
    plan: FormPlan  # of that tune
    keeps: bool  # whether the tune's bars are those of its plan, so that they can be kept

    def __call__(self, make: Callable[[FormPlan], FormEdit], place: str = KEY) -> None:
        settings, plan = self._newest()
        PROBLEM.set(None)
        try:
            choose_tune(edited(settings, make(plan), keeps=self.keeps))
        except CharlstmError as error:
            PROBLEM.set(Problem(settings, place, str(error)))

    def _newest(self) -> tuple[ComposeSettings, FormPlan]:
        """A fast click comes before the tune of the edit before it is written: it edits that one's form."""
        now = TUNE.get()
        if now is None or now == self.settings or not (now.edited_form or now.form):
            return self.settings, self.plan
        return now, parse_plan(now.edited_form or now.form)


def _problem(settings: ComposeSettings, place: str) -> Problem | None:
    """What could not be done to the tune of these settings, and is said at this place."""
    problem = PROBLEM.get()
    return problem if problem and (problem.settings, problem.place) == (settings, place) else None


def _show_problem(settings: ComposeSettings, place: str) -> None:
    if problem := _problem(settings, place):
        st.error(plain(problem.sentence.replace("form: ", "The form ", 1).replace("`", "")))


def _chosen(plan: FormPlan) -> int:
    """The chosen bar, in this plan."""
    return min(max(BAR.get(), 0), len(plan.bars) - 1)


def _part(plan: FormPlan, bar: int) -> int:
    """The part that a bar is in."""
    return max(number for number, start in enumerate(plan.starts) if start <= bar)


def _letter(plan: FormPlan, bar: int) -> str:
    """The letter of that part."""
    return plan.letters[_part(plan, bar)]


def _near(plan: FormPlan, bar: int) -> int:
    """The bar, or the last one of a plan that has become shorter."""
    return min(bar, len(plan.bars) - 1)


def _bar_widgets(apply: _Apply, plan: FormPlan) -> None:
    """What the chosen bar is, and bars added and removed."""
    bar, names = _chosen(plan), bar_names(plan)
    of, length = plan.bars[bar].of, plan.bars[bar].length
    roots = {plan.roots[k] for k in range(bar)}  # of its own length: a whole bar cannot be a pickup again
    earlier = sorted(k for k in roots if plan.bars[k].length == length or (of is not None and k == plan.roots[of]))
    KIND.set(plan.bars[bar].kind)
    taken_up = OF.of(write_plan(plan))  # a browser would go on showing the name that a bar had in another form
    taken_up.set(plan.roots[of] if of is not None else earlier[0] if earlier else 0)

    def change() -> None:
        kind, of = KIND.get(), taken_up.get()
        if kind == "return":
            apply(lambda plan: edits.make_return(plan, _near(plan, bar), of))
        elif kind == "variant":
            apply(lambda plan: edits.make_variant(plan, _near(plan, bar), of))
        else:
            apply(lambda plan: edits.make_new(plan, _near(plan, bar)))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kinds = list(KINDS) if earlier else ["new"]
        what = "Pickup" if is_pickup(plan, bar) else "Bar"
        st.segmented_control(
            f"{what} {names[bar]} of part {_letter(plan, bar)}", kinds, key=KIND.widget(kinds), required=True,
            format_func=KINDS.__getitem__, on_change=change,
        )  # fmt: skip
        if earlier:
            st.selectbox(
                "Takes up bar", earlier, key=taken_up.widget(earlier), width=160, on_change=change,
                format_func=names.__getitem__, disabled=of is None,
            )  # fmt: skip
        st.button(
            "Add a bar", key="compose.form.add", icon=":material/add:", help="A new bar after this one.",
            on_click=apply, args=(lambda plan: edits.add_bar(plan, _near(plan, bar)),),
        )  # fmt: skip
        st.button(
            "Remove this bar", key="compose.form.drop", icon=":material/remove:", disabled=len(plan.bars) < 2,
            on_click=apply, args=(lambda plan: edits.drop_bar(plan, _near(plan, bar)),),
        )  # fmt: skip


def _part_widgets(apply: _Apply, plan: FormPlan) -> None:
    """The part of the chosen bar: repeat, endings, another part, none."""
    part, letter = _part(plan, _chosen(plan)), _letter(plan, _chosen(plan))
    REPEATED.set(plan.parts[part].repeated)
    ENDINGS.set(plan.parts[part].has_endings)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.toggle(
            f"Part {letter} twice", key=REPEATED.widget(),
            on_change=lambda: apply(lambda plan: edits.set_repeated(plan, part, REPEATED.get())),
        )  # fmt: skip
        st.toggle(
            "Two endings", key=ENDINGS.widget(),
            on_change=lambda: apply(lambda plan: edits.set_endings(plan, part, ENDINGS.get())),
        )  # fmt: skip
        st.button(
            "Add a part", key="compose.form.add_part", icon=":material/playlist_add:",
            help=f"Eight new bars after part {letter}.",
            on_click=apply, args=(lambda plan: edits.add_part(plan, part),),
        )  # fmt: skip
        st.button(
            f"Part {letter} again", key="compose.form.again", icon=":material/repeat:", help="At the end of the tune.",
            on_click=apply, args=(lambda plan: edits.add_part(plan, len(plan.parts) - 1, like=part),),
        )  # fmt: skip
        st.button(
            f"Remove part {letter}", key="compose.form.drop_part", icon=":material/playlist_remove:",
            disabled=len(plan.parts) < 2, on_click=apply, args=(lambda plan: edits.drop_part(plan, part),),
        )  # fmt: skip


def _whole_widgets(context: ViewContext, apply: _Apply | None) -> None:
    """The form as text, a real tune's form, and the model's own again."""
    settings = context.composed
    if _problem(settings, TEXT.key) is None:  # what was typed stays there to be corrected
        TEXT.set("" if apply is None else write_plan(apply.plan))

    def typed() -> None:
        PROBLEM.set(None)
        try:
            wanted = parse_plan(TEXT.get())
        except CharlstmError as error:
            PROBLEM.set(Problem(settings, TEXT.key, str(error)))
            return
        if apply is None:
            choose_tune(settings.with_form(write_plan(wanted)))
        else:
            apply(lambda plan: matched(plan, wanted), place=TEXT.key)

    st.text_input(
        "The form as text", key=TEXT.widget(), on_change=typed, max_chars=2000,
        placeholder="AABB: a b a c | d e d c",
        help="A letter is a bar; one that was there before is that bar again, b' a variant of b. AABB: two parts, each "
        "twice.",
    )  # fmt: skip
    _show_problem(settings, TEXT.key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _like_widget(context)
        st.button(
            "The model’s own form", key="compose.form.own", icon=":material/undo:", on_click=_own, args=(settings,),
            disabled=not (settings.form or settings.edited_form), help="As it was before all changes.",
        )  # fmt: skip
    _show_problem(settings, LIKE.key)


def _own(settings: ComposeSettings) -> None:
    choose_tune(settings.with_form(""))


def _like_widget(context: ViewContext) -> None:
    """A real tune whose form is taken over; nothing where no collection is there."""
    try:
        found = built_corpus(context.checkpoint.corpus.name)
    except CharlstmError:
        found = None
    if found is None:
        return
    corpus, _ = found
    names = titles(corpus, corpus.fingerprint)

    def take_over() -> None:
        place = LIKE.pop()
        if place is None or not 0 <= place < len(names):
            return
        try:
            plan = form_like(engine(context.model), tune_of(corpus, place)[0])
        except CharlstmError as error:
            PROBLEM.set(Problem(context.composed, LIKE.key, str(error)))
            return
        choose_tune(context.composed.with_form(write_plan(plan)))

    st.selectbox(
        "Like a real tune", range(len(names)), index=None, key=LIKE.widget(), on_change=take_over, width=320,
        format_func=names.__getitem__, placeholder="Its form, none of its notes",
    )  # fmt: skip

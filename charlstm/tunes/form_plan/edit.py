"""Edits of a form plan: bars made new, returns or variants; bars and parts added and dropped; repeats and endings.

Each edit says which bars keep their music: all but those it touches. Bars that took up an edited one do not change with
it: the first of them stands for what they share from then on. Bars and parts are counted from 0; an edit that makes no
tune raises ConfigError.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from charlstm.errors import ConfigError
from charlstm.tunes.form_plan.plan import NEW, FormPlan, PlanBar, PlanPart


@dataclass(frozen=True)
class FormEdit:
    """A plan, and for each of its bars the bar of the plan before whose music it keeps; None: it is written again."""

    plan: FormPlan
    origins: tuple[int | None, ...]

    def then(self, edit: FormEdit) -> FormEdit:
        """This edit and one of its result, as one."""
        return FormEdit(edit.plan, tuple(None if k is None else self.origins[k] for k in edit.origins))


def unedited(plan: FormPlan) -> FormEdit:
    """The edit that changes nothing."""
    return FormEdit(plan, tuple(range(len(plan.bars))))


def make_new(plan: FormPlan, bar: int) -> FormEdit:
    """A bar with music of its own; one that had some gets other music."""
    return _replaced(plan, bar, "new", None)


def make_return(plan: FormPlan, bar: int, of: int) -> FormEdit:
    """A bar that is an earlier one again."""
    return _replaced(plan, bar, "return", of)


def make_variant(plan: FormPlan, bar: int, of: int) -> FormEdit:
    """A bar that is much like an earlier one."""
    return _replaced(plan, bar, "variant", of)


def set_degree(plan: FormPlan, bar: int, degree: int | None) -> FormEdit:
    """The degree that a bar, which ends a part, ends on; None: any."""
    draft = _Draft(plan)
    part, place = draft.find(bar)
    draft.parts[part][place] = (None, replace(draft.bars[bar], degree=degree))
    return draft.edit()


def add_bar(plan: FormPlan, after: int) -> FormEdit:
    """A new bar behind another one, in its part; -1: before the first."""
    draft = _Draft(plan)
    if after == -1:
        draft.parts[0].insert(0, (None, NEW))
    else:
        part, place = draft.find(after)
        last = draft.bars[after]
        if place + 1 == len(draft.parts[part]):  # it now ends the part
            draft.parts[part][place] = (after, replace(last, degree=None))
        draft.parts[part].insert(place + 1, (None, PlanBar(degree=last.degree)))
    return draft.edit()


def drop_bar(plan: FormPlan, bar: int) -> FormEdit:
    """The tune without a bar; without its part, if that was its only one."""
    draft = _Draft(plan)
    part, place = draft.find(bar)
    if draft.bars[bar].ending:
        raise ConfigError("form", f"bar {bar + 1} begins an ending; drop the endings of its part instead.")
    del draft.parts[part][place]
    if not draft.parts[part]:
        del draft.parts[part], draft.repeated[part]
    return draft.edit(lead_in=plan.lead_in and bar > 0)


def add_part(plan: FormPlan, after: int, *, bars: int = 8, like: int | None = None) -> FormEdit:
    """A part of new bars behind another part (-1: before the first), or one that is an earlier part again."""
    draft = _Draft(plan)
    new: list[tuple[int | None, PlanBar]] = [(None, PlanBar(breaks=(k + 1) % 4 == 0)) for k in range(bars)]
    repeated = plan.parts[after].repeated if 0 <= after < len(plan.parts) else plan.parts[0].repeated
    if like is not None:
        draft.check_part(like)
        if like > after:
            raise ConfigError("form", "a part can only take up one that comes before it.")
        first = plan.starts[like]
        new = [(None, replace(bar, kind="return", of=first + place)) for place, bar in enumerate(plan.parts[like].bars)]
        repeated = plan.parts[like].repeated
    if after >= 0:
        draft.check_part(after)
    draft.parts.insert(after + 1, new)
    draft.repeated.insert(after + 1, repeated)
    return draft.edit(lead_in=plan.lead_in and after >= 0)


def drop_part(plan: FormPlan, part: int) -> FormEdit:
    """The tune without a part."""
    draft = _Draft(plan)
    draft.check_part(part)
    del draft.parts[part], draft.repeated[part]
    return draft.edit(lead_in=plan.lead_in and part > 0)


def set_repeated(plan: FormPlan, part: int, repeated: bool) -> FormEdit:
    """A part played twice, or once; then without its endings."""
    edit = unedited(plan)
    if not repeated and plan.parts[part].has_endings:
        edit = set_endings(plan, part, False)
    parts = list(edit.plan.parts)
    parts[part] = replace(parts[part], repeated=repeated)
    return FormEdit(FormPlan(tuple(parts), plan.lead_in and (repeated or part > 0)), edit.origins)


def set_endings(plan: FormPlan, part: int, endings: bool) -> FormEdit:
    """A part with a first ending, its last bar, and a second one like it; or with its second ending alone."""
    draft = _Draft(plan)
    draft.check_part(part)
    bars = draft.parts[part]
    if endings == plan.parts[part].has_endings:
        return unedited(plan)
    if endings:
        if len(bars) < 2:
            raise ConfigError("form", "endings need a part of two bars or more.")
        draft.repeated[part] = True
        origin, last = bars[-1]
        bars[-1] = (origin, replace(last, ending=1, degree=None))
        of = None if origin is None else draft.plan.roots[origin]
        bars.append((None, PlanBar("variant", of, last.length, last.degree, 2)))
    else:
        first, second = (next(k for k, (_, bar) in enumerate(bars) if bar.ending == n) for n in (1, 2))
        kept = [(origin, replace(bar, ending=0)) for origin, bar in bars[second:]]
        draft.parts[part] = [*bars[:first], *kept]
    return draft.edit()


def with_breaks(plan: FormPlan, every: int = 4) -> FormPlan:
    """The plan with a line break behind every so many full bars of a part; for a plan by hand, which has none."""
    bars = []
    for part in plan.parts:
        full = 0
        for bar in part.bars:
            full += bar.length is None
            bars.append(replace(bar, breaks=full > 0 and full % every == 0 and bar.length is None))
    edges = [*plan.starts, len(bars)]
    parts = zip(plan.parts, edges[:-1], edges[1:], strict=True)
    return FormPlan(tuple(replace(part, bars=tuple(bars[a:b])) for part, a, b in parts), plan.lead_in).canonical()


def matched(before: FormPlan, plan: FormPlan) -> FormEdit:
    """The edit that leads from one plan to another one that was typed: bars that are alike in both, in order, keep.

    What kind a bar is, its length and its degree are compared, and whether what it takes up is kept as well.
    """
    before, plan = before.canonical(), plan.canonical()
    old_signs, signs = ([(bar.kind, bar.length, bar.degree) for bar in one.bars] for one in (before, plan))
    origins: list[int | None] = [None] * len(plan.bars)
    for block in SequenceMatcher(None, old_signs, signs, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            old, new = block.a + k, block.b + k
            of = plan.bars[new].of
            if of is None or (origins[of] is not None and origins[of] == before.bars[old].of):
                origins[new] = old
    return FormEdit(plan, tuple(origins))


class _Draft:
    """A plan taken apart: parts of bars with the number that each had, None for bars that are new in the plan."""

    def __init__(self, plan: FormPlan) -> None:
        plan = plan.canonical()
        self.plan, self.bars = plan, plan.bars
        self.parts: list[list[tuple[int | None, PlanBar]]] = [
            [(start + place, bar) for place, bar in enumerate(part.bars)]
            for start, part in zip(plan.starts, plan.parts, strict=True)
        ]
        self.repeated = [part.repeated for part in plan.parts]

    def check_part(self, part: int) -> None:
        if not 0 <= part < len(self.plan.parts):
            raise ConfigError("form", f"has {len(self.plan.parts)} parts, and no part {part + 1}.")

    def find(self, bar: int) -> tuple[int, int]:
        """The part of a bar, and its place there."""
        if not 0 <= bar < len(self.bars):
            raise ConfigError("form", f"has {len(self.bars)} bars, and no bar {bar + 1}.")
        part = max(k for k, start in enumerate(self.plan.starts) if start <= bar)
        return part, bar - self.plan.starts[part]

    def edit(self, *, lead_in: bool | None = None) -> FormEdit:
        """Put the plan together again: references by the bars' new numbers."""
        leaders: dict[int, int] = {}  # first bar with some music, by its old number -> the bar that leads it now
        origins: list[int | None] = []
        parts: list[PlanPart] = []
        for bars, repeated in zip(self.parts, self.repeated, strict=True):
            made = []
            for origin, bar in bars:
                made.append(self._renumbered(origin, bar, len(origins), leaders))
                origins.append(origin)
            parts.append(PlanPart(tuple(made), repeated))
        plan = FormPlan(tuple(parts), self.plan.lead_in if lead_in is None else lead_in)
        return FormEdit(plan.canonical(), tuple(origins))

    def _renumbered(self, origin: int | None, bar: PlanBar, number: int, leaders: dict[int, int]) -> PlanBar:
        """A bar whose reference is a bar of the new plan; where what it took up is gone, it stands for that itself."""
        if bar.kind == "return" and bar.of is not None:
            if bar.of in leaders:
                return replace(bar, of=leaders[bar.of])
            leaders[bar.of] = number
            root = self.bars[bar.of]
            bar = replace(bar, kind=root.kind, of=root.of)
        elif origin is not None:
            leaders[origin] = number
        if bar.kind == "variant" and bar.of is not None:
            return replace(bar, of=leaders[bar.of]) if bar.of in leaders else replace(bar, kind="new", of=None)
        return bar


def _replaced(plan: FormPlan, bar: int, kind: str, of: int | None) -> FormEdit:
    """A plan in which one bar is something else."""
    draft = _Draft(plan)
    part, place = draft.find(bar)
    old = draft.bars[bar]
    if of is not None:
        if not 0 <= of < bar:
            raise ConfigError("form", f"bar {bar + 1} can only take up an earlier bar, from 1 to {bar}.")
        of = draft.plan.roots[of]
    if of is not None and (old.kind, old.of) == (kind, of):
        return unedited(draft.plan)
    length = old.length if of is None or kind == "variant" else draft.bars[of].length
    changed = replace(old, kind=kind, of=of, length=length)  # type: ignore[arg-type]
    draft.parts[part][place] = (None, changed)
    return draft.edit()

"""Every page and view in both themes: nothing serious to axe-core, headings in order, a name for each control."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest

from benchmarks.serving import ROOT

AXE = ROOT / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
TUNE = "model=reciter&seed=7"
VIEWS = {
    "Compose": f"/?{TUNE}",
    "Your tune": f"/your_tune?{TUNE}",
    "Library": "/library",
    "Lesson": "/lesson",
    "Listening test": "/listening_test",
    **{f"Neurons, {view}": f"/neurons?view={view}&{TUNE}" for view in
       ("tune", "neuron", "gates", "directory", "compare", "search", "cause")},
    "Compare two models": f"/neurons?view=compare&by=models&{TUNE}",
    "Why this character": f"/neurons?view=cause&by=why&{TUNE}",
    **{f"Train, {view}": f"/train?view={view}" for view in ("new", "runs", "film", "models")},
    **{f"Experiments, {study}": f"/experiments?study={study}" for study in
       ("baseline", "temperatures", "heatmaps", "panel")},
}  # fmt: skip
# Headings, controls by role and name. Streamlit's own small buttons, of tables, charts and numbers, are not ours; the
# options of a question have its name beside their own.
SEEN = """() => {
  const theirs = '[data-testid=stElementToolbar], ' +
    '[data-baseweb=select], .react-aria-ComboBox, [data-testid=stButtonGroup]';
  const seen = (e) => e.checkVisibility() && e.closest(theirs) === null;
  const kinds = ':is(h1, h2, h3, h4, h5, h6, button, input, textarea, a[href])';
  const all = [...document.querySelectorAll(`[data-testid=stMain] ${kinds}`)];
  const name = (e) => e.getAttribute('aria-label') || e.labels?.[0]?.textContent ||
    [...e.querySelectorAll('[data-testid=stMarkdownContainer]')].map((w) => w.textContent).join(' ') || '';
  const ours = all.filter((e) => seen(e) && !e.dataset.testid?.startsWith('stNumberInputStep'));
  return {
    levels: ours.filter((e) => /^H[1-6]$/.test(e.tagName)).map((e) => Number(e.tagName[1])),
    names: ours.filter((e) => !/^H/.test(e.tagName)).map((e) => [e.tagName + ' ' + (e.type || ''), name(e).trim()]),
  };
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's script, which `npm ci --prefix .ci` installs."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed; npm ci --prefix .ci")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def visit(browser: Any) -> Any:
    """A page whose policies let axe-core in."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, bypass_csp=True)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def settled(page: Any) -> None:
    """Wait until the page has drawn what it draws."""
    page.get_by_test_id("stMainBlockContainer").wait_for()
    quiet, end, before = 0, time.monotonic() + 60, ""
    while quiet < 4 and time.monotonic() < end:
        page.wait_for_timeout(150)
        idle = page.locator('[data-test-script-state="notRunning"]').count()
        now = page.evaluate("document.querySelector('[data-testid=stMain]').innerText")
        quiet = quiet + 1 if idle and now == before and now.strip() else 0
        before = now


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_can_be_read_aloud_and_seen_in_both_themes(view: str, visit: Any, address: str, axe: str) -> None:
    visit.goto(address + VIEWS[view])
    settled(visit)
    visit.evaluate(axe)
    problems = []
    for scheme in ("light", "dark"):
        visit.emulate_media(color_scheme=scheme)
        visit.wait_for_timeout(300)  # colours fade from one theme to the other
        found = visit.evaluate("axe.run(document, {resultTypes: ['violations']})")
        problems += [
            (scheme, violation["id"], node["html"][:150], str((node["any"] or node["all"] or [{}])[0].get("message")))
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
    assert problems == [], json.dumps(problems, indent=1)
    seen = visit.evaluate(SEEN)
    assert seen["levels"][:1] == [1]
    assert all(below <= above + 1 for above, below in zip(seen["levels"], seen["levels"][1:], strict=False))
    names = Counter(map(tuple, seen["names"]))
    assert [name for name in names if not name[1]] == []
    assert [name for name, count in names.items() if count > 1 and "radio" not in name[0]] == []

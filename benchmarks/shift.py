"""How much a page moves while it loads: the sum of its layout shifts, as browsers measure it.

https://web.dev/articles/cls: what moves within half a second of a click or a key is not counted.
"""

from __future__ import annotations

from typing import Any

# Before anything else on a page: notes every shift, and of the largest what moved.
OBSERVE = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources, startTime } of list.getEntries()) {
    if (hadRecentInput) continue;
    const moved = (sources ?? []).map(({ node, previousRect, currentRect }) => {
      const element = node?.nodeType === 1 ? node : node?.parentElement;
      const name = element?.closest("[class*=st-key-]")?.className.match(/st-key-\\S+/)?.[0] ?? element?.localName;
      return `${name} ${previousRect.x},${previousRect.y} > ${currentRect.x},${currentRect.y}`;
    });
    window.shifts.push({ value, at: Math.round(startTime), moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""


def total(page: Any) -> float:
    """The sum so far, of a page that began with OBSERVE."""
    return float(page.evaluate("() => window.shifts.reduce((sum, { value }) => sum + value, 0)"))

// The form of a tune: a row of blocks a part, a button a bar. Names become text nodes.

/* global createElement, leaveAt, viewAt */

export default function ({ data, parentElement, setTriggerValue }) {
  viewAt(parentElement, (root) => new Form(root.querySelector(".form"))).show(data, setTriggerValue);
  return () => leaveAt(parentElement);
}

class Form {
  constructor(section) {
    this.section = section;
    section.setAttribute("aria-label", "The form of the tune, a button a bar");
  }

  leave() {
    this.section.replaceChildren();
  }

  show({ rows, chosen }, send) {
    const focused = this.section.getRootNode().activeElement?.dataset.bar;
    this.section.replaceChildren(...rows.map((row) => this.row(row, chosen, send)));
    if (focused !== undefined) this.section.querySelector(`[data-bar="${focused}"]`)?.focus();
  }

  row({ part, repeated, first, bars }, chosen, send) {
    const row = createElement("div", "row");
    const name = createElement("div", "part", part);
    name.append(createElement("small", "", repeated ? "twice" : "once"));
    const blocks = createElement("div", "bars");
    const full = bars.filter((bar) => !bar.pickup);
    bars.forEach((bar, k) => {
      const number = first + k;
      const button = createElement("button", `${bar.kind}${bar.short ? " short" : ""}`, bar.name.replaceAll("'", ""));
      const primes = bar.name.replace(/[^']/g, "");
      if (primes) button.append(createElement("span", "primes", primes));
      button.type = "button";
      button.dataset.bar = number;
      button.style.setProperty("--colour", bar.colour);
      button.classList.toggle("chosen", number === chosen);
      button.setAttribute("aria-pressed", number === chosen);
      const ending = bar.ending ? `, ending ${bar.ending}` : "";
      const what = bar.pickup ? "Pickup" : bar.short ? "Short bar" : "Bar";
      const place = bar.pickup ? " of" : `, ${full.indexOf(bar) + 1} of ${full.length} in`;
      button.setAttribute("aria-label", `${what} ${bar.name}${place} part ${part}${ending}: ${bar.words}`);
      button.title = `${what} ${bar.name}: ${bar.words}${ending}`;
      if (bar.ending || bar.pickup) button.append(createElement("small", "corner", bar.pickup ? "pickup" : `${bar.ending}.`));
      button.addEventListener("click", () => send("bar", number));
      blocks.append(button);
    });
    row.append(name, blocks);
    return row;
  }
}

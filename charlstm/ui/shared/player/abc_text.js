// The text of a player: a span a character, which is clicked, coloured, outlined and under the cursor.

/* global tint */

class AbcText {
  constructor(player) {
    this.player = player;
    this.element = player.parts.abc;
    this.characters = []; // the span of each character
  }

  write({ text, bad }) {
    this.characters = Array.from(text, (character, at) => {
      const span = document.createElement("span");
      span.textContent = character;
      span.dataset.at = at;
      span.classList.toggle("break", character === "\n");
      span.classList.toggle("bad", bad !== null && at >= bad[0] && at < bad[1]);
      return span;
    });
    this.element.replaceChildren(...this.characters);
  }

  paint(marked, remarks) {
    const { values, scale } = this.player.tune;
    const strong = scale === "unit" ? (value) => value > 0.75 : (value) => value > 0.7 || value < -0.8;
    this.characters.forEach((span, at) => {
      span.style.backgroundColor = values ? tint(values[at], scale) : "";
      span.classList.toggle("strong", Boolean(values) && strong(values[at]));
      span.classList.toggle("marked", Boolean(marked[at]));
      span.classList.toggle("marked-first", Boolean(marked[at] && !marked[at - 1]));
      span.classList.toggle("marked-last", Boolean(marked[at] && !marked[at + 1]));
      span.classList.toggle("boxed", Boolean(remarks[at]));
      span.title = remarks[at] ?? "";
    });
  }

  mark(events) {
    for (const span of this.element.querySelectorAll(".sounding")) span.classList.remove("sounding");
    for (const { start, end } of events) {
      for (const span of this.characters.slice(start, end)) span.classList.add("sounding");
    }
  }

  markChosen(start, end) {
    for (const span of this.element.querySelectorAll(".chosen")) span.classList.remove("chosen");
    for (const span of this.characters.slice(start, end)) span.classList.add("chosen");
  }
}

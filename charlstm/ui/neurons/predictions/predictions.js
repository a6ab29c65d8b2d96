// What the model predicted. Characters become text nodes; a column and a prediction are elements, never markup.
/* global createElement, leaveAt, sendAt, tint, viewAt, visible */

const percent = (p) => (p < 0.005 ? "<1%" : `${Math.round(100 * p)}%`);

// The line: what was predicted after the character that is pointed at, and what came.
function showLine(place, data, at) {
  const parts = [];
  const { characters, predictions, chances, bits } = data;
  if (at === null || at >= characters.length) {
    const mean = bits.reduce((sum, b) => sum + b, 0) / bits.length;
    const choose = matchMedia("(hover: none)").matches ? "Tap" : "Hover over";
    parts.push(createElement("span", "quiet", `${choose} a character to see the predictions of the next one.`));
    parts.push(createElement("span", "quiet", `Mean surprise ${mean.toFixed(2)} bits.`));
  } else {
    const row = at + 1;
    const came = row < characters.length ? characters[row] : "<end>";
    const after = createElement("span", "", "After ");
    after.append(createElement("code", "", visible(characters[at])));
    parts.push(after);
    predictions[row].forEach((symbol, k) => {
      const prediction = createElement("span", symbol === came ? "prediction came" : "prediction");
      prediction.style.setProperty("--chance", `${100 * chances[row][k]}%`);
      const chance = createElement("span", "", percent(chances[row][k]));
      prediction.append(createElement("code", "", visible(symbol)), chance);
      parts.push(prediction);
    });
    const then = createElement("span", "quiet", "next: ");
    then.append(createElement("code", "", visible(came)), `, ${bits[row].toFixed(1)} bits of surprise`);
    parts.push(then);
  }
  place.replaceChildren(...parts);
}

// The figure: made once for a text, tinted again for another neuron.
function makeFigure(place, data) {
  const rows = [];
  let row = null;
  data.columns = data.characters.map((character, at) => {
    if (!row) rows.push((row = createElement("div", "row")));
    const column = createElement("div", "column");
    column.dataset.at = at;
    column.append(createElement("span", "", visible(character)));
    const came = at + 1 < data.characters.length ? data.characters[at + 1] : "<end>";
    data.predictions[at + 1].forEach((symbol, k) => {
      const chance = data.chances[at + 1][k];
      const words = symbol === "<end>" ? "▪" : visible(symbol);
      const prediction = createElement("span", symbol === came ? "came" : "", words);
      prediction.style.backgroundColor = `color-mix(in srgb, var(--accent) ${Math.round(75 * chance)}%, transparent)`;
      column.append(prediction);
    });
    const nats = (data.bits[at + 1] * Math.LN2).toFixed(2);
    column.title = `next: “${visible(came)}”, ${data.bits[at + 1].toFixed(1)} bits (${nats} nats) of surprise`;
    row.append(column);
    if (character === "\n") row = null;
    return column;
  });
  place.replaceChildren(...rows);
}

function tintFigure(data) {
  data.columns.forEach((column, at) => {
    const value = data.values ? data.values[at] : 0;
    column.firstChild.style.backgroundColor = tint(value, data.scale);
    column.firstChild.classList.toggle("strong", data.scale !== "unit" && Math.abs(value) > 0.7);
  });
}

export default function ({ data, parentElement }) {
  viewAt(parentElement, (root) => new View(root.querySelector(".predictions"))).show(data);
  return () => leaveAt(parentElement);
}

class View {
  constructor(section) {
    this.place = createElement("div", "");
    section.replaceChildren(this.place);
    this.follow = ({ detail }) => this.point(detail);
    document.addEventListener("charlstm:at", this.follow);
    this.place.addEventListener("pointerover", (event) => {
      const column = event.target.closest?.(".column");
      if (column) sendAt(Number(column.dataset.at));
    });
    this.place.addEventListener("pointerleave", () => this.data.mode === "figure" && sendAt(null));
  }

  leave() {
    document.removeEventListener("charlstm:at", this.follow);
  }

  // The figure's elements are made for a text; another neuron only tints them.
  show(data) {
    const read = JSON.stringify([data.mode, data.text, data.predictions, data.chances, data.bits]);
    const columns = read === this.read ? this.data.columns : null;
    this.data = { ...data, characters: Array.from(data.text), columns };
    if (!columns && data.mode === "figure") makeFigure(this.place, this.data);
    if (data.mode === "figure") tintFigure(this.data);
    if (read !== this.read && data.mode === "line") showLine(this.place, this.data, null);
    this.place.className = data.mode;
    this.read = read;
  }

  point(at) {
    if (this.data.mode === "line") showLine(this.place, this.data, at);
    else {
      for (const column of this.place.querySelectorAll(".at")) column.classList.remove("at");
      this.data.columns[at]?.classList.add("at");
    }
  }
}

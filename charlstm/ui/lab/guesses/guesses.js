// What the model expected. Characters become text nodes; a column and a guess are elements, never markup.

const visible = (symbol) => ({ "\n": "↵", " ": "␣", "<end>": "end", "<start>": "start" })[symbol] ?? symbol;
const percent = (p) => (p < 0.005 ? "<1 %" : `${Math.round(100 * p)} %`);

function tint(value, scale) {
  const strength = Math.min(1, Math.abs(value));
  if (strength < 0.01) return "transparent";
  const colour = scale === "unit" ? "rgb(224 130 20)" : value < 0 ? "rgb(33 102 172)" : "rgb(178 24 43)";
  return `color-mix(in srgb, ${colour} ${Math.round(100 * strength)}%, transparent)`;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

// The line: what was expected after the character that is pointed at, and what came.
function showLine(place, data, at) {
  const parts = [];
  const { text, guesses, chances, bits } = data;
  const characters = data.characters;
  if (at === null || at >= characters.length) {
    const mean = bits.reduce((sum, b) => sum + b, 0) / bits.length;
    parts.push(element("span", "quiet", "Point at a character: here stand the model's guesses of the next one."));
    parts.push(element("span", "quiet", `Mean surprise ${mean.toFixed(2)} bits.`));
  } else {
    const row = at + 1;
    const came = row < characters.length ? characters[row] : "<end>";
    const after = element("span", "", "After ");
    after.append(element("code", "", visible(characters[at])));
    parts.push(after);
    guesses[row].forEach((symbol, k) => {
      const guess = element("span", symbol === came ? "guess came" : "guess");
      guess.style.setProperty("--chance", `${100 * chances[row][k]}%`);
      guess.append(element("code", "", visible(symbol)), element("span", "", percent(chances[row][k])));
      parts.push(guess);
    });
    const then = element("span", "quiet", "then came ");
    then.append(element("code", "", visible(came)), `: ${bits[row].toFixed(1)} bits of surprise`);
    parts.push(then);
  }
  place.replaceChildren(...parts);
}

// The figure: made once for a text, tinted anew for another neuron.
function makeFigure(place, data) {
  const rows = [];
  let row = null;
  data.columns = data.characters.map((character, at) => {
    if (!row) rows.push((row = element("div", "row")));
    const column = element("div", "column");
    column.dataset.at = at;
    column.append(element("span", "", visible(character)));
    const came = at + 1 < data.characters.length ? data.characters[at + 1] : "<end>";
    data.guesses[at + 1].forEach((symbol, k) => {
      const chance = data.chances[at + 1][k];
      const guess = element("span", symbol === came ? "came" : "", symbol === "<end>" ? "▪" : visible(symbol));
      guess.style.backgroundColor = `color-mix(in srgb, var(--accent) ${Math.round(75 * chance)}%, transparent)`;
      column.append(guess);
    });
    const nats = (data.bits[at + 1] * Math.LN2).toFixed(2);
    column.title = `then came “${visible(came)}”: ${data.bits[at + 1].toFixed(1)} bits (${nats} nats) of surprise`;
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

const kept = new WeakMap(); // the section -> what it shows

export default function ({ data, parentElement }) {
  const section = parentElement.querySelector(".guesses");
  const before = kept.get(section);
  const same = before && JSON.stringify([before.text, before.guesses, before.bits]) === JSON.stringify([data.text, data.guesses, data.bits]);
  const now = { ...data, characters: Array.from(data.text), columns: same ? before.columns : null };
  kept.set(section, now);
  let place = section.firstElementChild;
  if (!place || !place.classList.contains(data.mode)) {
    place = element("div", data.mode);
    section.replaceChildren(place);
    now.columns = null;
  }
  if (data.mode === "line") {
    if (!same) showLine(place, now, null);
  } else {
    if (!now.columns) makeFigure(place, now);
    tintFigure(now);
  }
  const send = (at) => document.dispatchEvent(new CustomEvent("charlstm:at", { detail: at }));
  const follow = ({ detail }) => {
    if (data.mode === "line") showLine(place, now, detail);
    else {
      for (const column of place.querySelectorAll(".at")) column.classList.remove("at");
      now.columns[detail]?.classList.add("at");
    }
  };
  const over = (event) => {
    const column = event.target.closest?.(".column");
    if (column) send(Number(column.dataset.at));
  };
  const leave = () => send(null);
  document.addEventListener("charlstm:at", follow);
  if (data.mode === "figure") {
    place.addEventListener("pointerover", over);
    place.addEventListener("pointerleave", leave);
  }
  return () => {
    document.removeEventListener("charlstm:at", follow);
    place.removeEventListener("pointerover", over);
    place.removeEventListener("pointerleave", leave);
  };
}

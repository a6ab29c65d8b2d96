// What is not written yet: a cover over the rest of a score, and the rest of its text unseen.
//
// `charlstm:written` says how many characters of a text are there: {text, at}; at null is all of it. The last one is
// remembered, for a player that comes later than the first of them.

/* global drawn, players */

let written = { text: "", at: null };

document.addEventListener("charlstm:written", ({ detail }) => {
  written = detail;
  for (const player of players.values()) player.written.show();
});

const FAR = 1e6; // units of a drawing: beyond its edges

class Written {
  constructor(player) {
    this.player = player;
    this.rows = []; // of a drawing: {cells, cover}, each from left to right
    this.shown = null; // how many characters
  }

  // A new drawing: its rows are those of its cells.
  lay(margin) {
    const rows = new Map();
    for (const [id, { box, layer }] of this.player.sheet.cells) {
      if (!margin.contains(layer)) continue;
      const row = rows.get(box.y) ?? rows.set(box.y, { top: box.y, bottom: box.y + box.height, cells: [] }).get(box.y);
      row.cells.push({ x: box.x, end: this.player.eventOf.get(id).end });
    }
    const ordered = [...rows.values()].sort((a, b) => a.top - b.top);
    ordered.forEach((row, i) => {
      const top = i ? (ordered[i - 1].bottom + row.top) / 2 : -FAR;
      const bottom = i + 1 < ordered.length ? (row.bottom + ordered[i + 1].top) / 2 : FAR;
      row.cells.sort((a, b) => a.x - b.x);
      row.cover = drawn("rect", { class: "cover", y: top, height: bottom - top, width: 2 * FAR });
      margin.append(row.cover);
      this.rows.push(row);
    });
  }

  clear() {
    this.rows = [];
    this.shown = null;
  }

  show() {
    const { text, tune } = this.player;
    const at = written.text === tune.text && written.at !== null ? written.at : Infinity;
    if (at === this.shown) return;
    this.shown = at;
    for (const { cells, cover } of this.rows) {
      const next = cells.findIndex(({ end }) => end > at);
      cover.classList.toggle("shown", next >= 0);
      cover.setAttribute("x", next > 0 ? cells[next].x : -FAR);
    }
    text.characters.forEach((span, place) => span.classList.toggle("unwritten", place >= at));
  }
}

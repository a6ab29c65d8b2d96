// The score of a player: Verovio's pages with a cell a note, which is clicked, coloured, outlined and under the cursor.

/* global cleanSvg, drawn, rectangle, tint */

class Sheet {
  constructor(player) {
    this.player = player;
    this.element = player.parts.sheet;
    this.cells = new Map(); // note id -> {cell, value, mark, box, layer, element}
    this.drawn = null; // which tune, how wide
    this.lead = null; // the cell under the cursor
  }

  draw() {
    const { tune, section } = this.player;
    const widths = Object.keys(tune.pages ?? {})
      .map(Number)
      .sort((a, b) => a - b);
    const width = widths.filter((w) => w <= this.player.stand.width).at(-1) ?? widths[0];
    const drawing = `${tune.id} ${width}`;
    if (drawing === this.drawn || section.clientWidth === 0) return;
    this.drawn = drawing;
    this.cells.clear();
    this.element.replaceChildren(...(tune.pages[width] ?? []).map(cleanSvg).filter(Boolean));
    this.player.written.clear();
    for (const margin of this.element.querySelectorAll(".page-margin")) {
      this.layCells(margin);
      this.player.written.lay(margin);
    }
    this.player.written.show();
    this.player.paint();
    this.player.mark(this.player.sounding, true);
    this.player.markChosen();
  }

  // A cell is the column from a note to its right neighbour, as high as the staff and a little more.
  layCells(margin) {
    const rows = new Map();
    const elements = new Map([...margin.querySelectorAll("[id]")].map((element) => [element.id, element]));
    const staves = new Map(); // element -> {top, bottom, right}, null without lines: one measures slowly
    for (const id of new Set(this.player.events.map((event) => event.id))) {
      const element = id && elements.get(id);
      const staff = element?.closest(".staff");
      if (!staff) continue;
      if (!staves.has(staff)) staves.set(staff, staffBox(staff));
      if (!staves.get(staff)) continue;
      const { top, bottom, right } = staves.get(staff);
      const head = (element.querySelector(".notehead") ?? element).getBBox();
      const row = `${Math.round(top)}`;
      if (!rows.has(row)) rows.set(row, []);
      rows.get(row).push({ id, element, head, top, bottom, right });
    }
    const layer = document.createElementNS("http://www.w3.org/2000/svg", "g");
    for (const row of rows.values()) {
      row.sort((a, b) => a.head.x - b.head.x);
      row.forEach(({ id, element, head, top, bottom, right }, i) => {
        const gap = (bottom - top) / 16;
        const next = row.slice(i + 1).find((other) => other.head.x > head.x + gap);
        const end = Math.min(next ? next.head.x - gap : Infinity, right);
        const rise = (bottom - top) * 0.55;
        const box = {
          x: head.x - gap,
          y: top - rise,
          width: Math.max(end - head.x + gap, head.width + gap),
          height: bottom - top + 2 * rise,
        };
        const value = rectangle("value", box);
        const mark = rectangle("mark", box);
        const cell = rectangle("cell", box);
        value.style.fill = "none";
        cell.dataset.id = id;
        layer.append(value, mark, cell);
        this.cells.set(id, { cell, value, mark, box, layer, element });
      });
    }
    margin.prepend(layer);
  }

  // Colours of the values, what is outlined, and what is said of it.
  paint(marked, remarks) {
    const { eventOf, tune } = this.player;
    for (const [id, { cell, value, mark }] of this.cells) {
      const event = eventOf.get(id);
      value.style.fill = event && tune.values ? tint(tune.values[event.end - 1], tune.scale) : "none";
      mark.classList.toggle("shown", Boolean(event && marked.subarray(event.start, event.end).some(Boolean)));
      const words = event && remarks.slice(event.start, event.end).find(Boolean);
      mark.classList.toggle("boxed", Boolean(words));
      if (words || cell.firstChild) {
        const title = drawn("title");
        title.textContent = words ?? "";
        cell.replaceChildren(title);
      }
    }
  }

  // The cursor; what plays stays in sight if it was.
  mark(events, playing) {
    for (const element of this.element.querySelectorAll(".sounding")) element.classList.remove("sounding");
    for (const cursor of this.element.querySelectorAll(".cursor")) cursor.remove();
    const wasInView = this.lead && inView(this.lead);
    for (const { id } of events) {
      const cell = this.cells.get(id);
      cell?.element.classList.add("sounding");
      cell?.layer.append(rectangle("cursor", cell.box));
    }
    this.lead = events[0] && this.cells.get(events[0].id)?.cell;
    if (this.lead && playing && this.player.stand.open) this.player.stand.follow(this.lead);
    else if (this.lead && wasInView && playing && !inView(this.lead)) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.lead.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    }
  }

  markChosen(events) {
    for (const element of this.element.querySelectorAll(".chosen")) element.classList.remove("chosen");
    for (const { id } of events) this.cells.get(id)?.cell.classList.add("chosen");
  }
}

// The lines of a staff of one bar: where they begin and end.
function staffBox(staff) {
  const lines = [...staff.children].filter((child) => child.localName === "path").map((line) => line.getBBox());
  if (lines.length === 0) return null;
  return {
    top: Math.min(...lines.map((box) => box.y)),
    bottom: Math.max(...lines.map((box) => box.y + box.height)),
    right: Math.max(...lines.map((box) => box.x + box.width)),
  };
}

function inView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

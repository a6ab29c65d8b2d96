// All neurons at once: a canvas with a pixel a value, stretched by the browser; marks are elements above it.
//
// Mounted twice: once with bytes (an id of 32 characters, then a byte a value), once with their description.

/* global COLOURS, leaveAt, sendAt, signed, viewAt, views, visible */

const ID_LENGTH = 32;
const heatmaps = new Map(); // id -> Uint8Array

export default function ({ data, parentElement, setTriggerValue }) {
  if (data instanceof Uint8Array) {
    parentElement.replaceChildren();
    const id = new TextDecoder().decode(data.subarray(0, ID_LENGTH));
    heatmaps.set(id, data.slice(ID_LENGTH));
    for (const old of [...heatmaps.keys()].slice(0, -4)) heatmaps.delete(old);
    for (const view of views.values()) view.draw();
    return undefined;
  }
  viewAt(parentElement, (root) => new View(root)).show(data, setTriggerValue);
  return () => leaveAt(parentElement);
}

class View {
  constructor(root) {
    const find = (name) => root.querySelector(name);
    this.ticks = find(".ticks");
    this.frame = find(".frame");
    this.canvas = find("canvas");
    this.rowMark = find(".row-mark");
    this.rowHover = find(".row-hover");
    this.columnMark = find(".column-mark");
    this.readout = find(".readout");
    this.drawn = "";
    this.at = { row: null, column: null };
    this.frame.addEventListener("pointermove", (event) => this.pointed(event));
    this.frame.addEventListener("pointerleave", () => this.point(null, null));
    this.frame.addEventListener("click", (event) => this.clicked(event));
    this.frame.addEventListener("keydown", (event) => this.key(event));
    this.follow = ({ detail }) => this.markColumn(detail);
    document.addEventListener("charlstm:at", this.follow);
    this.resized = new ResizeObserver(() => this.placeTicks());
    this.resized.observe(this.ticks);
  }

  leave() {
    document.removeEventListener("charlstm:at", this.follow);
    this.resized.disconnect();
  }

  show(data, setTriggerValue) {
    this.data = data;
    this.characters = Array.from(data.text);
    this.send = setTriggerValue;
    this.place = new Map(data.rows.map((number, row) => [number, row]));
    // Rows are whole pixels high, so that each is seen: 512 rows of one, 250 of two.
    const pixels = Math.max(1, Math.min(8, Math.floor(520 / data.rows.length)));
    this.canvas.style.height = `${pixels * data.rows.length}px`;
    this.placeTicks();
    this.draw();
    this.choose(data.chosen);
    this.describe();
  }

  // As many as there is room for, each with its words in full.
  placeTicks() {
    let free = -1;
    const width = this.ticks.clientWidth;
    this.ticks.replaceChildren();
    for (const [at, words] of this.data?.ticks ?? []) {
      const left = (width * at) / this.characters.length;
      if (left < free || left > width - 20) continue;
      const tick = document.createElement("span");
      tick.textContent = words;
      tick.style.left = `${left}px`;
      this.ticks.append(tick);
      free = left + tick.offsetWidth + 6;
    }
  }

  draw() {
    const { data } = this;
    const bytes = data && heatmaps.get(data.id);
    const wanted = data && `${data.id} ${data.scale} ${data.rows.length}`;
    if (!bytes || wanted === this.drawn) return;
    this.drawn = wanted;
    this.bytes = bytes;
    const width = this.characters.length;
    const height = data.rows.length;
    this.canvas.width = width;
    this.canvas.height = height;
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = palette(data.scale);
    for (let k = 0; k < pixels.length; k += 1) pixels[k] = colours[bytes[k]];
    this.canvas.getContext("2d").putImageData(image, 0, 0);
  }

  value(row, column) {
    const byte = this.bytes?.[row * this.characters.length + column];
    if (byte === undefined) return "";
    return this.data.scale === "unit" ? (byte / 254).toFixed(2) : signed(byte / 127 - 1);
  }

  // -- the pointer and the keys --

  where(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = (at, size, count) => Math.max(0, Math.min(count - 1, Math.floor((at / size) * count)));
    return {
      row: share(event.clientY - box.top, box.height, this.data.rows.length),
      column: share(event.clientX - box.left, box.width, this.characters.length),
    };
  }

  pointed(event) {
    const { row, column } = this.where(event);
    this.point(row, column);
  }

  point(row, column) {
    this.at = { row, column };
    this.band(this.rowHover, row);
    this.describe();
    sendAt(column);
  }

  clicked(event) {
    this.pick(this.where(event).row);
  }

  pick(row) {
    const number = this.data.rows[row];
    if (number === undefined) return;
    this.choose(number);
    this.send("pick", number);
  }

  key(event) {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Enter") this.pick(this.at.row ?? this.place.get(this.data.chosen));
    else if (by) {
      const row = (this.at.row ?? this.place.get(this.data.chosen) ?? 0) + by[0];
      const column = (this.at.column ?? 0) + by[1];
      this.point(
        Math.max(0, Math.min(this.data.rows.length - 1, row)),
        Math.max(0, Math.min(this.characters.length - 1, column)),
      );
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // -- marks and the line below --

  band(mark, row) {
    mark.hidden = row === null || row === undefined;
    if (mark.hidden) return;
    const high = this.data.rows.length;
    mark.style.top = `${(100 * row) / high}%`;
    mark.style.height = `${100 / high}%`;
  }

  choose(number) {
    this.band(this.rowMark, this.place.get(number));
  }

  markColumn(column) {
    this.columnMark.hidden = column === null || column >= this.characters.length;
    if (this.columnMark.hidden) return;
    this.columnMark.style.left = `${(100 * column) / this.characters.length}%`;
    this.columnMark.style.width = `max(2px, ${100 / this.characters.length}%)`;
  }

  describe() {
    const { row, column } = this.at;
    if (row === null || row >= this.data.rows.length || column >= this.characters.length) {
      this.readout.textContent = `${this.data.rows.length} neurons, ${this.characters.length} characters. Click a row to see that neuron.`;
    } else {
      const character = visible(this.characters[column]);
      this.readout.textContent = `Neuron ${this.data.rows[row]} after “${character}”: ${this.value(row, column)}`;
    }
  }
}

// A colour for each byte, over the page's own background: blue to red, or nothing to amber.
function palette(scale) {
  const ends = Object.fromEntries(Object.entries(COLOURS).map(([name, rgb]) => [name, rgb.split(" ").map(Number)]));
  const colours = new Uint32Array(256);
  const view = new DataView(colours.buffer);
  for (let byte = 0; byte < 256; byte += 1) {
    const value = scale === "unit" ? byte / 254 : byte / 127 - 1;
    const [r, g, b] = scale === "unit" ? ends.unit : value < 0 ? ends.below : ends.above;
    const alpha = Math.round(255 * Math.min(1, Math.abs(value)));
    [r, g, b, alpha].forEach((part, k) => view.setUint8(4 * byte + k, part));
  }
  return colours;
}

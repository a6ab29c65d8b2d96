// The score player: draws, plays, follows and tints one tune. Everything it is given is shown as text or as cleaned SVG.
//
// Mounted twice on a page: once with bytes (an id of 32 characters, then a WAV), once with the tune's JSON, so that a
// change of the tune's colours does not send the sound again. Times are seconds of the WAV, places are characters.

const ID_LENGTH = 32;
const sounds = new Map(); // id -> object URL of the WAV
const players = new Map(); // shadow root -> Player
const taste = { tempo: 100, volume: 80, loop: false }; // outlives a tune

export default function ({ data, parentElement }) {
  if (data instanceof Uint8Array) {
    parentElement.replaceChildren();
    keepSound(data);
    return undefined;
  }
  if (!players.has(parentElement)) players.set(parentElement, new Player(parentElement));
  players.get(parentElement).show(data);
  return () => {
    players.get(parentElement)?.leave();
    players.delete(parentElement);
  };
}

function keepSound(bytes) {
  const id = new TextDecoder().decode(bytes.subarray(0, ID_LENGTH));
  if (!sounds.has(id)) sounds.set(id, URL.createObjectURL(new Blob([bytes.subarray(ID_LENGTH)], { type: "audio/wav" })));
  for (const old of [...sounds.keys()].slice(0, -4)) {
    URL.revokeObjectURL(sounds.get(old));
    sounds.delete(old);
  }
  for (const player of players.values()) player.listen();
}

// ---- cleaned SVG ----------------------------------------------------------------------------------------------------

const SVG_ELEMENTS = new Set(
  "svg g defs symbol use path rect ellipse circle line polyline polygon text tspan title desc style".split(" "),
);

function cleanSvg(source) {
  const root = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  if (root.localName !== "svg" || root.querySelector("parsererror")) return null;
  for (const element of [root, ...root.querySelectorAll("*")]) {
    const allowed = SVG_ELEMENTS.has(element.localName) && element.namespaceURI === "http://www.w3.org/2000/svg";
    if (!allowed || (element.localName === "style" && /@import|url\s*\(|\\/i.test(element.textContent))) {
      element.remove();
      continue;
    }
    for (const { name, localName, value } of [...element.attributes]) {
      const outside = localName === "href" && !value.startsWith("#");
      if (localName.startsWith("on") || outside || /url\s*\(\s*['"]?[^#'"\s]|javascript:/i.test(value)) {
        element.removeAttribute(name);
      }
    }
  }
  return document.importNode(root, true);
}

function rectangle(className, { x, y, width, height }) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ class: className, x, y, width, height, rx: className === "cursor" ? height / 12 : 0 })) {
    rect.setAttribute(name, value);
  }
  return rect;
}

// ---- values and times as seen ---------------------------------------------------------------------------------------

const tint = (value) => {
  const strength = Math.min(1, Math.abs(value));
  return strength < 0.01 ? "transparent" : `rgb(${value < 0 ? "33 102 172" : "178 24 43"} / ${strength.toFixed(2)})`;
};
const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const visible = (text) => text.replaceAll("\n", "↵").replaceAll(" ", "␣");

// Colour a slider's track up to its thumb.
function fill(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--filled", `calc(${share} * (100% - 1rem) + 0.5rem)`);
}

// ---- the player -----------------------------------------------------------------------------------------------------

class Player {
  constructor(root) {
    const find = (name) => root.querySelector(`.${name}`);
    this.section = find("player");
    this.parts = Object.fromEntries(
      "play seek now all loop tempo tempo-value volume message sheet legend readout abc".split(" ").map((n) => [n, find(n)]),
    );
    this.audio = root.querySelector("audio");
    this.tune = {}; // as Python sent it
    this.events = []; // {start, end, id, onset, stop}, by onset
    this.characters = []; // the span of each character
    this.cells = new Map(); // note id -> {cell, value}
    this.sounding = []; // events under the cursor
    this.chosen = null; // {first, last}: the events that repeat
    this.anchor = 0; // the event clicked last: a click with Shift chooses from there
    this.waiting = false; // play was asked for before the sound came
    this.resting = true; // at the beginning or the end: no cursor
    this.wire();
  }

  wire() {
    const { audio, parts } = this;
    parts.play.onclick = () => this.toggle();
    parts.loop.onclick = () => this.setLoop(!taste.loop);
    parts.tempo.oninput = () => this.setTempo(Number(parts.tempo.value));
    parts.volume.oninput = () => this.setVolume(Number(parts.volume.value));
    parts.seek.oninput = () => this.seek((parts.seek.value / 1000) * this.length);
    this.setTempo(taste.tempo);
    this.setVolume(taste.volume);
    for (const name of ["play", "pause", "ended", "seeked", "timeupdate", "loadedmetadata"]) {
      audio.addEventListener(name, () => this.heard(name));
    }
    for (const place of [parts.sheet, parts.abc]) {
      place.addEventListener("click", (event) => this.clicked(event));
      place.addEventListener("pointerover", (event) => this.read(this.indexAt(event.target), event.target));
      place.addEventListener("pointerleave", () => this.read(null));
    }
    this.section.addEventListener("pointerdown", (event) => {
      this.dragging = false;
      this.pressed = parts.sheet.contains(event.target) ? this.indexAt(event.target) : null;
    });
    parts.sheet.addEventListener("pointermove", (event) => this.dragged(event));
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.section);
  }

  leave() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    document.removeEventListener("keydown", this.onKey);
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
  }

  // Take what Python sent; only what changed is drawn again.
  show(tune) {
    const before = this.tune;
    this.tune = tune;
    if (before.id !== tune.id) {
      this.audio.pause();
      this.events = tune.events.map(([start, end, id, onset, length]) => ({ start, end, id, onset, stop: onset + length }));
      this.sounding = [];
      this.chosen = null;
      this.anchor = 0;
      this.waiting = false;
      this.resting = true;
      this.drawn = null;
      this.parts.message.textContent = tune.message;
      this.parts.message.hidden = !tune.message;
      this.write();
    }
    this.draw();
    this.paint();
    this.listen();
  }

  get length() {
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : Math.max(0, ...this.events.map((e) => e.stop));
  }

  // -- drawing --

  write() {
    const { bad } = this.tune;
    this.characters = Array.from(this.tune.text, (character, at) => {
      const span = document.createElement("span");
      span.textContent = character;
      span.dataset.at = at;
      span.classList.toggle("break", character === "\n");
      span.classList.toggle("bad", bad !== null && at >= bad[0] && at < bad[1]);
      return span;
    });
    this.parts.abc.replaceChildren(...this.characters);
  }

  draw() {
    const widths = Object.keys(this.tune.pages ?? {}).map(Number).sort((a, b) => a - b);
    const width = widths.filter((w) => w <= this.section.clientWidth).at(-1) ?? widths[0];
    const drawing = `${this.tune.id} ${width}`;
    if (drawing === this.drawn || this.section.clientWidth === 0) return;
    this.drawn = drawing;
    this.cells.clear();
    this.parts.sheet.replaceChildren(...(this.tune.pages[width] ?? []).map(cleanSvg).filter(Boolean));
    for (const margin of this.parts.sheet.querySelectorAll(".page-margin")) this.layCells(margin);
    this.paint();
    this.mark(this.sounding, true);
    this.markChosen();
  }

  // A cell is the column from a note to its right neighbour, as high as the staff and a little more.
  layCells(margin) {
    const rows = new Map();
    for (const id of new Set(this.events.map((event) => event.id))) {
      const element = id && margin.querySelector(`[id="${CSS.escape(id)}"]`);
      const staff = element?.closest(".staff");
      if (!staff) continue;
      const head = (element.querySelector(".notehead") ?? element).getBBox();
      const lines = [...staff.children].filter((child) => child.localName === "path").map((line) => line.getBBox());
      if (lines.length === 0) continue;
      const top = Math.min(...lines.map((box) => box.y));
      const bottom = Math.max(...lines.map((box) => box.y + box.height));
      const right = Math.max(...lines.map((box) => box.x + box.width));
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
        const box = { x: head.x - gap, y: top - rise, width: Math.max(end - head.x + gap, head.width + gap), height: bottom - top + 2 * rise };
        const value = rectangle("value", box);
        const cell = rectangle("cell", box);
        value.style.fill = "none";
        cell.dataset.id = id;
        layer.append(value, cell);
        this.cells.set(id, { cell, value, box, layer, element });
      });
    }
    margin.prepend(layer);
  }

  // Colours of the values: nothing is drawn again, nothing stops.
  paint() {
    const { values } = this.tune;
    this.section.classList.toggle("valued", Boolean(values));
    this.parts.legend.hidden = !values;
    this.characters.forEach((span, at) => {
      span.style.backgroundColor = values ? tint(values[at]) : "";
      span.classList.toggle("strong", Boolean(values) && (values[at] > 0.7 || values[at] < -0.8));
    });
    for (const [id, { value }] of this.cells) {
      const event = values && this.events.find((e) => e.id === id);
      value.style.fill = event ? tint(values[event.end - 1]) : "none";
    }
    this.read(null);
  }

  read(index, target = null) {
    const { values, text, label } = this.tune;
    if (!values) return;
    const at = target?.dataset?.at ?? (index === null ? this.sounding[0]?.end - 1 : this.events[index].end - 1);
    const known = Number.isInteger(Number(at));
    const character = known ? visible(Array.from(text)[at]) : "";
    this.parts.readout.textContent = known ? `${label} after “${character}”: ${signed(values[at])}` : label;
  }

  // -- where things are --

  // The event of a note's cell or of a character: the one that covers it, else the next one written.
  indexAt(target) {
    const id = target.dataset?.id;
    if (id) return this.events.findIndex((event) => event.id === id);
    if (target.dataset?.at === undefined) return null;
    const at = Number(target.dataset.at);
    const covering = this.events.findIndex((event) => event.start <= at && at < event.end);
    if (covering >= 0) return covering;
    let best = null;
    this.events.forEach((event, i) => {
      if (event.start >= at && (best === null || event.start < this.events[best].start)) best = i;
    });
    return best;
  }

  // The last event that has begun at a time, -1 before the first.
  indexOf(time) {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle].onset <= time + 1e-3) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  soundingAt(time) {
    const last = this.indexOf(time);
    return this.events.slice(Math.max(0, last - 15), last + 1).filter((event) => time < event.stop - 1e-3);
  }

  // -- what the user does --

  clicked(event) {
    const index = this.indexAt(event.target);
    if (index === null || index < 0 || this.dragging) return;
    if (event.shiftKey) {
      document.getSelection()?.removeAllRanges();
      this.choose(this.anchor, index);
      return;
    }
    if (this.chosen && (index < this.chosen.first || index > this.chosen.last)) this.choose(null);
    this.anchor = index;
    this.seek(this.events[index].onset);
    this.start();
  }

  dragged(event) {
    if (!event.buttons || event.pointerType === "touch" || (this.pressed ?? null) === null) return;
    const index = this.indexAt(event.target);
    if (index === null || (index === this.pressed && !this.dragging)) return;
    this.dragging = true;
    this.choose(this.pressed, index);
  }

  choose(one, other = null) {
    this.chosen = one === null ? null : { first: Math.min(one, other), last: Math.max(one, other) };
    this.markChosen();
    if (this.chosen) {
      this.setLoop(true);
      this.seek(this.events[this.chosen.first].onset);
    }
  }

  key(event) {
    const target = event.composedPath()[0];
    const inside = this.section.contains(target);
    if ((!inside && target !== document.body) || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === " " && target.localName !== "button") this.toggle();
    else if (event.key === "Escape") this.stop();
    else if (step && [this.parts.sheet, this.parts.abc].includes(target)) this.step(step, event.shiftKey);
    else return;
    event.preventDefault();
  }

  step(by, extend) {
    const at = Math.max(0, this.indexOf(this.audio.currentTime));
    const next = Math.min(this.events.length - 1, Math.max(0, this.sounding.length ? at + by : at));
    if (next < 0) return;
    if (extend) this.choose(this.chosen?.first ?? at, Math.max(0, (this.chosen?.last ?? at) + by));
    else this.seek(this.events[next].onset);
  }

  // -- sound --

  listen() {
    const url = sounds.get(this.tune.sound);
    this.parts.play.disabled = this.parts.seek.disabled = !this.tune.sound;
    if (url && this.audio.src !== url) {
      this.audio.src = url;
      this.setTempo(taste.tempo);
      this.setVolume(taste.volume);
      this.setLoop(taste.loop);
      if (this.waiting) this.start();
    }
    if (!url) this.audio.removeAttribute("src");
    this.clockHands();
  }

  toggle() {
    if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  start() {
    if (!this.tune.sound) return;
    this.waiting = !this.audio.src;
    this.resting = false;
    if (!this.waiting) this.audio.play().catch(() => this.section.classList.remove("playing"));
  }

  stop() {
    this.audio.pause();
    this.choose(null);
    this.seek(0);
    this.resting = true;
    this.mark([]);
  }

  seek(time) {
    this.resting = false;
    if (this.audio.src) this.audio.currentTime = Math.min(time, this.length);
    this.follow(time);
  }

  setLoop(on) {
    taste.loop = on;
    this.audio.loop = on && !this.chosen;
    this.parts.loop.setAttribute("aria-pressed", on);
    if (!on && this.chosen) this.choose(null);
  }

  setTempo(percent) {
    taste.tempo = this.parts.tempo.value = percent;
    fill(this.parts.tempo);
    this.parts["tempo-value"].textContent = `${percent} %`;
    this.audio.preservesPitch = true;
    this.audio.defaultPlaybackRate = this.audio.playbackRate = percent / 100;
  }

  setVolume(percent) {
    taste.volume = this.parts.volume.value = percent;
    fill(this.parts.volume);
    this.audio.volume = percent / 100;
  }

  heard(name) {
    const playing = !this.audio.paused && !this.audio.ended;
    this.section.classList.toggle("playing", playing);
    this.parts.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (name === "ended") this.resting = true;
    if (name !== "loadedmetadata") this.follow(this.audio.currentTime);
    this.clockHands();
    cancelAnimationFrame(this.frame);
    if (playing) this.frame = requestAnimationFrame(() => this.tick());
  }

  tick() {
    this.follow(this.audio.currentTime);
    if (!this.audio.paused) this.frame = requestAnimationFrame(() => this.tick());
  }

  // -- the cursor --

  follow(time) {
    const { chosen } = this;
    if (chosen && taste.loop && !this.audio.paused && time >= this.events[chosen.last].stop - 0.02) {
      this.audio.currentTime = time = this.events[chosen.first].onset;
    }
    this.mark(this.resting ? [] : this.soundingAt(time));
    this.clockHands(time);
  }

  clockHands(time = this.audio.currentTime) {
    const { now, all, seek } = this.parts;
    now.textContent = clock(time);
    all.textContent = clock(this.length);
    seek.value = this.length ? (1000 * time) / this.length : 0;
    fill(seek);
    seek.setAttribute("aria-valuetext", `${clock(time)} of ${clock(this.length)}`);
  }

  mark(events, again = false) {
    if (!again && events.length === this.sounding.length && events.every((e, i) => e === this.sounding[i])) return;
    for (const element of this.section.querySelectorAll(".sounding")) element.classList.remove("sounding");
    for (const cursor of this.section.querySelectorAll(".cursor")) cursor.remove();
    const lead = events[0] && this.cells.get(events[0].id);
    const inView = this.lead && this.inView(this.lead);
    this.sounding = events;
    for (const { start, end, id } of events) {
      const cell = this.cells.get(id);
      if (cell) {
        cell.element.classList.add("sounding");
        cell.layer.append(rectangle("cursor", cell.box));
      }
      for (const span of this.characters.slice(start, end)) span.classList.add("sounding");
    }
    this.lead = lead?.cell;
    if (lead && inView && !this.audio.paused && !this.inView(lead.cell)) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      lead.cell.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    }
    this.read(null);
  }

  inView(element) {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  }

  markChosen() {
    for (const element of this.section.querySelectorAll(".chosen")) element.classList.remove("chosen");
    this.audio.loop = taste.loop && !this.chosen;
    if (!this.chosen) return;
    const events = this.events.slice(this.chosen.first, this.chosen.last + 1);
    for (const { id } of events) this.cells.get(id)?.cell.classList.add("chosen");
    const start = Math.min(...events.map((event) => event.start));
    const end = Math.max(...events.map((event) => event.end));
    for (const span of this.characters.slice(start, end)) span.classList.add("chosen");
  }
}

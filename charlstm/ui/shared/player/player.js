// The score player: draws, plays, follows and tints a tune. Everything it is given is shown as text or as cleaned SVG.
//
// Mounted twice for a tune: once with bytes (an id of 32 characters, then a WAV), once with the tune's JSON, so that a
// change of the tune's colours does not send the sound again. Several tunes may stand on a page: one sounds at a time.
// Times are seconds of the WAV, places are characters.

/* global leaveAt, sendAt, signed, tint, viewAt, views, visible */

const ID_LENGTH = 32;
const MAX_SPARE_SOUNDS = 6; // sounds beside those that are on the page
const sounds = new Map(); // id -> object URL of the WAV
const players = views; // shadow root -> Player
const preferences = { tempo: 100, volume: 80, loop: false, metronome: false }; // outlives a tune
const started = new Set(); // words of buttons that asked to play: each plays once, on whatever page it is seen again
let front = null; // the player that was used last: the keys are for it

export default function ({ data, parentElement, setStateValue }) {
  if (data instanceof Uint8Array) {
    parentElement.replaceChildren();
    keepSound(data);
    return undefined;
  }
  const player = viewAt(parentElement, (root) => new Player(root));
  player.send = setStateValue;
  player.show(data);
  return () => leaveAt(parentElement);
}

function keepSound(bytes) {
  const id = new TextDecoder().decode(bytes.subarray(0, ID_LENGTH));
  const url = sounds.get(id) ?? URL.createObjectURL(new Blob([bytes.subarray(ID_LENGTH)], { type: "audio/wav" }));
  sounds.delete(id); // and in again, as the newest
  sounds.set(id, url);
  for (const player of players.values()) player.listen();
  const needed = new Set([...players.values()].map((player) => player.audio.src));
  const spare = [...sounds].filter(([, url]) => !needed.has(url));
  for (const [id, url] of spare.slice(0, -MAX_SPARE_SOUNDS)) {
    URL.revokeObjectURL(url);
    sounds.delete(id);
  }
}

// On a phone the drawer of settings covers the tune that they were for.
function closeDrawer() {
  if (innerWidth >= 768) return;
  document
    .querySelector('[data-testid="stSidebar"][data-collapsed="false"] [data-testid="stSidebarCollapseButton"] button')
    ?.click();
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

// ---- times and marks as seen ---------------------------------------------------------------------------------------

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function drawn(name, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const rectangle = (name, { x, y, width, height }) =>
  drawn("rect", { class: name, x, y, width, height, rx: name === "cursor" || name === "mark" ? height / 12 : 0 });

// Colour a slider's track up to its thumb.
function fill(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--filled", `calc(${share} * (100% - 1rem) + 0.5rem)`);
}

// ---- the metronome --------------------------------------------------------------------------------------------------

const LATE = 0.06; // seconds: a beat just gone is still struck when the sound begins on it
const SOON = 0.02; // seconds: what is heard so soon is not taken back
let context = null; // of WebAudio; made when the metronome is first switched on
let lag = 0.02; // seconds from asking for the sound to hearing it, learnt from every count-in

// Strikes the beats of a player's tune. The audio element is the clock: a beat's place in WebAudio's time is worked out
// from where the sound is now, over and over, so that neither another speed nor a jump puts them out of step.
class Metronome {
  constructor(player) {
    this.player = player;
    this.planned = []; // clicks handed to WebAudio: {at, beat, oscillator}
    this.from = 0; // beats before this time have been handed over
    this.seen = 0; // the sound's time at the last look
    this.awaited = null; // {time, at}: a count-in has struck this beat already, and the sound should begin at that time
  }

  begin() {
    this.end();
    context ??= new AudioContext();
    context.resume();
    this.again();
    this.timer = setInterval(() => this.plan(), 20);
  }

  end() {
    clearInterval(this.timer);
    for (const { at, oscillator } of this.planned) if (at > context.currentTime + SOON) oscillator.disconnect();
    this.planned = [];
  }

  // After a jump or another speed: what was handed over and not heard yet is taken back.
  again() {
    const time = this.player.audio.currentTime;
    const unheard = this.planned.filter(({ at }) => at > context.currentTime + SOON);
    for (const { oscillator } of unheard) oscillator.disconnect();
    this.planned = [];
    this.from = Math.min(...unheard.map(({ beat }) => beat), Infinity);
    if (!(this.from > time - LATE && this.from < time + 1)) this.from = time - LATE;
    if (this.awaited && Math.abs(this.awaited.time - time) < 0.05) this.from = time + SOON;
    this.seen = time;
  }

  plan() {
    const { audio, beats } = this.player;
    const time = audio.currentTime;
    if (audio.paused || audio.seeking || context.state !== "running" || time === this.seen) return;
    if (time < this.seen || time > this.seen + 3) this.again();
    if (this.awaited) {
      const late = context.currentTime - this.awaited.at - (time - this.awaited.time) / audio.playbackRate;
      lag = Math.min(0.15, Math.max(0, lag + late / 2));
      this.awaited = null;
    }
    this.seen = time;
    const ahead = document.hidden ? 2 : 0.2; // seconds; a hidden page is woken once a second
    const until = Math.min(time + ahead * audio.playbackRate, this.player.stopTime);
    for (const [beat, place] of beats) {
      if (beat < this.from) continue;
      if (beat >= until) break;
      this.from = beat + 1e-4;
      this.strike(context.currentTime + (beat - time) / audio.playbackRate, place === 0, beat);
    }
    this.planned = this.planned.filter(({ at }) => at > context.currentTime);
  }

  strike(at, accent, beat) {
    const oscillator = new OscillatorNode(context, { frequency: accent ? 1760 : 1175, type: "triangle" });
    const loudness = new GainNode(context, { gain: 0 });
    const start = Math.max(at, context.currentTime);
    const peak = ((accent ? 0.9 : 0.5) * preferences.volume) / 100;
    loudness.gain.setValueAtTime(peak, start);
    loudness.gain.exponentialRampToValueAtTime(1e-4, start + 0.06);
    oscillator.connect(loudness).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.08);
    this.planned.push({ at: start, beat, oscillator });
    const { dataset } = this.player.section;
    dataset.clicks = Number(dataset.clicks ?? 0) + 1;
    dataset.accents = Number(dataset.accents ?? 0) + (accent ? 1 : 0);
    // Of the last click: which beat, and when it is heard by the page's clock.
    dataset.click = `${beat.toFixed(3)} ${(performance.now() / 1000 + start - context.currentTime).toFixed(3)}`;
  }
}

// ---- the player -----------------------------------------------------------------------------------------------------

const PARTS =
  "play count seek now all loop part part-letters metronome tempo tempo-value volume message sheet legend legend-low " +
  "legend-high readout abc trace print-title";

class Player {
  constructor(root) {
    const find = (name) => root.querySelector(`.${name}`);
    this.section = find("player");
    this.parts = Object.fromEntries(PARTS.split(" ").map((name) => [name, find(name)]));
    this.audio = root.querySelector("audio");
    this.metronome = new Metronome(this);
    this.tune = {}; // as Python sent it
    this.events = []; // {start, end, id, onset, stop}, by onset
    this.beats = []; // [time, place in the bar, beats of the bar, seconds of a beat], by time
    this.characters = []; // the span of each character
    this.cells = new Map(); // note id -> {cell, value, mark}
    this.sounding = []; // events under the cursor
    this.chosen = null; // {start, end, first, last}: characters, and the events that repeat
    this.anchor = { at: 0, index: 0 }; // the place clicked last: a click with Shift chooses from there
    this.sent = "null"; // what Python knows to be chosen
    this.picking = null; // "A" or "B": the end of a part that the next click gives
    this.waiting = false; // play was asked for before the sound came
    this.resting = true; // at the beginning or the end: no cursor
    this.resume = null; // {time, playing}: to go on there when the same tune comes in another sound
    this.counting = null; // the bar before the sound: {began, start, beat, first, timer}
    this.gone = new AbortController();
    this.wire();
  }

  wire() {
    const { audio, parts, section } = this;
    const until = { signal: this.gone.signal };
    const on = (target, name, act) => target.addEventListener(name, act, until);
    on(parts.play, "click", () => this.toggle());
    on(parts.loop, "click", () => this.setLoop(!(preferences.loop || this.chosen)));
    on(parts.part, "click", () => this.pick(this.picking || this.chosen ? null : "A"));
    on(parts.metronome, "click", () => this.setMetronome(!preferences.metronome));
    on(parts.tempo, "input", () => this.set("tempo", Number(parts.tempo.value)));
    on(parts.volume, "input", () => this.set("volume", Number(parts.volume.value)));
    on(parts.seek, "input", () => this.seek((parts.seek.value / 1000) * this.length));
    this.showPreferences();
    for (const name of "play playing pause ended seeking seeked timeupdate loadedmetadata ratechange".split(" ")) {
      on(audio, name, () => this.audioChanged(name));
    }
    for (const place of [parts.sheet, parts.abc]) {
      on(place, "click", (event) => this.clicked(event.target, event.shiftKey));
      on(place, "pointerover", (event) => this.read(this.placeOf(event.target)));
      on(place, "pointerleave", () => this.read(null));
      on(place, "pointermove", (event) => this.dragged(event));
    }
    on(parts.trace, "click", (event) => this.clicked(this.characters[this.traceAt(event)], event.shiftKey));
    on(parts.trace, "pointermove", (event) => this.read(this.placeOf(this.characters[this.traceAt(event)])));
    on(parts.trace, "pointerleave", () => this.read(null));
    on(section, "pointerdown", (event) => {
      front = this;
      this.dragging = false;
      this.pressed = parts.sheet.contains(event.target) || parts.abc.contains(event.target) ? event.target : null;
    });
    on(section, "focusin", () => (front = this));
    on(document, "pointerup", () => this.dragging && this.sendChosen());
    on(document, "keydown", (event) => this.key(event));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(section);
  }

  leave() {
    this.stopCounting();
    this.metronome.end();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.gone.abort();
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.sending);
    if (front === this) front = null;
  }

  // Take what Python sent; only what changed is drawn again.
  show(tune) {
    const before = this.tune;
    this.tune = tune;
    this.beats = tune.beats ?? [];
    this.parts.metronome.hidden = this.beats.length === 0;
    if (before.id !== tune.id) {
      if (before.id) closeDrawer();
      const again = Boolean(tune.origin) && tune.origin === before.origin; // the same tune in another key
      const playing = !this.audio.paused || this.waiting || Boolean(this.resume?.playing);
      this.resume = again && !this.resting ? { time: this.resume?.time ?? this.audio.currentTime, playing } : null;
      this.stopCounting();
      this.audio.pause();
      this.events = tune.events.map(([start, end, id, onset, length]) => ({ start, end, id, onset, stop: onset + length }));
      this.sounding = [];
      this.chosen = again && this.events[this.chosen?.last] ? this.spanned(this.chosen.first, this.chosen.last) : null;
      this.anchor = { at: 0, index: 0 };
      this.waiting = false;
      this.resting = !this.resume;
      this.drawn = null;
      this.parts["print-title"].textContent = tune.title;
      this.parts.message.textContent = tune.message;
      this.parts.message.hidden = !tune.message;
      this.section.classList.toggle("selectable", tune.selectable);
      this.pick(null, this.chosen);
      this.write();
    }
    this.draw();
    this.paint();
    this.listen();
    if (tune.play && !started.has(tune.play)) {
      started.add(tune.play);
      if (!before.id) this.section.scrollIntoView({ block: "nearest" }); // it is new here: what sounds is in sight
      this.seek(0);
      this.start({ counted: false });
    }
  }

  get length() {
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : Math.max(0, ...this.events.map((e) => e.stop));
  }

  // Where the sound ends or jumps back.
  get stopTime() {
    return this.chosen?.last >= 0 ? this.events[this.chosen.last].stop : Infinity;
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
    this.endOf = new Map(this.events.map((event) => [event.id, event])); // any of its times: the text is the same
    this.markChosen();
  }

  draw() {
    const widths = Object.keys(this.tune.pages ?? {})
      .map(Number)
      .sort((a, b) => a - b);
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

  // Colours of the values, and what is outlined: nothing is drawn again, nothing stops.
  paint() {
    const { values, scale, marks } = this.tune;
    const { section, parts } = this;
    section.classList.toggle("valued", Boolean(values));
    section.classList.toggle("unit", scale === "unit");
    parts.legend.hidden = !values;
    parts["legend-low"].textContent = scale === "unit" ? "0" : "−1";
    parts["legend-high"].textContent = scale === "unit" ? "1" : "+1";
    const strong = scale === "unit" ? (value) => value > 0.75 : (value) => value > 0.7 || value < -0.8;
    const marked = new Uint8Array(this.characters.length);
    for (const [start, end] of marks ?? []) marked.fill(1, start, end);
    this.characters.forEach((span, at) => {
      span.style.backgroundColor = values ? tint(values[at], scale) : "";
      span.classList.toggle("strong", Boolean(values) && strong(values[at]));
      span.classList.toggle("marked", Boolean(marked[at]));
      span.classList.toggle("marked-first", Boolean(marked[at] && !marked[at - 1]));
      span.classList.toggle("marked-last", Boolean(marked[at] && !marked[at + 1]));
    });
    for (const [id, { value, mark }] of this.cells) {
      const event = this.endOf.get(id);
      value.style.fill = event && values ? tint(values[event.end - 1], scale) : "none";
      mark.classList.toggle("shown", Boolean(event && marked.subarray(event.start, event.end).some(Boolean)));
    }
    this.trace();
    this.read(null);
  }

  // The values as a curve over the characters; a faint line where a line of the text ends.
  trace() {
    const { values, scale, trace } = this.tune;
    const { parts, characters } = this;
    parts.trace.hidden = !(trace && values && characters.length);
    this.hand = null;
    if (parts.trace.hidden) return parts.trace.replaceChildren();
    const count = characters.length;
    const height = scale === "unit" ? 1 : 2;
    const picture = drawn("svg", { viewBox: `0 0 ${count} ${height}`, preserveAspectRatio: "none" });
    const area = (name, keep) => {
      const steps = values.map((value, at) => `L${at} ${1 - keep(value)}H${at + 1}`);
      picture.append(drawn("path", { class: name, d: `M0 1${steps.join("")}L${count} 1Z` }));
    };
    area("above", (value) => Math.min(1, Math.max(0, value)));
    if (scale !== "unit") area("below", (value) => Math.max(-1, Math.min(0, value)));
    const breaks = characters.flatMap((span, at) => (span.textContent === "\n" ? [`M${at + 1} 0V${height}`] : []));
    picture.append(drawn("path", { class: "breaks", d: breaks.join("") || "M0 0" }));
    picture.append(drawn("path", { class: "zero", d: `M0 1H${count}` }));
    this.hand = drawn("rect", { class: "hand", x: -9, y: 0, width: 1, height });
    picture.append(this.hand);
    parts.trace.replaceChildren(picture);
    this.point();
  }

  // The curve's cursor, on the characters that sound.
  point() {
    if (!this.hand) return;
    const [event] = this.sounding;
    const least = this.characters.length / 250;
    this.hand.setAttribute("x", event ? event.start : -9 * least);
    this.hand.setAttribute("width", event ? Math.max(event.end - event.start, least) : 0);
  }

  traceAt(event) {
    const { left, width } = this.parts.trace.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * this.characters.length);
    return Math.min(this.characters.length - 1, Math.max(0, at));
  }

  // Say the value at a place; without one, at the cursor.
  read(place) {
    const { values, label, scale } = this.tune;
    const at = place?.at ?? (place?.index >= 0 ? this.events[place.index].end - 1 : this.sounding[0]?.end - 1);
    const known = Number.isInteger(at);
    this.announce(known ? at : null);
    if (!values) return;
    const value = known ? (scale === "unit" ? values[at].toFixed(2) : signed(values[at])) : "";
    const character = known ? visible(this.characters[at].textContent) : "";
    this.parts.readout.textContent = known ? `${label} after “${character}”: ${value}` : label;
  }

  // Tell the rest of the page which character the pointer or the sound is on.
  announce(at) {
    if (at === this.announced) return;
    this.announced = at;
    sendAt(at);
  }

  // -- where things are --

  // The place of a note's cell or of a character: {at, index}, of its character and of an event. A character's event is
  // the one that covers it, else the next one written; null for what is neither.
  placeOf(target) {
    const id = target?.dataset?.id;
    if (id) {
      const index = this.events.findIndex((event) => event.id === id);
      return index < 0 ? null : { at: null, index };
    }
    if (target?.dataset?.at === undefined) return null;
    const at = Number(target.dataset.at);
    const covering = this.events.findIndex((event) => event.start <= at && at < event.end);
    if (covering >= 0) return { at, index: covering };
    let best = -1;
    this.events.forEach((event, i) => {
      if (event.start >= at && (best < 0 || event.start < this.events[best].start)) best = i;
    });
    return { at, index: best };
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

  clicked(target, shift) {
    const place = this.placeOf(target);
    if (place === null || this.dragging) return;
    if (shift || this.picking === "B") {
      document.getSelection()?.removeAllRanges();
      this.choose(this.anchor, place);
      this.sendChosen();
      return;
    }
    this.anchor = place;
    if (this.picking === "A") {
      this.choose(place, place);
      this.pick("B");
      return;
    }
    if (place.index < 0) return;
    const { chosen } = this;
    const inside =
      chosen &&
      (place.at === null
        ? chosen.first <= place.index && place.index <= chosen.last
        : chosen.start <= place.at && place.at < chosen.end);
    if (chosen && !inside) {
      this.choose(null);
      this.sendChosen();
    }
    this.seek(this.events[place.index].onset);
    this.start({ counted: false });
  }

  dragged(event) {
    if (!event.buttons || event.pointerType === "touch" || !this.pressed) return;
    if (!this.tune.selectable && this.parts.abc.contains(this.pressed)) return; // there one marks text to copy it
    const [from, to] = [this.placeOf(this.pressed), this.placeOf(event.target)];
    if (!from || !to || (event.target === this.pressed && !this.dragging)) return;
    this.dragging = true;
    this.choose(from, to);
  }

  // The part from one place to another: characters where characters may be chosen, else notes.
  choose(one, other = null) {
    let chosen = null;
    if (one && this.tune.selectable && one.at !== null && other.at !== null) {
      const [start, end] = [Math.min(one.at, other.at), Math.max(one.at, other.at) + 1];
      chosen = { start, end, ...this.heardIn(start, end) };
    } else if (one && one.index >= 0 && other.index >= 0) {
      chosen = this.spanned(Math.min(one.index, other.index), Math.max(one.index, other.index));
    }
    this.chosen = chosen;
    this.pick(null, chosen);
    this.markChosen();
    if (!(chosen?.first >= 0)) return;
    const { currentTime: now, paused } = this.audio;
    const { onset } = this.events[chosen.first];
    if (paused || now < onset || now >= this.stopTime) this.seek(onset);
  }

  spanned(first, last) {
    const events = this.events.slice(first, last + 1);
    return { first, last, start: Math.min(...events.map((e) => e.start)), end: Math.max(...events.map((e) => e.end)) };
  }

  // The events of some characters, the first time they are heard from beginning to end.
  heardIn(start, end) {
    const inside = (event) => event.start >= start && event.start < end;
    const first = this.events.findIndex(inside);
    let last = first;
    for (let i = first + 1; first >= 0 && i < this.events.length; i += 1) {
      if (!inside(this.events[i])) continue;
      if (this.events[i].start < this.events[last].start) break;
      last = i;
    }
    return { first, last };
  }

  // Ask for the first note of a part, then for the last; null: for none.
  pick(end, keep = null) {
    if (end === null && keep === null && this.chosen) {
      this.chosen = null;
      this.markChosen();
      this.sendChosen();
    }
    this.picking = end;
    const { part } = this.parts;
    this.parts["part-letters"].textContent = end ? `${end} ?` : "A–B";
    part.classList.toggle("asking", end !== null);
    part.setAttribute("aria-label", end ? `Click the ${end === "A" ? "first" : "last"} note of the part` : "Repeat a part");
    this.showPreferences();
  }

  // Tell Python what is chosen; after a moment, so that keys held down are one choice.
  sendChosen() {
    if (!this.tune.selectable) return;
    clearTimeout(this.sending);
    this.sending = setTimeout(() => {
      const { chosen, tune } = this;
      const sent = chosen && { id: tune.id, start: chosen.start, end: chosen.end };
      if (JSON.stringify(sent) === this.sent) return;
      this.sent = JSON.stringify(sent);
      this.send("selection", sent);
    }, 150);
  }

  key(event) {
    const target = event.composedPath()[0];
    const inside = this.section.contains(target);
    const mine = inside || (target === document.body && this === (front ?? [...players.values()][0]));
    if (!mine || event.ctrlKey || event.metaKey || event.altKey) return;
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
    if (extend) {
      const from = this.chosen?.first >= 0 ? this.chosen : { first: at, last: at };
      const last = Math.min(this.events.length - 1, Math.max(0, from.last + by));
      this.choose({ at: null, index: from.first }, { at: null, index: last });
      this.sendChosen();
    } else this.seek(this.events[next].onset);
  }

  // -- sound --

  listen() {
    const url = sounds.get(this.tune.sound);
    this.parts.play.disabled = this.parts.seek.disabled = !this.tune.sound;
    if (url && this.audio.src !== url) {
      const again = this.resume ?? (this.voiced === this.tune.id && !this.resting ? this.heardSoFar() : null);
      this.resume = null;
      this.voiced = this.tune.id;
      this.audio.src = url;
      this.showPreferences();
      if (again) this.seek(again.time);
      if (this.waiting || again?.playing) this.start({ counted: false });
    }
    // The sound before goes on until the same tune's other instrument has come.
    if (!url && this.voiced !== this.tune.id) this.audio.removeAttribute("src");
    this.clockHands();
  }

  heardSoFar() {
    return { time: this.audio.currentTime, playing: !this.audio.paused };
  }

  toggle() {
    if (this.counting || this.waiting || !this.audio.paused) this.pause();
    else this.start();
  }

  pause() {
    this.waiting = false;
    this.stopCounting();
    this.audio.pause();
  }

  start({ counted = true } = {}) {
    if (!this.tune.sound) return;
    front = this;
    this.stopCounting();
    this.waiting = !this.audio.src;
    this.resting = false;
    for (const other of players.values()) if (other !== this) other.pause();
    if (this.waiting) return;
    if (counted && preferences.metronome && this.beats.length) this.countIn();
    else this.audio.play().catch(() => this.section.classList.remove("playing"));
  }

  stop() {
    this.pause();
    if (this.picking || this.chosen) this.pick(null);
    this.seek(0);
    this.resting = true;
    this.mark([]);
  }

  seek(time) {
    this.resting = false;
    this.stopCounting();
    if (this.audio.src) this.audio.currentTime = Math.min(time, this.length);
    this.follow(time);
  }

  // A bar of clicks, and what is missing of the bar before the place where the sound begins, then the sound.
  countIn() {
    this.metronome.begin();
    const time = this.audio.ended ? 0 : this.audio.currentTime;
    const [beat, place, count, seconds] = this.beats.findLast(([at]) => at <= time + 0.01) ?? this.beats[0];
    const lasts = seconds / this.audio.playbackRate;
    const passed = (((place + (time - beat) / seconds) % count) + count) % count; // beats since the bar began
    const before = passed > count - 0.02 ? 0 : passed;
    const began = context.currentTime + 0.1;
    const sounds = began + (count + before) * lasts;
    for (let k = -count; k < before + 0.01; k += 1) {
      this.metronome.strike(began + (k + count) * lasts, k === 0 || k === -count, time + (k - before) * seconds);
    }
    const struck = Math.abs(before - Math.round(before)) < 0.01;
    const go = () => {
      const left = sounds - lag - context.currentTime;
      if (left > 0.003) {
        this.counting.timer = setTimeout(go, left > 0.05 ? (left - 0.04) * 1000 : 1);
        return;
      }
      this.metronome.awaited = struck ? { time, at: sounds } : null;
      this.metronome.planned = []; // the last click is heard with the sound
      this.stopCounting();
      this.audio.play().catch(() => this.section.classList.remove("playing"));
    };
    this.counting = { began, lasts, count };
    this.section.classList.add("counting", "playing");
    this.parts.play.setAttribute("aria-label", "Pause");
    this.count();
    go();
  }

  // The number of the beat on the button, while it is counted in.
  count() {
    if (!this.counting) return;
    const { began, lasts, count } = this.counting;
    const beat = Math.max(0, Math.floor((context.currentTime - began) / lasts));
    this.parts.count.textContent = (beat % count) + 1;
    requestAnimationFrame(() => this.count());
  }

  stopCounting() {
    if (!this.counting) return;
    clearTimeout(this.counting.timer);
    this.counting = null;
    this.parts.count.textContent = "";
    this.parts.play.setAttribute("aria-label", this.audio.paused ? "Play" : "Pause");
    this.section.classList.remove("counting");
    this.section.classList.toggle("playing", !this.audio.paused);
    this.metronome.end();
  }

  // -- the visitor's preferences, the same for all players --

  set(name, value) {
    preferences[name] = value;
    for (const player of players.values()) player.showPreferences();
  }

  setLoop(on) {
    if (!on && (this.chosen || this.picking)) this.pick(null);
    this.set("loop", on);
  }

  setMetronome(on) {
    this.set("metronome", on);
    if (!on) this.stopCounting();
    for (const player of players.values()) {
      if (on && !player.audio.paused) player.metronome.begin();
      else player.metronome.end();
    }
  }

  showPreferences() {
    const { audio, parts } = this;
    const { tempo, volume, loop, metronome } = preferences;
    parts.tempo.value = tempo;
    parts.volume.value = volume;
    fill(parts.tempo);
    fill(parts.volume);
    parts["tempo-value"].textContent = `${tempo} %`;
    parts.loop.setAttribute("aria-pressed", Boolean(loop || this.chosen));
    parts.part.setAttribute("aria-pressed", Boolean(this.picking || this.chosen));
    parts.metronome.setAttribute("aria-pressed", metronome);
    audio.loop = loop && !this.chosen;
    audio.preservesPitch = true;
    audio.defaultPlaybackRate = audio.playbackRate = tempo / 100;
    audio.volume = volume / 100;
  }

  audioChanged(name) {
    const playing = !this.audio.paused && !this.audio.ended;
    this.section.classList.toggle("playing", playing || Boolean(this.counting));
    this.parts.play.setAttribute("aria-label", playing || this.counting ? "Pause" : "Play");
    if (name === "ended") this.resting = true;
    if (name === "playing" && preferences.metronome) this.metronome.begin();
    if ((name === "pause" || name === "ended") && !this.counting) this.metronome.end();
    if (["seeking", "seeked", "ratechange"].includes(name) && preferences.metronome && playing) this.metronome.again();
    if (name !== "loadedmetadata" && name !== "ratechange") this.follow(this.audio.currentTime);
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
    if (chosen?.first >= 0 && !this.audio.paused && time >= this.stopTime - 0.02) {
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
    this.point();
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
    this.showPreferences();
    if (!this.chosen) return;
    const { first, last, start, end } = this.chosen;
    const inside = this.tune.selectable
      ? (event) => event.start >= start && event.start < end
      : (_, i) => i >= first && i <= last;
    this.events.forEach((event, i) => inside(event, i) && this.cells.get(event.id)?.cell.classList.add("chosen"));
    for (const span of this.characters.slice(start, end)) span.classList.add("chosen");
  }
}

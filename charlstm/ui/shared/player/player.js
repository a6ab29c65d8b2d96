// The score player: draws, plays, follows and tints a tune. Everything it is given is shown as text or as cleaned SVG.
//
// Mounted twice for a tune: with the tune, its notes included, and later with where its instruments are, which takes the
// server longer. Several tunes may stand on a page: one sounds at a time. Times are seconds of the tune at its usual
// speed, places are characters. __init__.py says which files come before this one.

/* global AbcText, Choice, Curve, Playback, Practice, Sheet, Stand, Written, fill, keyboard, knowOctaves */
/* global leaveAt, players, prefer, preferences, sendAt, signed, viewAt, visible */

const started = new Set(); // words of buttons that asked to play: each plays once, on whatever page it is seen again

export default function ({ data, parentElement, setStateValue }) {
  if (data.octaves) {
    parentElement.replaceChildren();
    knowOctaves(data);
    for (const player of players.values()) player.playback.listen();
    return undefined;
  }
  const player = viewAt(parentElement, (root) => new Player(root));
  player.send = setStateValue;
  player.show(data);
  return () => leaveAt(parentElement);
}

// On a phone the drawer of settings covers the tune that they were for.
function closeDrawer() {
  if (innerWidth >= 768) return;
  document
    .querySelector('[data-testid="stSidebar"][data-collapsed="false"] [data-testid="stSidebarCollapseButton"] button')
    ?.click();
}

const PARTS =
  "play count seek now all loop part part-letters metronome stand page-back page-on larger stage tempo tempo-value volume " +
  "chords chord-volume chord-knob practise first-bar last-bar step every target silent tap bpm round message sheet legend " +
  "legend-low legend-high readout abc trace print-title";

class Player {
  constructor(root) {
    const find = (name) => root.querySelector(`.${name}`);
    this.section = find("player");
    this.parts = Object.fromEntries(PARTS.split(" ").map((name) => [name, find(name)]));
    this.tune = {}; // as Python sent it
    this.events = []; // {start, end, id, onset, stop}, by onset
    this.eventOf = new Map(); // note id -> an event of it
    this.sounding = []; // events under the cursor
    this.gone = new AbortController();
    this.sheet = new Sheet(this);
    this.text = new AbcText(this);
    this.curve = new Curve(this);
    this.written = new Written(this);
    this.choice = new Choice(this);
    this.practice = new Practice(this);
    this.stand = new Stand(this);
    this.playback = new Playback(this);
    this.wire();
  }

  wire() {
    const { choice, curve, parts, playback, section } = this;
    const until = { signal: this.gone.signal };
    const on = (target, name, act) => target.addEventListener(name, act, until);
    on(parts.play, "click", () => playback.toggle());
    on(parts.loop, "click", () => this.setLoop(!(preferences.loop || choice.part)));
    on(parts.part, "click", () => choice.pick(choice.picking || choice.part ? null : "A"));
    on(parts.metronome, "click", () => this.setMetronome(!preferences.metronome));
    on(parts.tempo, "input", () => prefer("tempo", Number(parts.tempo.value)));
    on(parts.volume, "input", () => prefer("volume", Number(parts.volume.value)));
    on(parts.seek, "input", () => playback.seek((parts.seek.value / 1000) * playback.sound.duration));
    on(parts.chords, "click", () => prefer("chords", !preferences.chords));
    on(parts["chord-volume"], "input", () => prefer("chordVolume", Number(parts["chord-volume"].value)));
    this.practice.wire(on);
    this.stand.wire(on);
    this.showPreferences();
    for (const place of [parts.sheet, parts.abc]) {
      on(place, "click", (event) => this.clicked(event.target, event.shiftKey));
      on(place, "pointerover", (event) => this.read(this.placeOf(event.target)));
      on(place, "pointerleave", () => this.read(null));
      on(place, "pointermove", (event) => choice.dragged(event));
    }
    on(parts.trace, "click", (event) => this.clicked(curve.characterAt(event), event.shiftKey));
    on(parts.trace, "pointermove", (event) => this.read(this.placeOf(curve.characterAt(event))));
    on(parts.trace, "pointerleave", () => this.read(null));
    on(section, "pointerdown", (event) => {
      keyboard.player = this;
      choice.dragging = false;
      choice.pressed = parts.sheet.contains(event.target) || parts.abc.contains(event.target) ? event.target : null;
    });
    on(section, "focusin", () => (keyboard.player = this));
    on(document, "pointerup", () => choice.dragging && choice.send());
    on(document, "keydown", (event) => this.key(event));
    on(document, "charlstm:play", ({ detail }) => detail !== this && playback.pause()); // a player, a card, a belt
    this.resized = new ResizeObserver(() => this.sheet.draw());
    this.resized.observe(section);
  }

  leave() {
    this.playback.leave();
    this.practice.leave();
    this.stand.leave();
    this.choice.leave();
    this.gone.abort();
    this.resized.disconnect();
    if (keyboard.player === this) keyboard.player = null;
  }

  // Several players of a page are told apart by the headings above them.
  name() {
    const { host } = this.section.getRootNode();
    const isAbove = (heading) => heading.compareDocumentPosition(host) & Node.DOCUMENT_POSITION_FOLLOWING;
    const heading = [...document.querySelectorAll("[data-testid=stMain] :is(h1, h2, h3)")].filter(isAbove).at(-1);
    this.section.setAttribute("aria-label", ["Score player", heading?.innerText.trim()].filter(Boolean).join(": "));
  }

  // Take what Python sent; only what changed is drawn again.
  show(tune) {
    const { parts } = this;
    const before = this.tune;
    this.tune = tune;
    this.name();
    parts.metronome.hidden = tune.beats.length === 0;
    parts["chord-knob"].hidden = tune.notes.every(([, , , , part]) => part === 0);
    if (before.id !== tune.id) {
      if (before.id) closeDrawer();
      const again = Boolean(tune.origin) && tune.origin === before.origin; // the same tune in another key
      this.playback.begin(again);
      this.events = tune.events.map(([start, end, id, onset, length]) => ({ start, end, id, onset, stop: onset + length }));
      this.eventOf = new Map(this.events.map((event) => [event.id, event])); // any of its times: the text is the same
      this.sounding = [];
      this.sheet.drawn = null;
      parts["print-title"].textContent = tune.title;
      parts.message.textContent = tune.message;
      parts.message.hidden = !tune.message;
      this.section.classList.toggle("selectable", tune.selectable);
      this.choice.begin(again);
      this.text.write(tune);
      this.markChosen();
    }
    this.sheet.draw();
    this.section.classList.add("drawn");
    this.section.getRootNode().host?.setAttribute("data-drawn", ""); // shared/page_style waits for it
    this.paint();
    this.practice.take(tune.practice);
    this.playback.listen();
    if (tune.play && !started.has(tune.play)) {
      started.add(tune.play);
      if (!before.id) this.section.scrollIntoView({ block: "nearest" }); // it is new here: what sounds is in sight
      this.playback.seek(0);
      this.playback.start({ counted: false });
    }
  }

  // -- what is shown --

  // Colours of the values, and what is outlined: nothing is drawn again, nothing stops.
  paint() {
    const { values, scale, marks } = this.tune;
    const { section, parts } = this;
    section.classList.toggle("valued", Boolean(values));
    section.classList.toggle("unit", scale === "unit");
    parts.legend.hidden = !values;
    parts["legend-low"].textContent = scale === "unit" ? "0" : "−1";
    parts["legend-high"].textContent = scale === "unit" ? "1" : "+1";
    const marked = new Uint8Array(this.text.characters.length);
    const remarks = []; // of characters: what is said of them
    for (const [start, end, words] of marks ?? []) {
      marked.fill(1, start, end);
      for (let at = start; words && at < end; at += 1) remarks[at] = words;
    }
    this.text.paint(marked, remarks);
    this.sheet.paint(marked, remarks);
    this.curve.draw();
    this.read(null);
  }

  // Put the cursor on the events that sound.
  mark(events, again = false) {
    if (!again && events.length === this.sounding.length && events.every((e, i) => e === this.sounding[i])) return;
    this.sounding = events;
    this.sheet.mark(events, this.playback.playing);
    this.text.mark(events);
    this.curve.mark();
    this.read(null);
  }

  markChosen() {
    const { choice } = this;
    this.sheet.markChosen(choice.events);
    this.text.markChosen(choice.part?.start ?? 0, choice.part?.end ?? 0);
    this.showPreferences();
  }

  // Say the value at a place; without one, at the cursor.
  read(place) {
    const { values, label, scale } = this.tune;
    const at = place?.at ?? (place?.index >= 0 ? this.events[place.index].end - 1 : this.sounding[0]?.end - 1);
    const known = Number.isInteger(at);
    this.announce(known ? at : null);
    if (!values) return;
    const value = known ? (scale === "unit" ? values[at].toFixed(2) : signed(values[at])) : "";
    const character = known ? visible(this.text.characters[at].textContent) : "";
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
    if (place === null || this.choice.dragging) return;
    if (this.choice.clicked(place, shift) || place.index < 0) return;
    this.playback.seek(this.events[place.index].onset);
    this.playback.start({ counted: false });
  }

  key(event) {
    const target = event.composedPath()[0];
    const inside = this.section.contains(target);
    const mine = inside || (target === document.body && this === (keyboard.player ?? [...players.values()][0]));
    if (!mine || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const typing = target.localName === "input";
    const letter = inside && !typing ? this.letters[event.key] : null; // only here: letters elsewhere are not the player's
    if (letter) letter();
    else if (this.stand.open && !typing && this.stand.key(event)) this.showPreferences();
    else if (event.key === " " && target.localName !== "button") this.playback.toggle();
    else if (event.key === "Escape") this.playback.stop();
    else if (step && [this.parts.sheet, this.parts.abc].includes(target)) this.step(step, event.shiftKey);
    else return;
    event.preventDefault();
  }

  // Keys while the player has the focus.
  get letters() {
    const faster = (by) => prefer("tempo", Math.min(200, Math.max(25, preferences.tempo + by)));
    return {
      "+": () => faster(5),
      "-": () => faster(-5),
      f: () => this.parts.stand.click(),
      l: () => this.parts.loop.click(),
      m: () => this.parts.metronome.click(),
      t: () => this.practice.tap(),
    };
  }

  step(by, extend) {
    const at = Math.max(0, this.indexOf(this.playback.sound.currentTime));
    const next = Math.min(this.events.length - 1, Math.max(0, this.sounding.length ? at + by : at));
    if (next < 0) return;
    if (extend) this.choice.extend(by, at);
    else this.playback.seek(this.events[next].onset);
  }

  // -- the visitor's preferences, the same for all players --

  setLoop(on) {
    if (!on) this.choice.clear();
    prefer("loop", on);
  }

  setMetronome(on) {
    for (const player of players.values()) if (!on && player.playback.sound.counting) player.playback.pause();
    prefer("metronome", on);
  }

  showPreferences() {
    const { choice, parts } = this;
    const { chords, chordVolume, tempo, volume, loop, metronome } = preferences;
    parts.tempo.value = tempo;
    parts.volume.value = volume;
    parts["chord-volume"].value = chordVolume;
    for (const slider of [parts.tempo, parts.volume, parts["chord-volume"]]) fill(slider);
    parts.chords.setAttribute("aria-pressed", chords);
    parts["tempo-value"].textContent = `${tempo}%`;
    parts.loop.setAttribute("aria-pressed", Boolean(loop || choice.part));
    parts.part.setAttribute("aria-pressed", Boolean(choice.picking || choice.part));
    parts.metronome.setAttribute("aria-pressed", metronome);
    this.playback.prefer();
    this.practice.show();
    this.stand.show();
  }
}

// The keyboard of Take turns: plays what is pressed at once and tells Python when, in quarter notes from the first
// downbeat of the turn. Python writes it down, and sends the bars that the model answers with.
/* global leaveAt, viewAt */

const LOWEST = 55; // MIDI numbers of the drawn keys: G below middle C,
const HIGHEST = 84; // to the C two octaves above it
const LETTERS = "awsedftgyhujkolp"; // of the computer's keyboard, a semitone each from C on
const NAMES = ["C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B"];
const LENGTHS = [
  ["1/16", 0.25, "Sixteenth"],
  ["1/8", 0.5, "Eighth"],
  ["1/8.", 0.75, "Dotted eighth"],
  ["1/4", 1, "Quarter"],
  ["1/4.", 1.5, "Dotted quarter"],
  ["1/2", 2, "Half"],
];
const GRACE = 0.25; // quarter notes after the last bar in which a note may still end
const SOON = 0.1; // seconds from asking for a sound that is planned to hearing it
let midi = null; // MIDIAccess, once the visitor has asked for it
const keyboards = new Set();
const left = new WeakMap(); // <section> -> what a keyboard was about, to go on with where Streamlit mounts it again

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const keyboard = viewAt(parentElement, (root) => new Keyboard(root));
  keyboard.send = setStateValue;
  keyboard.trigger = setTriggerValue;
  keyboard.show(data);
  return () => leaveAt(parentElement);
}

// ---- sound ----------------------------------------------------------------------------------------------------------

let context = null; // of WebAudio

function audio() {
  context ??= new AudioContext();
  context.resume();
  return context;
}

// A plucked tone at a time of the context, for so many seconds; null: until it is stopped.
function tone(pitch, at, seconds, gain = 0.25) {
  const oscillator = new OscillatorNode(context, { frequency: 440 * 2 ** ((pitch - 69) / 12), type: "triangle" });
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(gain, at + 0.008);
  loudness.gain.setTargetAtTime(gain / 4, at + 0.008, 0.5);
  oscillator.connect(loudness).connect(context.destination);
  oscillator.start(at);
  const stop = (end) => {
    loudness.gain.setTargetAtTime(0, end, 0.03);
    oscillator.stop(end + 0.3);
  };
  if (seconds !== null) stop(at + seconds);
  return { stop: () => stop(context.currentTime) };
}

const click = (at, accent) => tone(accent ? 93 : 86, at, 0.03, 0.12);

// ---- the keyboard ---------------------------------------------------------------------------------------------------

class Keyboard {
  constructor(root) {
    this.section = root.querySelector(".keyboard");
    const find = (name) => root.querySelector(`.${name}`);
    const names = "ways lengths rest timing start tempo tempo-value beat turn keys undo answer midi midi-state preview";
    this.parts = Object.fromEntries(names.split(" ").map((name) => [name, find(name)]));
    this.data = {};
    this.way = "step";
    this.length = 0.5; // quarter notes of the next step
    this.notes = []; // {pitch, on, off}; a rest of a step has the pitch null
    this.held = new Map(); // pitch -> {voice, note}
    this.octave = 0; // of the computer's keys, from middle C
    this.begin = null; // when the turn's first downbeat is, in milliseconds of the page's clock; null: not in time
    this.timers = [];
    Object.assign(this, left.get(this.section));
    this.gone = new AbortController();
    this.drawKeys();
    this.drawLengths();
    this.wire();
    keyboards.add(this);
  }

  wire() {
    const { parts } = this;
    const on = (target, name, act) => target.addEventListener(name, act, { signal: this.gone.signal });
    for (const button of parts.ways.children) on(button, "click", () => this.choose(button.dataset.way));
    on(parts.rest, "click", () => this.step(null));
    on(parts.start, "click", () => (this.begin === null ? this.start() : this.stop()));
    on(parts.tempo, "input", () => (parts["tempo-value"].textContent = parts.tempo.value));
    on(parts.undo, "click", () => this.undo());
    on(parts.answer, "click", () => this.finish());
    on(parts.midi, "click", () => this.connect());
    on(document, "keydown", (event) => this.typed(event, true));
    on(document, "keyup", (event) => this.typed(event, false));
    on(document, "pointerup", () => this.pointed !== undefined && this.release(this.pointed));
    for (const group of [parts.ways, parts.lengths]) on(group, "keydown", (event) => this.walk(event, group));
    on(parts.keys, "keydown", (event) => this.walk(event, parts.keys));
  }

  leave() {
    this.stop();
    for (const pitch of [...this.held.keys()]) this.release(pitch);
    this.gone.abort();
    keyboards.delete(this);
    const { data, way, length, notes, octave, sent, waiting } = this;
    left.set(this.section, { data, way, length, notes, octave, sent, waiting });
  }

  drawKeys() {
    this.parts.keys.replaceChildren();
    for (let pitch = LOWEST; pitch <= HIGHEST; pitch += 1) {
      const key = document.createElement("button");
      const name = NAMES[pitch % 12];
      const octave = Math.floor(pitch / 12) - 1;
      key.type = "button";
      key.dataset.pitch = pitch;
      key.className = name.length > 1 ? "black" : "white";
      key.tabIndex = pitch === 60 ? 0 : -1;
      key.setAttribute("aria-label", `${name} ${octave}`);
      const letter = document.createElement("kbd"); // of the computer's keyboard
      const place = document.createElement("span");
      place.textContent = name === "C" ? `C${octave}` : "";
      key.append(letter, place);
      key.addEventListener("pointerdown", (event) => {
        key.releasePointerCapture?.(event.pointerId);
        this.pointed = pitch;
        this.press(pitch, event.timeStamp);
      });
      key.addEventListener("click", (event) => {
        if (event.detail === 0) this.strike(pitch, event.timeStamp); // by the keyboard or a screen reader
      });
      this.parts.keys.append(key);
    }
    this.parts.keys.parentElement.scrollLeft = 150;
    this.letter();
  }

  // Write on each key which of the computer's keys plays it.
  letter() {
    for (const key of this.parts.keys.children) {
      key.firstChild.textContent = (LETTERS[key.dataset.pitch - 60 - 12 * this.octave] ?? "").toUpperCase();
    }
  }

  drawLengths() {
    this.parts.lengths.replaceChildren();
    for (const [text, quarters, name] of LENGTHS) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("role", "radio");
      button.setAttribute("aria-label", name);
      button.title = name;
      button.addEventListener("click", () => {
        this.length = quarters;
        this.mark();
      });
      button.dataset.quarters = quarters;
      this.parts.lengths.append(button);
    }
    this.mark();
  }

  mark() {
    const chosen = (button) => button.dataset.way === this.way || Number(button.dataset.quarters) === this.length;
    for (const button of [...this.parts.ways.children, ...this.parts.lengths.children]) {
      button.setAttribute("aria-checked", chosen(button));
      button.tabIndex = chosen(button) ? 0 : -1;
    }
  }

  // Arrow keys go from one button of a group to the next.
  walk(event, group) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const buttons = [...group.children];
    const at = buttons.indexOf(event.target);
    const next = by && buttons[at + by];
    if (!next) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    if (group !== this.parts.keys) next.click();
  }

  // Take what Python sent: another turn is a fresh one, and an answer is heard once.
  show(data) {
    const before = this.data;
    this.data = data;
    if (before.turn !== data.turn) {
      this.notes = [];
      this.sent = "";
      this.waiting = false;
    }
    this.parts.preview.textContent = this.notes.length ? data.abc : "";
    if (data.answer.length && data.turn !== before.turn && before.turn !== undefined) this.hear(data.answer);
    this.tell();
  }

  get end() {
    return this.data.bar * this.data.bars;
  }

  get place() {
    const last = this.notes.at(-1);
    return last ? last.off : 0;
  }

  get quarter() {
    return 60 / this.parts.tempo.value / this.data.beat; // seconds of a quarter note
  }

  tell(words = "") {
    const { parts } = this;
    const bar = Math.min(this.data.bars, Math.floor((this.place + 1e-6) / this.data.bar) + 1);
    const playing = this.way === "time" && this.begin === null ? "Press Start: a bar is counted in." : "";
    parts.turn.textContent =
      words || (this.waiting ? "The model is writing …" : playing || `Your turn: bar ${bar} of ${this.data.bars}.`);
    parts.answer.disabled = this.waiting || !this.notes.some((note) => note.pitch !== null);
    parts.undo.disabled = this.waiting || (this.notes.length === 0 && !this.data.undo);
    parts.timing.hidden = this.way === "step";
    parts.lengths.hidden = parts.rest.hidden = this.way !== "step";
    parts.start.textContent = this.begin === null ? "Start" : "Stop";
    parts.beat.textContent = "";
    this.mark();
  }

  choose(way) {
    if (way === this.way) return;
    this.stop();
    this.way = way;
    this.notes = [];
    this.report();
    this.tell();
  }

  // -- notes --

  press(pitch, stamp = performance.now(), gain = 0.25) {
    if (this.held.has(pitch) || pitch < 21 || pitch > 108) return;
    audio();
    this.held.set(pitch, { voice: tone(pitch, context.currentTime, null, gain), note: null });
    this.light(pitch, "down", true);
    if (this.waiting) return;
    if (this.way === "step") this.step(pitch);
    else if (this.begin !== null) {
      const on = (stamp - this.begin) / 1000 / this.quarter;
      if (on < -1 || on >= this.end) return;
      const note = { pitch, on, off: on + 0.1 };
      this.held.get(pitch).note = note;
      this.notes.push(note);
    }
  }

  release(pitch, stamp = performance.now()) {
    this.pointed = undefined;
    const held = this.held.get(pitch);
    if (!held) return;
    held.voice.stop();
    this.held.delete(pitch);
    this.light(pitch, "down", false);
    if (held.note && this.begin !== null) {
      held.note.off = Math.max(held.note.on + 0.1, (stamp - this.begin) / 1000 / this.quarter);
    }
  }

  strike(pitch, stamp) {
    this.press(pitch, stamp);
    setTimeout(() => this.release(pitch), 200);
  }

  step(pitch) {
    if (this.waiting || this.way !== "step") return;
    const on = this.place;
    this.notes.push({ pitch, on, off: Math.min(on + this.length, this.end) });
    this.tell();
    if (this.place >= this.end - 1e-6) this.finish();
    else this.report();
  }

  undo() {
    if (this.waiting) return;
    if (this.notes.length) {
      this.notes.pop();
      this.report();
      this.tell();
    } else if (this.data.undo) this.trigger("undone", this.data.turn);
  }

  light(pitch, name, on) {
    this.parts.keys.querySelector(`[data-pitch="${pitch}"]`)?.classList.toggle(name, on);
  }

  // Tell Python what there is of this turn; `done`: the model's turn.
  report(done = false) {
    const notes = this.notes.map(({ pitch, on, off }) => [pitch, Number(on.toFixed(4)), Number(off.toFixed(4))]);
    const played = { turn: this.data.turn, notes: notes.filter(([pitch]) => pitch !== null), length: this.place, done };
    if (JSON.stringify(played) === this.sent) return;
    this.sent = JSON.stringify(played);
    this.send("played", played);
  }

  finish() {
    this.waiting = true;
    this.tell();
    this.report(true);
  }

  // -- in time --

  // Count a bar in, then clicks for the turn; `at`: when its first downbeat is, in seconds of the context.
  start(at = null) {
    audio();
    const { bar, beat, bars } = this.data;
    const lasts = beat * this.quarter;
    const first = at ?? context.currentTime + SOON + bar * this.quarter;
    const now = performance.now();
    const ms = (time) => now + (time - context.currentTime) * 1000;
    this.begin = ms(first);
    this.section.dataset.begin = this.begin;
    const beats = Math.round(bar / beat);
    for (let k = at === null ? -beats : 0; k < beats * bars; k += 1) {
      const place = ((k % beats) + beats) % beats;
      this.later(first + k * lasts - 0.08, () => {
        click(first + k * lasts, place === 0);
        this.parts.beat.textContent = place + 1;
        if (place === 0 && k > 0) this.report();
        if (place === 0) this.parts.turn.textContent = k < 0 ? "Counting in …" : `Your turn: bar ${k / beats + 1} of ${bars}.`;
      });
    }
    this.later(first + (this.end + GRACE) * this.quarter, () => this.over());
    this.tell("Counting in …");
  }

  later(time, act) {
    this.timers.push(setTimeout(act, Math.max(0, (time - context.currentTime) * 1000)));
  }

  over() {
    const played = this.notes.length > 0;
    for (const { note } of this.held.values()) if (note) note.off = this.end;
    this.parts.beat.textContent = "";
    this.begin = null;
    this.goesOn = played;
    if (played) this.finish();
    else this.tell("Nothing was played. Press Start to try again.");
  }

  stop() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    this.begin = null;
    this.goesOn = false;
    for (const { voice } of this.voices ?? []) voice.stop();
    this.voices = [];
    if (this.data.bar) this.tell();
  }

  // The model's bars; in time, the visitor's next turn begins where they end.
  hear(notes) {
    if (!context) return;
    const first = context.currentTime + SOON;
    this.voices = [];
    this.section.dataset.heard = "";
    for (const [pitch, on, off] of notes) {
      const at = first + on * this.quarter;
      this.later(at, () => {
        this.voices.push({ voice: tone(pitch, Math.max(at, context.currentTime), (off - on) * this.quarter * 0.95) });
        this.section.dataset.heard = `${this.section.dataset.heard ?? ""} ${pitch}`.trim();
        this.light(pitch, "answered", true);
      });
      this.later(first + off * this.quarter - 0.02, () => this.light(pitch, "answered", false));
    }
    if (this.way === "time" && this.goesOn) this.start(first + this.end * this.quarter);
  }

  // -- the computer's keys, and MIDI --

  typed(event, down) {
    const target = event.composedPath()[0];
    const mine = this.section.contains(target) || target === document.body;
    if (!mine || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    const at = LETTERS.indexOf(key);
    if (key.length === 1 && at >= 0) {
      const pitch = 60 + 12 * this.octave + at;
      if (down) this.press(pitch, event.timeStamp);
      else this.release(pitch, event.timeStamp);
    } else if (down && (key === "z" || key === "x")) {
      this.octave = Math.max(-2, Math.min(2, this.octave + (key === "z" ? -1 : 1)));
      this.letter();
      this.tell(`Computer keys begin at C${4 + this.octave}.`);
    } else if (down && key === "q") this.step(null);
    else if (down && key === "backspace") this.undo();
    else return;
    event.preventDefault();
  }

  async connect() {
    const say = (words) => (this.parts["midi-state"].textContent = words);
    if (!navigator.requestMIDIAccess) return say("This browser has no Web MIDI; Chrome, Edge and Firefox have.");
    try {
      midi ??= await navigator.requestMIDIAccess();
    } catch {
      return say("The browser did not allow MIDI. Allow it in the site's settings.");
    }
    const listen = () => {
      const inputs = [...midi.inputs.values()];
      for (const input of inputs) input.onmidimessage = (event) => heardMidi(event);
      const names = inputs.map((input) => input.name || "a MIDI keyboard").join(", ");
      say(inputs.length ? `Connected: ${names}.` : "No MIDI keyboard is connected yet.");
    };
    midi.onstatechange = listen;
    return listen();
  }
}

function heardMidi({ data, timeStamp }) {
  const [status, pitch, velocity] = data;
  for (const keyboard of keyboards) {
    if ((status & 0xf0) === 0x90 && velocity > 0) keyboard.press(pitch, timeStamp, 0.1 + (0.3 * velocity) / 127);
    else if ((status & 0xf0) === 0x80 || (status & 0xf0) === 0x90) keyboard.release(pitch, timeStamp);
  }
}

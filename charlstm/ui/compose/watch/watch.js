// How a tune was written, shown again: a belt of characters, each over the five likeliest next ones, tinted by a neuron.
//
// The score and the text below it fill as the belt goes on: `charlstm:written` tells the player how far it is, and
// `charlstm:note` what sounds. With reduced motion nothing starts by itself, and the belt jumps by half its width.

/* global leaveAt, tint, viewAt, visible */

const SPEEDS = [
  ["2 a second", 2],
  ["6 a second", 6],
  ["20 a second", 20],
  ["in tempo", 0],
]; // label, characters a second; 0: each note at its time
const SILENT = 40; // characters a second of a header, in tempo
const COLUMN = 24; // px
const KEPT = 120; // columns on the belt
let speed = SPEEDS.length - 1; // outlives a tune

export default function ({ data, parentElement }) {
  viewAt(parentElement, (root) => new Watch(root)).show(data);
  return () => leaveAt(parentElement);
}

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

class Watch {
  constructor(root) {
    const find = (name) => root.querySelector(name);
    this.parts = { go: find(".go"), skip: find(".skip"), range: find("input"), words: find("output") };
    this.parts.neuron = find(".neuron");
    this.parts.status = find(".status");
    this.strip = find(".strip");
    this.belt = find(".belt");
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.parts.go.addEventListener("click", () => this.toggle());
    this.parts.skip.addEventListener("click", () => this.finish());
    this.parts.range.addEventListener("input", () => this.setSpeed(Number(this.parts.range.value)));
    this.setSpeed(speed);
    this.gone = new AbortController();
    document.addEventListener("charlstm:play", ({ detail }) => this.hear(detail), { signal: this.gone.signal });
  }

  leave() {
    this.gone.abort();
    clearTimeout(this.timer);
    if (this.data) tell("charlstm:written", { text: this.data.shown, at: null });
  }

  show(data) {
    if (data.id === this.data?.id) return;
    clearTimeout(this.timer);
    this.data = { ...data, characters: Array.from(data.text) };
    this.parts.neuron.textContent = `Colour: ${data.neuron.toLowerCase()}`;
    this.schedule();
    this.at = data.text.length;
    if (this.calm) this.finish();
    else this.begin();
  }

  // Seconds that each character waits for the one before it, in tempo: a note's characters share the time until it.
  schedule() {
    const { characters, notes } = this.data;
    this.waits = characters.map(() => 1 / SILENT);
    this.sounds = new Map(); // character -> notes that are complete with it
    let [from, time] = [null, 0];
    for (const [after, pitch, lasts, wait] of notes) {
      if (from !== null) this.waits.fill(time / Math.max(1, after - from), from + 1, after + 1);
      if (from === after) time = Math.max(time, wait);
      else [from, time] = [after, wait];
      if (pitch !== null) this.sounds.set(after, [...(this.sounds.get(after) ?? []), { pitch, duration: lasts }]);
    }
  }

  begin() {
    this.at = 0;
    this.belt.replaceChildren();
    this.parts.status.textContent = "Writing …";
    this.due = performance.now();
    this.running(true);
    this.tick();
  }

  toggle() {
    if (this.at >= this.data.characters.length) return this.begin();
    this.running(this.paused);
    this.due = performance.now();
    if (!this.paused) this.tick();
    return undefined;
  }

  // Something else sounds from now on.
  hear(who) {
    if (who !== this && this.data && !this.paused && this.at < this.data.characters.length) this.running(false);
  }

  running(on) {
    this.paused = !on;
    if (on) tell("charlstm:play", this);
    clearTimeout(this.timer);
    this.parts.go.textContent = on ? "Pause" : this.at >= this.data.characters.length ? "Watch again" : "Go on";
    this.parts.skip.disabled = this.at >= this.data.characters.length;
  }

  setSpeed(index) {
    speed = index;
    this.parts.range.value = index;
    this.parts.words.textContent = SPEEDS[index][0];
    this.parts.range.setAttribute("aria-valuetext", SPEEDS[index][0]);
    this.due = performance.now();
    if (this.data && !this.paused) this.tick();
  }

  // Write all that is due, then wait for the next.
  tick() {
    clearTimeout(this.timer);
    const { characters, shown, lengths } = this.data;
    const now = performance.now();
    if (now - this.due > 1000) this.due = now; // the page was hidden
    while (this.at < characters.length && this.due <= now) {
      this.write(this.at);
      this.at += 1;
      const rate = SPEEDS[speed][1];
      this.due += 1000 * (rate ? 1 / rate : (this.waits[this.at] ?? 0));
    }
    this.move();
    if (this.at >= characters.length) return this.finish();
    tell("charlstm:written", { text: shown, at: this.at ? lengths[this.at - 1] : 0 });
    this.timer = setTimeout(() => this.tick(), Math.max(4, this.due - performance.now()));
    return undefined;
  }

  // One more character on the belt, with what it completes.
  write(at) {
    this.belt.append(this.column(at));
    if (this.belt.childElementCount > KEPT) this.belt.firstChild.remove();
    for (const note of this.sounds.get(at) ?? []) tell("charlstm:note", note);
  }

  column(at) {
    const { characters, predictions, chances, values } = this.data;
    const column = document.createElement("div");
    column.className = "column";
    const character = document.createElement("span");
    character.textContent = visible(characters[at]);
    character.style.backgroundColor = tint(values[at]);
    character.classList.toggle("strong", Math.abs(values[at]) > 0.7);
    column.append(character);
    const came = characters[at + 1] ?? "<end>";
    predictions[at + 1].forEach((symbol, k) => {
      const guess = document.createElement("span");
      guess.textContent = symbol === "<end>" ? "▪" : visible(symbol);
      guess.classList.toggle("came", symbol === came);
      guess.style.backgroundColor = `color-mix(in srgb, var(--accent) ${Math.round(75 * chances[at + 1][k])}%, transparent)`;
      column.append(guess);
    });
    return column;
  }

  // The newest character stays in sight, with a little room behind it.
  move() {
    for (const old of this.belt.querySelectorAll(".last")) old.classList.remove("last");
    this.belt.lastChild?.classList.add("last");
    const room = this.strip.clientWidth - 2 * COLUMN;
    const beyond = this.belt.childElementCount * COLUMN - room;
    const by = this.calm ? Math.ceil(beyond / (room / 2)) * (room / 2) : beyond;
    this.belt.style.transform = `translateX(${-Math.max(0, by)}px)`;
  }

  // All of it at once: what is left is neither shown one by one nor heard.
  finish() {
    const { characters, shown, title } = this.data;
    clearTimeout(this.timer);
    const last = Math.max(characters.length - KEPT, 0);
    if (this.at < characters.length || !this.belt.childElementCount) {
      this.belt.replaceChildren(...characters.slice(last).map((_, k) => this.column(last + k)));
    }
    this.at = characters.length;
    this.move();
    this.running(false);
    this.parts.status.textContent = `Written: ${title || "a tune without a title"}.`;
    tell("charlstm:written", { text: shown, at: null });
  }
}

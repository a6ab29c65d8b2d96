// How a tune is practised: what repeats, how fast each round is, which rounds are silent; the fold that asks for it.

/* global prefer, preferences */

const TAPS = 6; // that count
const LONGEST_TAP = 2500; // milliseconds between two taps; after more they start over

class Practice {
  constructor(player) {
    this.player = player;
    this.known = ""; // what Python knows, or said
    this.taps = [];
  }

  wire(on) {
    const { parts } = this.player;
    for (const name of ["first-bar", "last-bar"]) on(parts[name], "change", () => this.chooseBars());
    for (const name of ["step", "every", "target"]) {
      on(parts[name], "change", () => this.restartRounds(name, bounded(parts[name], preferences[name])));
    }
    on(parts.silent, "change", () => this.restartRounds("silent", parts.silent.checked));
    on(parts.tap, "click", () => this.tap());
  }

  leave() {
    clearTimeout(this.sending);
  }

  // -- the plan of the sound (sound.js) --

  // Where the sound that is at this time ends, or jumps back.
  until(time) {
    const { choice, playback } = this.player;
    return choice.startTime !== null && time < choice.stopTime - 0.02 ? choice.stopTime : playback.sound.duration;
  }

  // Where it goes on after its end; null: nowhere.
  restart() {
    return this.player.choice.startTime ?? (preferences.loop ? 0 : null);
  }

  // How fast a round is, and whether it is silent.
  pace(round) {
    const { every, silent, step, target, tempo } = preferences;
    const faster = tempo + Math.floor(round / every) * step;
    return { rate: Math.max(tempo, Math.min(target, faster)) / 100, muted: silent && round % 2 === 1 };
  }

  restartRounds(name, value) {
    this.player.playback.sound.round = 0;
    prefer(name, value);
  }

  // -- bars --

  // The bar of an event, as it is printed; undefined where bars have no numbers.
  barOf(event) {
    return this.player.tune.bars.findLast(([time]) => time <= event.onset + 1e-3)?.[1];
  }

  // The bars of the part that repeats: [first, last], or null.
  get bars() {
    const { choice, events, tune } = this.player;
    if (!(choice.part?.first >= 0) || !tune.bars.length) return null;
    return [this.barOf(events[choice.part.first]), this.barOf(events[choice.part.last])];
  }

  chooseBars() {
    const { parts } = this.player;
    const [first, last] = [Number(parts["first-bar"].value), Number(parts["last-bar"].value)];
    if (!parts["first-bar"].value && !parts["last-bar"].value) this.player.choice.clear();
    else this.repeat(first || last, last || first);
  }

  // Repeat these bars: from where the first is heard first to the end of the last after it.
  repeat(one, other) {
    const { choice, events, tune } = this.player;
    const [first, last] = [Math.min(one, other), Math.max(one, other)];
    const begin = tune.bars.findIndex(([, number]) => number >= first);
    if (begin < 0) return;
    let end = begin;
    while (end < tune.bars.length && tune.bars[end][1] <= last && tune.bars[end][1] >= tune.bars[begin][1]) end += 1;
    const [from, until] = [tune.bars[begin][0], tune.bars[end]?.[0] ?? Infinity];
    const inside = events.map((_, i) => i).filter((i) => events[i].onset > from - 1e-3 && events[i].onset < until - 1e-3);
    if (inside.length === 0) return;
    choice.repeat(inside[0], inside.at(-1), until);
  }

  // -- tapping --

  // The tempo in which the visitor taps beats.
  tap() {
    const now = performance.now();
    if (now - (this.taps.at(-1) ?? 0) > LONGEST_TAP) this.taps = [];
    this.taps = [...this.taps, now].slice(-TAPS);
    const beat = this.player.tune.beats[0]?.[3];
    if (this.taps.length < 2 || !beat) return;
    const lasts = (now - this.taps[0]) / 1000 / (this.taps.length - 1);
    this.restartRounds("tempo", Math.min(200, Math.max(25, Math.round((100 * beat) / lasts))));
  }

  // -- what is shown, and what Python knows --

  // What the page's address says, when it says something new; the bars belong to the tune, the rest is the visitor's.
  take(said) {
    const words = JSON.stringify(said);
    if (words === this.known) return;
    this.known = words;
    if (!said) return;
    const { loop, silent, speed, stepup } = said;
    const [step, every, target] = stepup ?? [0, preferences.every, preferences.target];
    Object.assign(preferences, { tempo: speed, silent, step, every, target });
    if (loop) this.repeat(...loop);
    this.player.showPreferences();
  }

  show() {
    const { parts, playback, tune } = this.player;
    const { step, every, target, silent, tempo } = preferences;
    if (!parts.practise || !tune.bars) return;
    parts.practise.hidden = tune.notes.length === 0;
    Object.assign(parts.step, { value: step });
    Object.assign(parts.every, { value: every });
    Object.assign(parts.target, { value: target });
    parts.silent.checked = silent;
    const { bars } = this;
    const last = Math.max(1, ...tune.bars.map(([, number]) => number));
    for (const [i, name] of ["first-bar", "last-bar"].entries()) {
      parts[name].max = last;
      parts[name].value = bars?.[i] ?? "";
    }
    const beat = tune.beats[0]?.[3];
    parts.tap.hidden = parts.bpm.hidden = !beat;
    const { rate, muted } = this.pace(playback.sound.round);
    if (beat) parts.bpm.textContent = `${Math.round((60 / beat) * rate)} beats per minute`;
    const rounds = step > 0 || silent;
    const words = `Round ${playback.sound.round + 1}${rate * 100 === tempo ? "" : `: ${Math.round(rate * 100)}%`}`;
    parts.round.textContent = rounds && playback.playing ? `${words}${muted ? ", silent" : ""}` : "";
    this.tell();
  }

  // Tell Python, after a moment, what belongs into the page's address.
  tell() {
    if (!this.player.tune.practice) return;
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.send(), 400);
  }

  send() {
    clearTimeout(this.sending);
    if (!this.player.tune.practice) return;
    const { every, silent, step, target, tempo } = preferences;
    const { bars } = this;
    const stepup = step ? [step, every, target] : null;
    const now = JSON.stringify({ speed: tempo, loop: bars, stepup, silent });
    if (now === this.known) return;
    this.known = now;
    this.player.send("practice", {
      speed: `${tempo}`,
      loop: bars ? bars.join("-") : "",
      stepup: stepup ? stepup.join(",") : "",
      silent: silent ? "2" : "",
    });
  }
}

// The number that somebody typed, within the field's bounds; another one where there is none.
function bounded(field, otherwise) {
  const value = Math.round(Number(field.value));
  return field.value === "" || Number.isNaN(value) ? otherwise : Math.min(Number(field.max), Math.max(Number(field.min), value));
}

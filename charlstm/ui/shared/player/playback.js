// The sound of a player: one audio element, its clock for the cursor, the count-in, and what repeats.

/* global Metronome, context, fill, keyboard, lag, players, preferences */

const ID_LENGTH = 32;
const MAX_SPARE_SOUNDS = 6; // sounds beside those that are on the page
const sounds = new Map(); // id -> object URL of the WAV

function keepSound(bytes) {
  const id = new TextDecoder().decode(bytes.subarray(0, ID_LENGTH));
  const url = sounds.get(id) ?? URL.createObjectURL(new Blob([bytes.subarray(ID_LENGTH)], { type: "audio/wav" }));
  sounds.delete(id); // and in again, as the newest
  sounds.set(id, url);
  for (const player of players.values()) player.playback.listen();
  const needed = new Set([...players.values()].map((player) => player.playback.audio.src));
  const spare = [...sounds].filter(([, url]) => !needed.has(url));
  for (const [id, url] of spare.slice(0, -MAX_SPARE_SOUNDS)) {
    URL.revokeObjectURL(url);
    sounds.delete(id);
  }
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class Playback {
  constructor(player) {
    this.player = player;
    this.audio = player.section.querySelector("audio");
    this.metronome = new Metronome(player);
    this.waiting = false; // play was asked for before the sound came
    this.resting = true; // at the beginning or the end: no cursor
    this.resume = null; // {time, playing}: to go on there when the same tune comes in another sound
    this.voiced = null; // the tune whose sound the audio element has
    this.counting = null; // the bar before the sound: {began, lasts, count, timer}
    for (const name of "play playing pause ended seeking seeked timeupdate loadedmetadata ratechange".split(" ")) {
      this.audio.addEventListener(name, () => this.changed(name));
    }
  }

  // Another tune; `again`: the one before in another key, which goes on where it is.
  begin(again) {
    const { audio } = this;
    const playing = !audio.paused || this.waiting || Boolean(this.resume?.playing);
    this.resume = again && !this.resting ? { time: this.resume?.time ?? audio.currentTime, playing } : null;
    this.stopCounting();
    audio.pause();
    this.waiting = false;
    this.resting = !this.resume;
  }

  leave() {
    this.stopCounting();
    this.metronome.end();
    this.audio.pause();
    this.audio.removeAttribute("src");
    cancelAnimationFrame(this.frame);
  }

  // Take the tune's sound if it has come.
  listen() {
    const { audio, player } = this;
    const url = sounds.get(player.tune.sound);
    player.parts.play.disabled = player.parts.seek.disabled = !player.tune.sound;
    if (url && audio.src !== url) {
      const again = this.resume ?? (this.voiced === player.tune.id && !this.resting ? this.heardSoFar() : null);
      this.resume = null;
      this.voiced = player.tune.id;
      audio.src = url;
      this.prefer();
      if (again) this.seek(again.time);
      if (this.waiting || again?.playing) this.start({ counted: false });
    }
    // The sound before goes on until the same tune's other instrument has come.
    if (!url && this.voiced !== player.tune.id) audio.removeAttribute("src");
    this.clockHands();
  }

  heardSoFar() {
    return { time: this.audio.currentTime, playing: !this.audio.paused };
  }

  get length() {
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : Math.max(0, ...this.player.events.map((e) => e.stop));
  }

  get paused() {
    return this.audio.paused;
  }

  // -- what the user does --

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
    if (!this.player.tune.sound) return;
    keyboard.player = this.player;
    this.stopCounting();
    this.waiting = !this.audio.src;
    this.resting = false;
    for (const other of players.values()) if (other !== this.player) other.playback.pause();
    if (this.waiting) return;
    if (counted && preferences.metronome && this.player.beats.length) this.countIn();
    else this.play();
  }

  play() {
    this.audio.play().catch(() => this.player.section.classList.remove("playing"));
  }

  stop() {
    this.pause();
    this.player.choice.clear();
    this.seek(0);
    this.resting = true;
    this.player.mark([]);
  }

  seek(time) {
    this.resting = false;
    this.stopCounting();
    if (this.audio.src) this.audio.currentTime = Math.min(time, this.length);
    this.follow(time);
  }

  setMetronome(on) {
    if (!on) this.stopCounting();
    if (on && !this.audio.paused) this.metronome.begin();
    else this.metronome.end();
  }

  // -- the count-in --

  // A bar of clicks, and what is missing of the bar before the place where the sound begins, then the sound.
  countIn() {
    this.metronome.begin();
    const { audio, player } = this;
    const time = audio.ended ? 0 : audio.currentTime;
    const [beat, place, count, seconds] = player.beats.findLast(([at]) => at <= time + 0.01) ?? player.beats[0];
    const lasts = seconds / audio.playbackRate;
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
      this.play();
    };
    this.counting = { began, lasts, count };
    player.section.classList.add("counting", "playing");
    player.parts.play.setAttribute("aria-label", "Pause");
    this.count();
    go();
  }

  // The number of the beat on the button, while it is counted in.
  count() {
    if (!this.counting) return;
    const { began, lasts, count } = this.counting;
    const beat = Math.max(0, Math.floor((context.currentTime - began) / lasts));
    this.player.parts.count.textContent = (beat % count) + 1;
    requestAnimationFrame(() => this.count());
  }

  stopCounting() {
    if (!this.counting) return;
    const { parts, section } = this.player;
    clearTimeout(this.counting.timer);
    this.counting = null;
    parts.count.textContent = "";
    parts.play.setAttribute("aria-label", this.audio.paused ? "Play" : "Pause");
    section.classList.remove("counting");
    section.classList.toggle("playing", !this.audio.paused);
    this.metronome.end();
  }

  // -- the sound's own events --

  prefer() {
    const { tempo, volume, loop } = preferences;
    this.audio.loop = loop && !this.player.choice.part;
    this.audio.preservesPitch = true;
    this.audio.defaultPlaybackRate = this.audio.playbackRate = tempo / 100;
    this.audio.volume = volume / 100;
  }

  changed(name) {
    const { parts, section } = this.player;
    const playing = !this.audio.paused && !this.audio.ended;
    section.classList.toggle("playing", playing || Boolean(this.counting));
    parts.play.setAttribute("aria-label", playing || this.counting ? "Pause" : "Play");
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

  // The cursor at a time; a part that is over begins again.
  follow(time) {
    const { choice } = this.player;
    if (choice.startTime !== null && !this.audio.paused && time >= choice.stopTime - 0.02) {
      this.audio.currentTime = time = choice.startTime;
    }
    this.player.mark(this.resting ? [] : this.player.soundingAt(time));
    this.clockHands(time);
  }

  clockHands(time = this.audio.currentTime) {
    const { now, all, seek } = this.player.parts;
    now.textContent = clock(time);
    all.textContent = clock(this.length);
    seek.value = this.length ? (1000 * time) / this.length : 0;
    fill(seek);
    seek.setAttribute("aria-valuetext", `${clock(time)} of ${clock(this.length)}`);
  }
}

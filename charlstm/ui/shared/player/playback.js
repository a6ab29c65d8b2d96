// The sound of a player on its page: its instruments, its buttons and clock, the cursor, the bar before it.

/* global Sound, fill, graph, instruments, keyboard, loadOctave, octaves, preferences */

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class Playback {
  constructor(player) {
    this.player = player;
    this.sound = new Sound(player.practice);
    player.section.sound = this.sound; // for tests and benchmarks
    this.waiting = false; // play was asked for before its instruments came
    this.resting = true; // at the beginning or the end: no cursor
    this.resume = null; // {time, playing}: to go on there when the same tune comes in another key
    this.voiced = null; // the tune that the sound has, and its instruments
    this.taste = ""; // what the visitor's preferences were when the sound was laid
    for (const name of ["play", "counted", "pause", "ended", "seeked", "round"]) {
      this.sound.addEventListener(name, () => this.changed(name));
    }
    this.sound.addEventListener("click", ({ detail }) => this.clicked(detail));
  }

  // Another tune; `again`: the one before in another key, which goes on where it is.
  begin(again) {
    const { player, sound } = this;
    const { beats, length, notes } = player.tune;
    const playing = !sound.paused || this.waiting || Boolean(this.resume?.playing);
    const share = sound.duration ? length / sound.duration : 1;
    this.resume = again && !this.resting ? { time: (this.resume?.time ?? sound.currentTime) * share, playing } : null;
    this.waiting = false;
    this.resting = !this.resume;
    this.voiced = null;
    const parts = ["melody", "chord", "bass"];
    sound.load({
      notes: notes.map(([onset, lasts, pitch, velocity, part]) => ({
        onset,
        stop: onset + lasts,
        pitch,
        velocity,
        part: parts[part],
      })),
      beats,
      duration: length,
    });
    this.needs = new Set(notes.map(([, , pitch, , part]) => [parts[part], Math.floor(pitch / 12)].join()));
  }

  leave() {
    this.sound.pause();
    cancelAnimationFrame(this.frame);
  }

  // The octaves of the tune's instruments: ["0/5", ...].
  get octaves() {
    const { programs } = this.player.tune;
    return [...this.needs].map((each) => {
      const [part, octave] = each.split(",");
      return `${programs[part] ?? programs.melody}/${octave}`;
    });
  }

  // Take the tune's instruments if they have come; the ones before sound until then.
  listen() {
    const { player, sound } = this;
    const { id, notes, programs } = player.tune;
    player.parts.play.disabled = player.parts.seek.disabled = notes.length === 0 || instruments.unavailable;
    const voiced = `${id} ${JSON.stringify(programs)}`;
    if (this.voiced === voiced || notes.length === 0) return this.clockHands();
    const needed = this.octaves;
    for (const key of needed) loadOctave(key, () => this.listen());
    if (!needed.every((key) => octaves.get(key)?.samples)) return this.clockHands();
    const { resume, waiting } = this;
    this.voiced = voiced;
    this.resume = null;
    sound.use(programs, needed);
    if (resume) this.seek(resume.time);
    if (waiting || resume?.playing) this.start({ counted: false });
    this.clockHands();
  }

  // -- what the user does --

  get playing() {
    return !this.sound.paused;
  }

  toggle() {
    if (this.waiting || this.playing) this.pause();
    else this.start();
  }

  pause() {
    this.waiting = false;
    this.sound.pause();
  }

  async start({ counted = true } = {}) {
    const { player, sound } = this;
    if (player.parts.play.disabled) return;
    keyboard.player = player;
    this.waiting = !sound.ready;
    this.resting = false;
    document.dispatchEvent(new CustomEvent("charlstm:play", { detail: player })); // one sounds at a time
    if (this.waiting) return;
    if (!counted && sound.counting) sound.pause();
    this.prefer();
    await sound.play(counted && preferences.metronome && sound.beats.length ? this.barBefore() : null);
  }

  stop() {
    this.pause();
    this.player.choice.clear();
    this.sound.round = 0;
    this.seek(0);
    this.resting = true;
    this.player.mark([]);
  }

  seek(time) {
    this.resting = false;
    if (this.sound.counting) this.sound.pause();
    this.sound.currentTime = time;
    this.follow(time);
  }

  // A bar of clicks, and what is missing of the bar before the place where the sound begins.
  barBefore() {
    const { sound } = this;
    const time = sound.ended ? 0 : sound.currentTime;
    const [beat, place, count, seconds] = sound.beats.findLast(([at]) => at <= time + 0.01) ?? sound.beats[0];
    const passed = (((place + (time - beat) / seconds) % count) + count) % count; // beats since the bar began
    return { count, before: passed > count - 0.02 ? 0 : passed, lasts: seconds / sound.playbackRate };
  }

  // The number of the beat on the button, while it is counted in.
  count() {
    const { counting } = this.sound;
    this.player.parts.count.textContent = counting
      ? (Math.max(0, Math.floor((graph().context.currentTime - counting.began) / counting.lasts)) % counting.count) + 1
      : "";
  }

  // -- the visitor's preferences --

  prefer() {
    const { chords, chordVolume, loop, metronome, tempo, volume } = preferences;
    const { choice } = this.player;
    const { sound } = this;
    if (!sound.paused) graph().set(volume / 100, chords ? chordVolume / 100 : 0);
    const { step, every, target, silent } = preferences;
    const part = choice.part && [choice.part.first, choice.part.last];
    const taste = JSON.stringify([loop, metronome, tempo, part, step, every, target, silent]);
    if (taste === this.taste) return;
    this.taste = taste;
    sound.clicks = metronome;
    sound.again();
    this.clockHands();
  }

  // -- the sound's own events --

  changed(name) {
    const { parts, section } = this.player;
    const { counting } = this.sound;
    const { playing } = this;
    if (name === "play") this.prefer();
    section.classList.toggle("playing", playing);
    section.classList.toggle("counting", Boolean(counting));
    parts.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (name === "ended") this.resting = true;
    this.count();
    this.follow(this.sound.currentTime);
    if (name !== "seeked") this.player.showPreferences();
    cancelAnimationFrame(this.frame);
    if (playing) this.frame = requestAnimationFrame(() => this.tick());
  }

  tick() {
    this.count();
    this.follow(this.sound.currentTime);
    if (this.playing) this.frame = requestAnimationFrame(() => this.tick());
  }

  // What the metronome has struck: how often, and of the last one which beat, and when it is heard by the page's clock.
  clicked({ beat, at, accent }) {
    const { dataset } = this.player.section;
    dataset.clicks = Number(dataset.clicks ?? 0) + 1;
    dataset.accents = Number(dataset.accents ?? 0) + (accent ? 1 : 0);
    const { sound } = this;
    if (!Number.isNaN(beat)) dataset.click = `${beat.toFixed(3)} ${(performance.now() / 1000 + at - sound.heard).toFixed(3)}`;
  }

  // The cursor at a time.
  follow(time) {
    this.player.mark(this.resting || this.sound.counting ? [] : this.player.soundingAt(time));
    this.clockHands(time);
  }

  clockHands(time = this.sound.currentTime) {
    const { now, all, seek } = this.player.parts;
    const { duration, playbackRate } = this.sound;
    const [passed, lasts] = [time / playbackRate, duration / playbackRate]; // as one hears it
    now.textContent = clock(passed);
    all.textContent = clock(lasts);
    seek.value = duration ? (1000 * time) / duration : 0;
    fill(seek);
    seek.setAttribute("aria-valuetext", `${clock(passed)} of ${clock(lasts)}`);
  }
}

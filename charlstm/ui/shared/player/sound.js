// A tune as sound: its notes laid on the audio clock a little ahead of it. Named like an <audio> element, knows no page.
//
// The tune's time runs in stretches: each is a part of the tune, from when on it is heard, and how fast. A jump back, and
// another speed from round to round, is a new stretch, laid before the one before it is over, so that nothing waits.
// A plan says where a stretch ends and what comes after it: {until(time), restart(), pace(round)}, see practice.js.

/* global Graph, click, graph, levelOf, prolong, restLater, runningGraph, silence, strike */

const AHEAD = 0.35; // seconds that are laid
const AHEAD_HIDDEN = 2.5; // in a page that is not seen, which is woken once a second
const LOOK = 60; // milliseconds between two looks
const BEGIN = 0.04; // seconds from asking for the sound to its first note
const SAME = 0.003; // seconds: what is heard so soon is not taken back
const TOO_LATE = 0.25; // seconds: a page that was asleep does not catch up with what it missed

const timeIn = (stretch, moment) => stretch.from + (moment - stretch.at) * stretch.rate;
const momentIn = (stretch, time) => stretch.at + (time - stretch.from) / stretch.rate;

class Sound extends EventTarget {
  constructor(plan) {
    super();
    this.plan = plan;
    this.notes = []; // {onset, stop, pitch, velocity, part}, by onset
    this.beats = []; // [time, place in the bar, beats of the bar, seconds of a beat], by time
    this.programs = {}; // part -> General MIDI program
    this.duration = 0; // seconds at the usual speed
    this.level = 1;
    this.clicks = false; // whether the metronome strikes
    this.ready = false; // whether its instruments are here
    this.paused = true;
    this.ended = false;
    this.counting = null; // the bar before the sound: {began, lasts, count}
    this.round = 0; // how often it has jumped back
    this.position = 0; // of the tune, while nothing sounds
    this.stretches = []; // {at, from, until, rate, muted, round}; `at` on the audio clock
    this.voices = []; // {source, gain, start, end, fade, note, stretch}
    this.next = 0; // the first note that is not laid yet
    this.nextBeat = 0;
    this.attempt = 0; // a play() that is overtaken by a pause() does nothing
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // Another tune; nothing sounds.
  load({ notes, beats, duration }) {
    this.pause();
    Object.assign(this, { notes, beats, duration, ready: false, ended: false, position: 0, round: 0 });
  }

  // The instruments of the tune are here: {part: program}, and the octaves that it needs.
  use(programs, octaves) {
    Object.assign(this, { programs, level: levelOf(octaves), ready: true });
    this.again();
  }

  // -- where it is --

  // What is heard now was due then: the clock, less what the sound card takes.
  get heard() {
    const { context } = graph();
    return context.currentTime - (context.outputLatency || context.baseLatency || 0);
  }

  stretchAt(moment) {
    return this.stretches.findLast(({ at }) => at <= moment);
  }

  get currentTime() {
    if (this.paused) return this.position;
    const stretch = this.stretchAt(this.heard);
    return stretch ? Math.min(stretch.until, timeIn(stretch, this.heard)) : this.stretches[0].from;
  }

  set currentTime(time) {
    this.position = Math.max(0, Math.min(time, this.duration));
    this.ended = false;
    if (!this.paused) {
      this.hush();
      this.begin(graph().context.currentTime + BEGIN / 2);
    }
    this.tell("seeked");
  }

  get playbackRate() {
    return (this.stretches.at(-1) ?? this.plan.pace(this.round)).rate;
  }

  // -- what it does --

  // With a bar before it: {count, before, lasts}: clicks until the first note, at so many seconds; after `count` of them
  // a bar begins. False if the browser does not allow it.
  async play(bar = null) {
    this.attempt += 1;
    const { attempt } = this;
    const running = await runningGraph();
    if (!running || attempt !== this.attempt) return false;
    if (!this.paused) return true;
    if (this.ended) this.position = 0;
    this.paused = this.ended = false;
    const began = running.context.currentTime + BEGIN;
    this.counting = bar && { ...bar, began };
    this.begin(began + (bar ? (bar.count + bar.before) * bar.lasts : 0));
    for (let k = 0; bar && k < bar.count + bar.before - 0.01; k += 1) {
      const voice = click(running, began + k * bar.lasts, k % bar.count === 0);
      this.voices.push({ ...voice, counted: true });
      this.tell("click", { beat: Number.NaN, at: voice.start, accent: k % bar.count === 0 });
    }
    this.timer = setInterval(() => this.lay(), LOOK);
    this.tell("play");
    return true;
  }

  pause() {
    this.attempt += 1;
    if (this.paused) return;
    this.position = this.currentTime;
    this.halt("pause");
  }

  halt(name) {
    this.paused = true;
    this.counting = null;
    clearInterval(this.timer);
    this.hush();
    this.stretches = [];
    restLater();
    this.tell(name);
  }

  // What sounds and what is laid is cut off.
  hush() {
    const now = graph().context.currentTime;
    for (const voice of this.voices) silence(voice, now);
    this.voices = [];
  }

  // The first stretch: from the tune's position on, at a moment of the audio clock.
  begin(at) {
    const { plan, position, round } = this;
    this.stretches = [{ at, from: position, until: plan.until(position), round, ...plan.pace(round) }];
    this.find(position);
    this.lay();
  }

  // Lay again what is not heard yet: another speed, another part, another instrument.
  again() {
    if (this.paused) return;
    const now = graph().context.currentTime;
    const current = this.stretchAt(now) ?? this.stretches[0];
    const at = Math.max(now, current.at);
    const time = timeIn(current, at);
    const { round } = current;
    const stretch = { at, from: time, until: this.plan.until(time), round, ...this.plan.pace(round) };
    this.stretches = [...this.stretches.filter((each) => each.at < at), stretch];
    for (const voice of this.voices) {
      if (voice.counted) continue;
      if (voice.start > now + SAME) silence(voice, now);
      else if (voice.note && voice.stretch.round === round) prolong(voice, now, momentIn(stretch, voice.note.stop));
    }
    this.voices = this.voices.filter(({ start, counted }) => counted || start <= now + SAME);
    this.find(at > now ? time : time + SAME * stretch.rate);
    this.lay();
  }

  // What is laid next: from this time of the tune on.
  find(time) {
    const from = (list, onset) => {
      const index = list.findIndex((each) => onset(each) > time - 1e-3);
      return index < 0 ? list.length : index;
    };
    this.next = from(this.notes, (note) => note.onset);
    this.nextBeat = from(this.beats, ([beat]) => beat);
  }

  lay() {
    if (this.paused) return;
    const running = graph();
    const now = running.context.currentTime;
    const horizon = now + (document.hidden ? AHEAD_HIDDEN : AHEAD);
    let stretch = this.stretches.at(-1);
    for (;;) {
      this.layNotes(running, stretch, horizon);
      this.layBeats(running, stretch, horizon);
      const end = momentIn(stretch, stretch.until);
      const from = end <= horizon ? this.plan.restart() : null;
      if (from === null || stretch.until - from < 0.05) break;
      const round = stretch.round + 1;
      stretch = { at: end, from, until: this.plan.until(from), round, ...this.plan.pace(round) };
      this.stretches.push(stretch);
      this.find(from);
    }
    this.voices = this.voices.filter(({ end, fade }) => end + 8 * fade > now);
    this.look();
  }

  layNotes(running, stretch, horizon) {
    const { notes, programs } = this;
    const { until, rate } = stretch;
    for (; this.next < notes.length && notes[this.next].onset < until - 1e-3; this.next += 1) {
      const note = notes[this.next];
      const at = momentIn(stretch, note.onset);
      if (at > horizon) return;
      if (stretch.muted || at < running.context.currentTime - TOO_LATE) continue;
      const length = (Math.min(note.stop, until) - note.onset) / rate;
      const voice = strike(running, { ...note, program: programs[note.part] ?? programs.melody }, at, length, this.level);
      if (voice) this.voices.push({ ...voice, note, stretch });
    }
  }

  layBeats(running, stretch, horizon) {
    const { beats } = this;
    for (; this.nextBeat < beats.length && beats[this.nextBeat][0] < stretch.until - 0.02; this.nextBeat += 1) {
      const [beat, place] = beats[this.nextBeat];
      const at = momentIn(stretch, beat);
      if (at > horizon) return;
      if (!this.clicks || at < running.context.currentTime - TOO_LATE) continue;
      const voice = click(running, at, place === 0);
      this.voices.push(voice);
      this.tell("click", { beat, at: voice.start, accent: place === 0 });
    }
  }

  // What has come to be heard: the sound itself, another round, the end.
  look() {
    const { heard } = this;
    const stretch = this.stretchAt(heard);
    if (!stretch) return;
    if (this.counting) {
      this.counting = null;
      this.tell("counted");
    }
    this.stretches = this.stretches.slice(this.stretches.indexOf(stretch));
    if (stretch.round !== this.round) {
      this.round = stretch.round;
      this.tell("round");
    }
    if (this.stretches.length > 1 || heard < momentIn(stretch, stretch.until)) return;
    this.position = stretch.until;
    this.ended = true;
    this.halt("ended");
  }

  // The tune's first seconds as samples, heard from the beginning at the usual speed: for tests.
  async rendered(seconds, sampleRate = 22050) {
    const own = new Graph(new OfflineAudioContext(1, seconds * sampleRate, sampleRate));
    for (const note of this.notes.filter(({ onset }) => onset < seconds)) {
      const program = this.programs[note.part] ?? this.programs.melody;
      strike(own, { ...note, program }, note.onset, note.stop - note.onset, this.level);
    }
    return (await own.context.startRendering()).getChannelData(0);
  }
}

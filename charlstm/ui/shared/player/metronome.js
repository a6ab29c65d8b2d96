// The metronome of a player: clicks on the beats, by Web Audio.

/* global preferences */

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
    const time = this.player.playback.audio.currentTime;
    const unheard = this.planned.filter(({ at }) => at > context.currentTime + SOON);
    for (const { oscillator } of unheard) oscillator.disconnect();
    this.planned = [];
    this.from = Math.min(...unheard.map(({ beat }) => beat), Infinity);
    if (!(this.from > time - LATE && this.from < time + 1)) this.from = time - LATE;
    if (this.awaited && Math.abs(this.awaited.time - time) < 0.05) this.from = time + SOON;
    this.seen = time;
  }

  plan() {
    const { beats, choice, playback } = this.player;
    const { audio } = playback;
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
    const until = Math.min(time + ahead * audio.playbackRate, choice.stopTime);
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

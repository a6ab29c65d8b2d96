// Instruments as recorded pitches: octaves that the server names, fetched and decoded once, and how a note is struck.

const RATE = 22050; // samples per second of the recordings
const ENCODER_DELAY = 1105 / RATE; // seconds that some decoders leave in front of an MP3
const LOOP_FADE = 0.05; // seconds in which the end of a loop turns into what comes before its beginning
const CUT = 0.012; // seconds to 1/e of a note that is cut off
const MOST_OCTAVES = 24; // that stay decoded
const TRIES = 4; // to fetch an octave
const REFERENCE_VELOCITY = 88 / 127; // of the recordings
const NOTE_PEAK = 0.42; // of full scale: a single note
const octaves = new Map(); // "program/octave" -> {program, octave, url, length, gain, pitches, samples, loading}
const instruments = {
  programs: {}, // name -> General MIDI program
  current: 0, // the program that the visitor has chosen
  unavailable: false, // whether there is no sound at all
};

// Take what the server says of octaves: where they are, and where in each the pitches lie.
function knowOctaves({ octaves: list, ...known }) {
  Object.assign(instruments, known);
  for (const each of list) {
    const key = `${each.program}/${each.octave}`;
    if (octaves.get(key)?.url !== each.url) octaves.set(key, { ...each, samples: null, loading: null });
    loadOctave(key, () => undefined);
  }
}

// Fetch an octave, "program/octave", if it is not here; `done` is called when it is, or when it cannot be had.
function loadOctave(key, done) {
  const entry = octaves.get(key);
  if (!entry || entry.samples) return;
  entry.loading ??= fetched(entry).finally(() => (entry.loading = null));
  entry.loading.then(done, done);
}

async function fetched(entry) {
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await fetch(entry.url, { cache: "force-cache" }); // its name is a hash of what it holds
      if (!response.ok) throw new Error(`${response.status}`);
      entry.samples = cut(await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await response.arrayBuffer()), entry);
      break;
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((wait) => setTimeout(wait, 400 * 2 ** tries));
    }
  }
  const ready = [...octaves.values()].filter((each) => each.samples && each !== entry);
  for (const old of ready.slice(0, -MOST_OCTAVES)) old.samples = null; // it is in the browser's cache
}

// The pitches of a decoded octave: [{pitch, buffer, loop, fade}].
function cut(decoded, { length, pitches }) {
  const late = decoded.duration > length + 0.02 ? ENCODER_DELAY : 0;
  return pitches.map(([pitch, start, duration, fade, loop]) => {
    const samples = decoded
      .getChannelData(0)
      .slice(Math.round((start + late) * RATE), Math.round((start + late + duration) * RATE));
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE });
    if (loop) joinLoop(samples, Math.round(loop[0] * RATE), samples.length);
    else for (let i = 1; i <= 100; i += 1) samples[samples.length - i] *= i / 100;
    buffer.copyToChannel(samples, 0);
    return { pitch, buffer, fade, loop: loop && [loop[0], samples.length / RATE] };
  });
}

// Let the end of a loop turn into what comes before its beginning, so that nothing jumps.
function joinLoop(samples, first, end) {
  const size = Math.min(Math.round(LOOP_FADE * RATE), first);
  for (let i = 0; i < size; i += 1) {
    const share = (i + 1) / size;
    samples[end - size + i] = samples[end - size + i] * (1 - share) + samples[first - size + i] * share;
  }
}

// The recording nearest to a pitch, of its octave or else of any that is here; null while there is none.
function recording(program, pitch) {
  const own = octaves.get(`${program}/${Math.floor(pitch / 12)}`);
  const entries = own?.samples ? [own] : [...octaves.values()].filter((each) => each.program === program && each.samples);
  let best = null;
  for (const { samples, gain } of entries) {
    for (const sample of samples) {
      if (!best || Math.abs(sample.pitch - pitch) < Math.abs(best.pitch - pitch)) best = { ...sample, gain };
    }
  }
  return best;
}

// What makes a single note of these octaves as loud as NOTE_PEAK.
function levelOf(keys) {
  const gains = keys.map((key) => octaves.get(key)?.gain ?? 0);
  return NOTE_PEAK / (0.9 * Math.max(...gains, 1e-3));
}

// Strike a note at a moment of the context's clock, for so many seconds; null where there is no recording of it.
function strike({ context, parts }, { program, pitch, velocity, part }, at, duration, level) {
  const sample = recording(program, pitch);
  if (!sample) return null;
  const start = Math.max(at, context.currentTime);
  const { buffer, fade, loop } = sample;
  const looping = loop ? { loop: true, loopStart: loop[0], loopEnd: loop[1] } : {};
  const source = new AudioBufferSourceNode(context, { buffer, playbackRate: 2 ** ((pitch - sample.pitch) / 12), ...looping });
  const gain = new GainNode(context, { gain: 0 });
  const loudness = sample.gain * level * (velocity / REFERENCE_VELOCITY) ** 2;
  gain.gain.setValueAtTime(loudness, start);
  source.connect(gain).connect(parts[part]);
  source.start(start);
  const voice = { source, gain, fade, loudness, start, end: 0 };
  release(voice, start + duration);
  return voice;
}

// A voice that has its end, or gets another one.
function release(voice, end, fade = voice.fade) {
  voice.end = end;
  const { gain } = voice.gain;
  gain.cancelScheduledValues(end);
  gain.setTargetAtTime(0, end, fade);
  voice.source.stop(end + 8 * fade);
}

// Another end for a voice that sounds: the one it had is taken back.
function prolong(voice, now, end) {
  if (voice.end <= now) return;
  const { gain } = voice.gain;
  gain.cancelScheduledValues(Math.max(now, voice.start));
  gain.setValueAtTime(voice.loudness, Math.max(now, voice.start));
  release(voice, Math.max(now, end));
}

// Cut a voice off, or take it back if it has not begun.
function silence(voice, now) {
  if (voice.start > now) voice.source.disconnect();
  else {
    const { gain } = voice.gain;
    gain.cancelAndHoldAtTime?.(now) ?? gain.cancelScheduledValues(now);
    gain.setTargetAtTime(0, now, CUT);
    voice.source.stop(now + 8 * CUT);
  }
}

// A note at once: `document.dispatchEvent(new CustomEvent("charlstm:note", {detail: {pitch, duration, velocity, instrument}}))`.
document.addEventListener("charlstm:note", async ({ detail }) => {
  const { pitch, duration = 0.5, velocity = REFERENCE_VELOCITY, instrument, delay = 0 } = detail ?? {};
  const program = instruments.programs[instrument] ?? instruments.current;
  if (!(pitch >= 0 && pitch < 128)) return;
  const running = await runningGraph();
  if (!running || !recording(program, pitch)) return;
  const own = [...octaves].filter(([, each]) => each.program === program && each.samples).map(([key]) => key);
  const at = running.context.currentTime + Math.max(0, delay);
  strike(running, { program, pitch, velocity, part: "melody" }, at, Math.min(20, Math.max(0.02, duration)), levelOf(own));
  restLater();
});

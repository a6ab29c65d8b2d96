// What all players of a page sound through: one AudioContext, a volume a part, a little reverberation, a soft limit.

const SOUND_PARTS = ["melody", "chord", "bass", "click"];
const REVERBERATION = { seconds: 1.3, decay: 1.25, energy: 0.045 }; // `decay` to a thousandth; as the WAV files have it
const LINEAR = 0.7; // of full scale: what is louder is rounded off, so that chords never crackle
const IDLE = 30000; // milliseconds after which a page that plays nothing lets the sound card go

class Graph {
  constructor(context) {
    this.context = context;
    this.volume = new GainNode(context);
    this.parts = Object.fromEntries(SOUND_PARTS.map((part) => [part, new GainNode(context)]));
    for (const part of Object.values(this.parts)) part.connect(this.volume);
    const half = new GainNode(context, { gain: 0.5 }); // the limiter's curve is over twice full scale
    const limiter = new WaveShaperNode(context, { curve: softLimit() });
    const room = new ConvolverNode(context, { disableNormalization: true, buffer: reverberation(context) });
    this.volume.connect(half).connect(limiter).connect(context.destination);
    this.volume.connect(room).connect(half);
  }

  // Volumes in [0, 1].
  set(volume, accompaniment) {
    const now = this.context.currentTime;
    this.volume.gain.setTargetAtTime(volume, now, 0.01);
    for (const part of ["chord", "bass"]) this.parts[part].gain.setTargetAtTime(accompaniment, now, 0.01);
  }
}

function softLimit() {
  const size = 4097;
  return Float32Array.from({ length: size }, (_, i) => {
    const x = (4 * i) / (size - 1) - 2;
    const over = Math.abs(x) - LINEAR;
    return over < 0 ? x : Math.sign(x) * (LINEAR + (1 - LINEAR) * Math.tanh(over / (1 - LINEAR)));
  });
}

// Noise that dies away, the same each time.
function reverberation(context) {
  const { seconds, decay, energy } = REVERBERATION;
  const length = Math.round(seconds * context.sampleRate);
  const buffer = new AudioBuffer({ length, sampleRate: context.sampleRate });
  const samples = buffer.getChannelData(0);
  let seed = 1;
  let smooth = 0;
  for (let i = 0; i < length; i += 1) {
    seed = (seed * 48271) % 2147483647;
    smooth += 0.5 * ((2 * seed) / 2147483647 - 1 - smooth);
    samples[i] = smooth * 10 ** ((-3 * i) / (decay * context.sampleRate));
  }
  const scale = Math.sqrt(energy / samples.reduce((sum, x) => sum + x * x, 0));
  for (let i = 0; i < length; i += 1) samples[i] *= scale;
  return buffer;
}

const output = { graph: null, idle: 0 }; // the page's own; made when something is to sound

function graph() {
  output.graph ??= new Graph(new AudioContext({ latencyHint: "interactive" }));
  return output.graph;
}

// The graph once its clock runs; null where the browser does not allow it: before the visitor has touched the page.
async function runningGraph() {
  const made = graph();
  clearTimeout(output.idle);
  if (made.context.state !== "running") {
    await Promise.race([made.context.resume(), new Promise((done) => setTimeout(done, 1000))]).catch(() => undefined);
  }
  return made.context.state === "running" ? made : null;
}

function restLater() {
  clearTimeout(output.idle);
  output.idle = setTimeout(() => output.graph?.context.suspend(), IDLE);
}

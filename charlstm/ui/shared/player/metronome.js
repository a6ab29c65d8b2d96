// A stroke of the metronome, by Web Audio.

function click({ context, parts }, at, accent) {
  const source = new OscillatorNode(context, { frequency: accent ? 1760 : 1175, type: "triangle" });
  const gain = new GainNode(context, { gain: 0 });
  const start = Math.max(at, context.currentTime);
  gain.gain.setValueAtTime(accent ? 0.8 : 0.45, start);
  gain.gain.exponentialRampToValueAtTime(1e-4, start + 0.06);
  source.connect(gain).connect(parts.click);
  source.start(start);
  source.stop(start + 0.08);
  return { source, gain, start, end: start + 0.06, fade: 0.01 };
}

// What a visitor likes, the same for all players of a page and over tunes; and which player the keys are for.

/* global views */

const preferences = {
  ...{ tempo: 100, volume: 80, loop: false, metronome: false },
  ...{ chords: true, chordVolume: 80 }, // of the accompaniment
  ...{ step: 0, every: 2, target: 120, silent: false }, // percent faster every so many rounds, up to; every second round
  ...{ large: true, stage: false }, // of the music stand
};
const players = views; // shadow root -> Player
const keyboard = { player: null }; // the player that was used last

function prefer(name, value) {
  preferences[name] = value;
  for (const player of players.values()) player.showPreferences();
}

// Colour a slider's track up to its thumb.
function fill(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--filled", `calc(${share} * (100% - 1rem) + 0.5rem)`);
}

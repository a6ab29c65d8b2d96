// How a tune is practised: what repeats, how fast each round is, which rounds are silent.

/* global preferences */

class Practice {
  constructor(player) {
    this.player = player;
  }

  // Where the sound that is at this time ends, or jumps back.
  until(time) {
    const { choice, playback } = this.player;
    const { startTime, stopTime } = choice;
    return startTime !== null && time < stopTime - 0.02 ? stopTime : playback.sound.duration;
  }

  // Where it goes on after its end; null: nowhere.
  restart() {
    const { startTime } = this.player.choice;
    return startTime ?? (preferences.loop ? 0 : null);
  }

  // How fast a round is, and whether it is silent.
  pace(round) {
    const { tempo, step, every, target, silent } = preferences;
    const steps = step > 0 ? Math.floor(round / every) * step : 0;
    const percent = steps ? Math.max(tempo, Math.min(target, tempo + steps)) : tempo;
    return { rate: percent / 100, muted: silent && round % 2 === 1 };
  }
}

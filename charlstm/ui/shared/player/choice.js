// The part of a tune that is chosen in a player: it repeats, and Python is told where characters can be chosen.
//
// A place is {at, index}: of a character and of an event; `at` is null where a note was meant.

class Choice {
  constructor(player) {
    this.player = player;
    this.part = null; // {start, end, first, last}: characters, and the events that repeat
    this.anchor = { at: 0, index: 0 }; // the place clicked last: a click with Shift chooses from there
    this.sent = "null"; // what Python knows to be chosen
    this.picking = null; // "A" or "B": the end of a part that the next click gives
    this.pressed = null; // where a drag may have begun
    this.dragging = false;
  }

  // Another tune: nothing is chosen, or the same events as before.
  begin(keep) {
    const { events } = this.player;
    this.part = keep && events[this.part?.last] ? this.spanned(this.part.first, this.part.last) : null;
    this.anchor = { at: 0, index: 0 };
    this.pick(null, this.part);
  }

  leave() {
    clearTimeout(this.sending);
  }

  // A click that chooses; false: it chose nothing, and plays from its place.
  clicked(place, shift) {
    if (shift || this.picking === "B") {
      document.getSelection()?.removeAllRanges();
      this.choose(this.anchor, place);
      this.send();
      return true;
    }
    this.anchor = place;
    if (this.picking === "A") {
      this.choose(place, place);
      this.pick("B");
      return true;
    }
    const { part } = this;
    const inside =
      part &&
      (place.at === null ? part.first <= place.index && place.index <= part.last : part.start <= place.at && place.at < part.end);
    if (part && !inside && place.index >= 0) {
      this.choose(null);
      this.send();
    }
    return false;
  }

  dragged(event) {
    const { player, pressed } = this;
    if (!event.buttons || event.pointerType === "touch" || !pressed) return;
    if (!player.tune.selectable && player.parts.abc.contains(pressed)) return; // there one marks text to copy it
    const [from, to] = [player.placeOf(pressed), player.placeOf(event.target)];
    if (!from || !to || (event.target === pressed && !this.dragging)) return;
    this.dragging = true;
    this.choose(from, to);
  }

  // The part from one place to another: characters where characters may be chosen, else notes.
  choose(one, other = null) {
    const { player } = this;
    let part = null;
    if (one && player.tune.selectable && one.at !== null && other.at !== null) {
      const [start, end] = [Math.min(one.at, other.at), Math.max(one.at, other.at) + 1];
      part = { start, end, ...this.heardIn(start, end) };
    } else if (one && one.index >= 0 && other.index >= 0) {
      part = this.spanned(Math.min(one.index, other.index), Math.max(one.index, other.index));
    }
    this.part = part;
    this.pick(null, part);
    player.markChosen();
    if (!(part?.first >= 0)) return;
    const { currentTime: now, paused } = player.playback.sound;
    const { onset } = player.events[part.first];
    if (paused || now < onset || now >= this.stopTime) player.playback.seek(onset);
  }

  // Repeat the events from one to another, up to this time.
  repeat(first, last, until) {
    const { playback } = this.player;
    this.part = { ...this.spanned(first, last), until };
    this.pick(null, this.part);
    this.player.markChosen();
    this.send();
    const now = playback.sound.currentTime;
    if (now < this.startTime || now >= this.stopTime) playback.seek(this.startTime);
  }

  spanned(first, last) {
    const events = this.player.events.slice(first, last + 1);
    return { first, last, start: Math.min(...events.map((e) => e.start)), end: Math.max(...events.map((e) => e.end)) };
  }

  // The events of some characters, the first time they are heard from beginning to end.
  heardIn(start, end) {
    const { events } = this.player;
    const inside = (event) => event.start >= start && event.start < end;
    const first = events.findIndex(inside);
    let last = first;
    for (let i = first + 1; first >= 0 && i < events.length; i += 1) {
      if (!inside(events[i])) continue;
      if (events[i].start < events[last].start) break;
      last = i;
    }
    return { first, last };
  }

  // Where the part begins; null: it has no sound.
  get startTime() {
    return this.part?.first >= 0 ? this.player.events[this.part.first].onset : null;
  }

  // Where the sound ends or jumps back.
  get stopTime() {
    if (!(this.part?.last >= 0)) return Infinity;
    return Math.min(this.part.until ?? this.player.events[this.part.last].stop, this.player.playback.sound.duration);
  }

  // The events that are marked as chosen.
  get events() {
    if (!this.part) return [];
    const { first, last, start, end } = this.part;
    const { events, tune } = this.player;
    return tune.selectable ? events.filter((e) => e.start >= start && e.start < end) : events.slice(first, last + 1);
  }

  // Ask for the first note of a part, then for the last; null: for none.
  pick(end, keep = null) {
    if (end === null && keep === null && this.part) {
      this.part = null;
      this.player.markChosen();
      this.send();
    }
    this.picking = end;
    const { part, "part-letters": letters } = this.player.parts;
    letters.textContent = end ? `${end} ?` : "A–B";
    part.classList.toggle("asking", end !== null);
    const ask = `${end}: click the ${end === "A" ? "first" : "last"} note of the part`;
    part.setAttribute("aria-label", end ? ask : "A–B: repeat a part");
    this.player.showPreferences();
  }

  clear() {
    if (this.picking || this.part) this.pick(null);
  }

  // Tell Python what is chosen; after a moment, so that keys held down are one choice.
  send() {
    const { player } = this;
    if (!player.tune.selectable) return;
    clearTimeout(this.sending);
    this.sending = setTimeout(() => {
      const { part } = this;
      const sent = part && { id: player.tune.id, start: part.start, end: part.end };
      if (JSON.stringify(sent) === this.sent) return;
      this.sent = JSON.stringify(sent);
      player.send("selection", sent);
      player.practice.send(); // the bars that repeat: now, lest they cut short what is clicked next
    }, 150);
  }

  // By the keyboard: the part grows or shrinks by a note, from a part that is there or from this event.
  extend(by, index) {
    const from = this.part?.first >= 0 ? this.part : { first: index, last: index };
    const last = Math.min(this.player.events.length - 1, Math.max(0, from.last + by));
    this.choose({ at: null, index: from.first }, { at: null, index: last });
    this.send();
  }
}

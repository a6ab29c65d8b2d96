// The values of a player's tune as a curve over its characters, with the cursor on it.

/* global drawn */

class Curve {
  constructor(player) {
    this.player = player;
    this.element = player.parts.trace;
    this.hand = null; // the cursor
  }

  // A faint line stands where a line of the text ends.
  draw() {
    const { values, scale, trace } = this.player.tune;
    const { characters } = this.player.text;
    this.element.hidden = !(trace && values && characters.length);
    this.hand = null;
    if (this.element.hidden) return this.element.replaceChildren();
    const count = characters.length;
    const height = scale === "unit" ? 1 : 2;
    const picture = drawn("svg", { viewBox: `0 0 ${count} ${height}`, preserveAspectRatio: "none" });
    const area = (name, keep) => {
      const steps = values.map((value, at) => `L${at} ${1 - keep(value)}H${at + 1}`);
      picture.append(drawn("path", { class: name, d: `M0 1${steps.join("")}L${count} 1Z` }));
    };
    area("above", (value) => Math.min(1, Math.max(0, value)));
    if (scale !== "unit") area("below", (value) => Math.max(-1, Math.min(0, value)));
    const breaks = characters.flatMap((span, at) => (span.textContent === "\n" ? [`M${at + 1} 0V${height}`] : []));
    picture.append(drawn("path", { class: "breaks", d: breaks.join("") || "M0 0" }));
    picture.append(drawn("path", { class: "zero", d: `M0 1H${count}` }));
    this.hand = drawn("rect", { class: "hand", x: -9, y: 0, width: 1, height });
    picture.append(this.hand);
    this.element.replaceChildren(picture);
    this.mark();
  }

  // The cursor, on the characters that sound.
  mark() {
    if (!this.hand) return;
    const [event] = this.player.sounding;
    const least = this.player.text.characters.length / 250;
    this.hand.setAttribute("x", event ? event.start : -9 * least);
    this.hand.setAttribute("width", event ? Math.max(event.end - event.start, least) : 0);
  }

  // The character under the pointer.
  characterAt(event) {
    const { characters } = this.player.text;
    const { left, width } = this.element.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * characters.length);
    return characters[Math.min(characters.length - 1, Math.max(0, at))];
  }
}

// The music stand: the score alone over the whole screen, larger, and its pages turned by keys, pedals and the music.

/* global prefer, preferences */

const TURNS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

class Stand {
  constructor(player) {
    this.player = player;
    this.open = false;
    this.lock = null; // that keeps the screen lit
  }

  wire(on) {
    const { parts, section } = this.player;
    on(parts.stand, "click", () => (this.open ? this.leave() : this.enter()));
    on(parts.larger, "click", () => prefer("large", !preferences.large));
    on(parts.stage, "click", () => prefer("stage", !preferences.stage));
    on(parts["page-back"], "click", () => this.turn(-1));
    on(parts["page-on"], "click", () => this.turn(1));
    on(document, "fullscreenchange", () => {
      if (this.open && this.full && section.getRootNode().fullscreenElement !== section) this.leave();
    });
  }

  async enter() {
    const { section } = this.player;
    this.open = true;
    this.show();
    await section.requestFullscreen?.().catch(() => undefined); // where it is refused, the stand fills the window
    this.full = section.getRootNode().fullscreenElement === section;
    this.lock = await navigator.wakeLock?.request("screen").catch(() => null);
    this.player.parts.sheet.focus();
  }

  leave() {
    if (!this.open) return;
    this.open = this.full = false;
    this.lock?.release();
    if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    this.show();
    this.player.parts.stand.focus();
  }

  show() {
    const { parts, section, sheet } = this.player;
    section.classList.toggle("on-stand", this.open);
    section.classList.toggle("on-stage", this.open && preferences.stage);
    parts.stand.setAttribute("aria-pressed", this.open);
    parts.stand.setAttribute("aria-label", this.open ? "Leave the music stand" : "Music stand");
    parts.larger.setAttribute("aria-pressed", preferences.large);
    parts.stage.setAttribute("aria-pressed", preferences.stage);
    if (this.player.tune.id) sheet.draw();
  }

  // How wide a drawing may be: a narrow one is larger on the same screen.
  get width() {
    const { clientWidth } = this.player.section;
    return this.open && preferences.large ? 0 : clientWidth;
  }

  key(event) {
    if (event.key === "Escape") this.leave();
    else if (event.key === "Home") this.player.parts.sheet.scrollTo({ top: 0 });
    else if (TURNS[event.key]) this.turn(TURNS[event.key]);
    else return false;
    return true;
  }

  // The tops of the staves, in the sheet's own pixels.
  get staves() {
    const { sheet } = this.player;
    const { top } = sheet.element.getBoundingClientRect();
    const edges = [...sheet.cells.values()].map(({ cell }) => cell.getBoundingClientRect());
    const tops = new Map(edges.map((box) => [Math.round(box.top - top + sheet.element.scrollTop), box.height]));
    return [...tops].sort((a, b) => a[0] - b[0]);
  }

  // The next page begins with the first staff that is not wholly seen; the one before ends with the staff above.
  turn(by) {
    const { element } = this.player.sheet;
    const { clientHeight, scrollTop } = element;
    const margin = 12;
    const { staves } = this;
    const next = staves.find(([top, height]) => top + height > scrollTop + clientHeight);
    const before = staves.find(([top]) => top >= scrollTop - clientHeight + margin);
    const to = by > 0 ? next?.[0] : before?.[0];
    if (by < 0 && (to === undefined || to === staves[0][0]))
      element.scrollTo({ top: 0 }); // what stands above it, too
    else if (to !== undefined) element.scrollTo({ top: to - margin });
  }

  // The music has come to a cell: its page is shown.
  follow(cell) {
    const { element } = this.player.sheet;
    const sheet = element.getBoundingClientRect();
    const box = cell.getBoundingClientRect();
    if (box.top >= sheet.top - 1 && box.bottom <= sheet.bottom + 1) return;
    element.scrollTo({ top: box.top - sheet.top + element.scrollTop - 12 });
  }
}

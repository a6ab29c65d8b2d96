// Several tunes as small scores: each plays, and has buttons that tell Python which one was chosen.
//
// A card sounds by `charlstm:note`, which the page's player hears: no sound is made here, and none travels. What begins
// to sound says `charlstm:play`, and all others fall silent.

/* global cleanSvg, createElement, drawn, leaveAt, viewAt */

const ICONS = { play: "M8 5.2v13.6L19 12z", stop: "M6.5 6.5h11v11h-11z" };

export default function ({ data, parentElement, setTriggerValue }) {
  viewAt(parentElement, (root) => new Cards(root)).show(data, setTriggerValue);
  return () => leaveAt(parentElement);
}

class Cards {
  constructor(root) {
    this.list = root.querySelector(".list");
    this.shown = "";
    this.playing = null; // {view, from, next}
    this.gone = new AbortController();
    const until = { signal: this.gone.signal };
    document.addEventListener("charlstm:play", ({ detail }) => detail !== this && this.stop(), until);
  }

  leave() {
    this.gone.abort();
    this.stop();
  }

  show(data, send) {
    this.send = send;
    const { cards, actions, kept } = data;
    const shown = JSON.stringify([cards, actions]);
    if (shown !== this.shown) {
      this.shown = shown;
      this.stop();
      this.list.replaceChildren(...cards.map((card) => this.card(card, actions)));
    }
    for (const button of this.list.querySelectorAll("[data-keep]")) {
      const is = kept.includes(button.dataset.keep);
      button.textContent = is ? "Kept" : "Keep";
      button.setAttribute("aria-disabled", is);
      button.setAttribute("aria-label", `${button.textContent}: ${button.dataset.name}`);
    }
  }

  card(card, actions) {
    const item = createElement("li", "card");
    item.classList.toggle("current", card.current);
    item.append(createElement("h3", "", card.title), createElement("p", "line", card.line));
    const sheet = createElement("div", "sheet");
    const svg = card.svg && cleanSvg(card.svg);
    if (svg) {
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", `First bars of ${card.title}`);
      sheet.append(svg);
    }
    item.append(sheet);
    if (card.message) item.append(createElement("p", "message", card.message));
    if (card.words.length) {
      const list = createElement("ul", "words");
      list.append(...card.words.map((words) => createElement("li", "", words)));
      item.append(list);
    }
    const passed = createElement("div", "passed");
    passed.append(createElement("span", ""));
    const buttons = createElement("div", "buttons button-row");
    const play = createElement("button", "play");
    play.type = "button";
    play.disabled = card.notes.length === 0;
    const view = { card, play, passed: passed.firstChild };
    this.name(view, "play");
    play.addEventListener("click", () => this.toggle(view));
    buttons.append(play);
    for (const [name, label] of card.current ? [] : actions) {
      const button = createElement("button", "action", label);
      button.type = "button";
      button.setAttribute("aria-label", `${label}: ${card.title}, ${card.line}`);
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") !== "true") this.send("action", [name, card.id]);
      });
      if (name === "keep") Object.assign(button.dataset, { keep: card.id, name: `${card.title}, ${card.line}` });
      buttons.append(button);
    }
    if (card.current) buttons.append(createElement("p", "here", "On the page now"));
    item.append(passed, buttons);
    return item;
  }

  name({ card, play }, what) {
    const icon = drawn("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
    icon.append(drawn("path", { d: ICONS[what] }));
    play.replaceChildren(icon, what === "play" ? "Play" : "Stop");
    play.setAttribute("aria-label", `${what === "play" ? "Play" : "Stop"} ${card.title}, ${card.line}`);
  }

  toggle(view) {
    const again = this.playing?.view === view;
    this.stop();
    if (again) return;
    document.dispatchEvent(new CustomEvent("charlstm:play", { detail: this }));
    this.playing = { view, from: performance.now(), next: 0 };
    this.name(view, "stop");
    this.timer = setInterval(() => this.tick(), 10);
  }

  tick() {
    const { view, from, next } = this.playing;
    const { notes } = view.card;
    const time = (performance.now() - from) / 1000;
    let at = next;
    for (; at < notes.length && notes[at][0] <= time; at += 1) {
      const [, duration, pitch] = notes[at];
      document.dispatchEvent(new CustomEvent("charlstm:note", { detail: { pitch, duration } }));
    }
    this.playing.next = at;
    const [onset, duration] = notes.at(-1);
    view.passed.style.width = `${Math.min(100, (100 * time) / (onset + duration))}%`;
    if (time > onset + duration) this.stop();
  }

  stop() {
    clearInterval(this.timer);
    if (!this.playing) return;
    const { view } = this.playing;
    this.playing = null;
    view.passed.style.width = "0";
    this.name(view, "play");
  }
}

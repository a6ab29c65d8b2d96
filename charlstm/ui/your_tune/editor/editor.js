// The tune editor: a text area with line numbers, and remarks beside their lines. What it is given is shown as text.
/* global leaveAt, viewAt */

const PAUSE = 500; // milliseconds without typing before the text is sent
const LINE = 24; // px, as in the style sheet
const WIDE = 704; // px of the editor from which the remarks stand beside the text

export default function ({ data, parentElement, setStateValue }) {
  const editor = viewAt(parentElement, (root) => new Editor(root));
  editor.send = (typed) => setStateValue("typed", typed);
  editor.show(data);
  return () => leaveAt(parentElement);
}

class Editor {
  constructor(root) {
    this.section = root.querySelector(".editor");
    this.numbers = root.querySelector(".numbers");
    this.text = root.querySelector(".text");
    this.list = root.querySelector(".remarks");
    this.version = null;
    this.remarks = [];
    this.lines = 1;
    this.text.addEventListener("input", () => {
      this.number();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.sendTyped(), PAUSE);
    });
    this.text.addEventListener("blur", () => this.sendTyped());
    this.size = new ResizeObserver(() => {
      this.fit();
      this.place();
    });
    this.size.observe(this.section);
  }

  leave() {
    clearTimeout(this.timer);
    this.size.disconnect();
  }

  show(data) {
    this.text.maxLength = data.most;
    this.text.placeholder = data.placeholder;
    if (data.version !== this.version) {
      // A text of the page's own. One with the version that is here is what was typed, perhaps since typed on.
      clearTimeout(this.timer);
      this.version = data.version;
      this.sent = data.text;
      this.text.value = data.text;
    }
    this.remarks = data.remarks;
    this.number();
    this.list.replaceChildren(...this.remarks.map((remark) => this.remark(remark)));
    this.place();
  }

  sendTyped() {
    clearTimeout(this.timer);
    if (this.text.value === this.sent) return;
    this.sent = this.text.value;
    this.send({ text: this.text.value, version: this.version });
  }

  remark([line, column, message]) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const place = document.createElement("span");
    button.type = "button";
    button.dataset.line = line;
    place.className = "place";
    place.textContent = `Line ${line}, column ${column}`;
    button.append(place, ` ${message}`);
    button.addEventListener("click", () => {
      const lines = this.text.value.split("\n");
      const start = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
      const at = Math.min(start + column - 1, this.text.value.length);
      this.text.focus();
      this.text.setSelectionRange(at, Math.min(at + 1, this.text.value.length));
    });
    item.append(button);
    return item;
  }

  /** As many numbers as lines; those with a remark stand out. */
  number() {
    const lines = Math.max(this.text.value.split("\n").length, this.text.value ? 1 : this.text.placeholder.split("\n").length);
    const noted = new Set(this.remarks.map(([line]) => line));
    while (this.numbers.childElementCount > lines) this.numbers.lastChild.remove();
    while (this.numbers.childElementCount < lines) {
      const item = document.createElement("li");
      item.textContent = this.numbers.childElementCount + 1;
      this.numbers.append(item);
    }
    [...this.numbers.children].forEach((item, i) => item.classList.toggle("noted", noted.has(i + 1)));
    this.lines = lines;
    this.fit();
  }

  /** As high as its lines; on a phone, where they wrap, as what they take. */
  fit() {
    this.text.style.height = `${this.lines * LINE + 32}px`; // a scroll bar beneath may need some
    if (getComputedStyle(this.text).whiteSpace === "pre") return;
    this.text.style.height = `${Math.max(this.text.scrollHeight, this.lines * LINE) + LINE}px`;
  }

  /** Beside the text, every remark at the height of its line, or below the one before. */
  place() {
    const wide = this.remarks.length > 0 && this.section.clientWidth >= WIDE;
    this.section.classList.toggle("editor-wide", wide);
    let bottom = 0;
    for (const item of this.list.children) {
      const top = wide ? Math.max(bottom, 8 + (Number(item.firstChild.dataset.line) - 1) * LINE) : 0;
      item.style.marginTop = wide ? `${top - bottom}px` : "0.25rem";
      bottom = top + item.firstChild.offsetHeight;
    }
  }
}

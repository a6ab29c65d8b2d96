// In front of every component's own script, after COLOURS: how values and characters are shown, and a component's views.
/* exported createElement, leaveAt, sendAt, signed, tint, viewAt, visible */

// A value as a background: blue below 0, red above; amber on the scale "unit", which begins at 0.
const tint = (value, scale) => {
  const strength = Math.min(1, Math.abs(value));
  const colour = scale === "unit" ? COLOURS.unit : value < 0 ? COLOURS.below : COLOURS.above;
  return strength < 0.01 ? "transparent" : `rgb(${colour} / ${strength.toFixed(2)})`;
};
const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
const SYMBOLS = { "<end>": "end", "<start>": "start" };
const visible = (symbol) => SYMBOLS[symbol] ?? symbol.replaceAll("\n", "↵").replaceAll(" ", "␣");

// Says on the page on which character the pointer or the sound is; null: on none.
const sendAt = (at) => document.dispatchEvent(new CustomEvent("charlstm:at", { detail: at }));

// An element with its class and its words, which are shown as text.
function createElement(name, className, words = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = words;
  return element;
}

// A component's view in a shadow root, one for as long as it is on the page, whatever data comes.
const views = new Map();

function viewAt(root, make) {
  if (!views.has(root)) views.set(root, make(root));
  return views.get(root);
}

function leaveAt(root) {
  views.get(root)?.leave();
  views.delete(root);
}

// What was shown before.
let shown = null;

export default function ({ data: { tune, row } }) {
  const isOther = shown !== null && tune !== shown;
  shown = tune;
  if (!isOther || !matchMedia("(max-width: 640px)").matches) return;
  if (!tune) document.dispatchEvent(new CustomEvent("charlstm:play", { detail: null })); // what is not seen falls silent
  const place = !tune && row && document.querySelector(`.st-key-${row}`);
  if (place) place.scrollIntoView({ block: "center" });
  else document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
}

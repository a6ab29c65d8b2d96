// One press of Back leaves a page. Streamlit adds a step to the browser's history for each address that a page writes;
// what a page writes of its own accord, before the visitor has done anything on it, takes the place of the address that
// it was opened by.
let untouched = true;
const touch = () => {
  untouched = false;
};
for (const event of ["pointerdown", "keydown", "click"]) addEventListener(event, touch, { capture: true });

const push = history.pushState.bind(history);
history.pushState = (state, unused, url) => {
  const isSamePage = new URL(url ?? "", location.href).pathname === location.pathname;
  if (isSamePage && (untouched || location.search === "")) {
    history.replaceState(state, unused, url);
  } else {
    push(state, unused, url);
    untouched ||= !isSamePage;
  }
};

// What is shown on the page, as it was when it was last scrolled to its top.
let shown = null;

export default function ({ data }) {
  if (shown !== null && data !== shown) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  shown = data;
}

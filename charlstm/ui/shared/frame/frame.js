// The page and the title of the run before.
let shown = null;

// A file is downloaded and a tune is kept once, however fast the button is clicked; it may be drawn again meanwhile.
const KEEP = '.st-key-compose-keep, .st-key-your_tune-keep, [class*="st-key-library-keep"]';
const ONCE = `[data-testid=stDownloadButton], :is(${KEEP}) [data-testid=stButton]`;
const AGAIN = 1000; // milliseconds without a click
const ANSWERED = 5000; // in which a button that keeps says that it did: a click before that asks for the same
let clicked = { name: "", words: "", time: 0 };
const once = (event) => {
  const button = event.target.closest?.(ONCE);
  const name = button?.closest('[class*="st-key-"]')?.className.match(/st-key-\S+/)[0];
  if (!name) return;
  const waits = button.textContent === clicked.words && button.dataset.testid === "stButton" ? ANSWERED : AGAIN;
  if (name === clicked.name && event.timeStamp - clicked.time < waits) {
    event.stopImmediatePropagation();
    clicked.time = event.timeStamp; // its words stay: those of the click that counted
  } else clicked = { name, words: button.textContent, time: event.timeStamp };
};
document.addEventListener("click", once, { capture: true });

const PHONE = "(max-width: 640px)";
const CLOSE = '[data-testid="stSidebar"][data-collapsed="false"] [data-testid="stSidebarCollapseButton"] button';

const SIDEBAR = '[data-testid="stSidebar"]:not([data-collapsed="true"])';

export default function ({ data, parentElement }) {
  // What is drawn outside the app, such as menus, follows its theme too.
  const app = document.querySelector("[data-testid=stApp]");
  if (app) document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
  // The room that ui/first_paint keeps for the sidebar, until it is there or another page is.
  if (shown !== null || document.querySelector(SIDEBAR)) delete document.documentElement.dataset.room;
  for (const [container, what] of Object.entries(data.named)) {
    for (const button of document.querySelectorAll(`.${container} button`)) {
      const words = button.querySelector("[data-testid=stMarkdownContainer]")?.textContent;
      if (words) button.setAttribute("aria-label", `${words}, ${what}`);
    }
  }
  if (shown !== null && data.title !== shown.title) {
    parentElement.querySelector("[role=status]").textContent = data.title;
  }
  if (shown !== null && data.page !== shown.page && matchMedia(PHONE).matches) document.querySelector(CLOSE)?.click();
  shown = data;
}

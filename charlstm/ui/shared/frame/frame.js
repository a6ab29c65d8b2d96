// The page and the title of the run before.
let shown = null;

// A file is downloaded once, however fast the button is clicked; the button may be drawn again meanwhile.
const AGAIN = 1000; // milliseconds without a click
let downloaded = { name: "", time: 0 };
const once = (event) => {
  const place = event.target.closest?.("[data-testid=stDownloadButton]")?.closest('[class*="st-key-"]');
  if (!place) return;
  const { name, time } = downloaded;
  if (place.className === name && event.timeStamp - time < AGAIN) event.stopImmediatePropagation();
  downloaded = { name: place.className, time: event.timeStamp };
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

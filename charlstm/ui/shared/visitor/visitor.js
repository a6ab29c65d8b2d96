// Keeps the visitor's id in the browser: in its storage, and in a cookie that tells it to the server at once.

const KEY = "charlstm.visitor";
const YEAR = 31_536_000; // seconds
let sent = null;

export default function ({ data, setStateValue }) {
  let stored = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // Storage is switched off: the id lasts for this visit.
  }
  const id = /^[\w-]{22,64}$/.test(stored ?? "") ? stored : data.id;
  try {
    localStorage.setItem(KEY, id);
  } catch {
    return;
  }
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = `${data.cookie}=${id}; path=/; max-age=${YEAR}; SameSite=Lax`;
  if (id !== data.id && id !== sent) {
    sent = id;
    setStateValue("id", id);
  }
}

// How far things are: for the eye at once, for a screen reader now and then.
import { t } from "./language.js";

const byId = (id) => document.getElementById(id);
const EVERY = 4000; // Milliseconds between two announcements.

let spoken = 0;
let last = () => "";
let startedAt = 0;
let startedWith = 0;

/** Show a text, as a function so that it can be shown again in another language. */
export function show(text, { done = null, count = null, isBusy = false } = {}) {
  last = text;
  byId("status-text").textContent = text();
  const progress = byId("progress");
  progress.hidden = count === null;
  if (count !== null) {
    progress.max = Math.max(count, 1);
    if (done === null) progress.removeAttribute("value");
    else progress.value = done;
  }
  byId("status").classList.toggle("busy", isBusy);
  const now = Date.now();
  if (!isBusy || now - spoken > EVERY) {
    spoken = now;
    say(text());
  }
}

/** Say something to a screen reader only. */
export function say(text) {
  byId("said").textContent = text;
}

export const again = () => {
  byId("status-text").textContent = last();
};

/** Begin to measure how long it takes. */
export function startClock(done = 0) {
  startedAt = Date.now();
  startedWith = done;
}

/** Say how long the rest will take, once that can be guessed. */
export function remaining(done, count) {
  const seconds = (Date.now() - startedAt) / 1000;
  const since = done - startedWith;
  if (since < 5 || seconds < 5 || done >= count) return "";
  const left = (seconds / since) * (count - done);
  return left < 50 ? t("moments") : t("minutes", { count: Math.ceil(left / 60) });
}

let timer = null;

/** Show a short message at the foot of the page. */
export function toast(text) {
  const place = byId("toast");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => place.classList.remove("shown"), 5000);
}

// One picture looked at closely.
import { className, digits, errorText, language, number, percent, t } from "./language.js";
import { urlOf } from "./thumbnails.js";

const dialog = document.getElementById("detail");
const part = (name) => dialog.querySelector(`.${name}`);
let shown = null; // What `openDetail` was given, and the address of the whole picture.

/**
 * @param {object} view - `pictures`, `picture`, `neighbours()` (in order), `choose(picture, class)`.
 */
export function openDetail(view) {
  shown = { ...view, url: null };
  fill();
  dialog.showModal();
}

export const refreshDetail = () => dialog.open && fill();

function fill() {
  const { pictures, picture } = shown;
  release();
  const image = part("whole");
  shown.url = picture.file ? URL.createObjectURL(picture.file) : null;
  image.hidden = false;
  part("blind-text").hidden = true;
  image.onerror = () => {
    image.hidden = true;
    part("blind-text").hidden = false;
    part("blind-text").textContent = t("noPreview");
  };
  image.alt = picture.path;
  image.src = shown.url ?? urlOf(picture) ?? "data:,";
  document.getElementById("detail-title").textContent = picture.path;
  part("size").textContent = picture.width
    ? t("size", { width: digits(picture.width), height: digits(picture.height) })
    : "";
  part("problem").textContent = picture.error ? errorText(picture.error) : "";
  part("choices").replaceChildren(...(picture.error ? [] : pictures.classes.map(choice)));
  const reasons = (picture.reasons ?? []).map(reasonLine);
  part("reasons").replaceChildren(...reasons);
  part("why").hidden = !reasons.length;
  part("chances").hidden = Boolean(picture.error);
  const order = shown.neighbours();
  const at = order.indexOf(picture);
  part("previous").disabled = at <= 0;
  part("next").disabled = at < 0 || at === order.length - 1;
}

function choice(name, index) {
  const { pictures, picture } = shown;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "choice";
  button.dataset.class = name;
  button.disabled = pictures.isLocked;
  button.setAttribute("aria-pressed", String(pictures.groupOf(picture) === name));
  const label = document.createElement("span");
  label.textContent = className(name);
  const bar = document.createElement("span");
  bar.className = "bar";
  const share = picture.probabilities?.[name] ?? 0;
  bar.append(document.createElement("span"));
  bar.firstChild.style.inlineSize = `${100 * share}%`;
  const value = document.createElement("span");
  value.className = "percent";
  value.textContent = percent(Math.floor(100 * share) / 100);
  const key = document.createElement("kbd");
  key.textContent = index < 9 ? number(index + 1) : "";
  key.setAttribute("aria-hidden", "true");
  button.append(label, value, bar, key);
  button.addEventListener("click", () => choose(name));
  return button;
}

function choose(name) {
  shown.choose(shown.picture, name);
  fill();
  dialog.querySelector(`.choice[data-class="${CSS.escape(name)}"]`)?.focus();
}

function reasonLine({ text, share, toward }) {
  const line = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = digits(text[language()] ?? text.en);
  const note = document.createElement("small");
  note.textContent = `${t("whyFor", { group: className(toward) })} · ${percent(share)}`;
  line.append(words, note);
  return line;
}

function go(steps) {
  const order = shown.neighbours();
  const next = order[order.indexOf(shown.picture) + steps];
  if (!next) return;
  shown.picture = next;
  fill();
}

function release() {
  if (shown?.url) URL.revokeObjectURL(shown.url);
}

part("previous").addEventListener("click", () => go(-1));
part("next").addEventListener("click", () => go(1));
dialog.addEventListener("close", () => {
  release();
  part("whole").removeAttribute("src");
  shown.closed?.(shown.picture);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (event.key === forward) go(1);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") go(-1);
  else if (/^[1-9]$/.test(event.key) && shown.pictures.classes[event.key - 1] && !shown.picture.error) {
    choose(shown.pictures.classes[event.key - 1]);
  } else return;
  event.preventDefault();
});

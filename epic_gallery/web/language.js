// Texts, numbers and the direction of writing.
import arabic from "./words-ar.js";
import english from "./words-en.js";

const WORDS = { ar: arabic, en: english };
const LOCALES = { ar: "ar-EG", en: "en-GB" };
const listeners = [];
let rules;
let numbers;
let percents;

export const language = () => document.documentElement.lang;

/** Return a text. A value that is a name keeps its own direction inside the sentence. */
export function t(key, values = {}) {
  let words = WORDS[language()][key] ?? WORDS.en[key];
  if (words === undefined) return key;
  if (typeof words !== "string") {
    const zero = values.count === 0 ? words.zero : undefined;
    words = zero ?? words[rules.select(values.count)] ?? words.other;
  }
  return words.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : `\u2068${value}\u2069`;
  });
}

export const number = (value) => numbers.format(value);
export const percent = (value) => percents.format(value);
/** Write the digits of a text as the language does. */
export const digits = (text) =>
  language() === "ar"
    ? String(text).replace(/[0-9]/g, (digit) => "٠١٢٣٤٥٦٧٨٩"[digit]).replaceAll("%", "٪")
    : String(text);
export const day = (text) =>
  new Date(text).toLocaleDateString(LOCALES[language()], { day: "numeric", month: "long" });

/** Return what people call a class; a class of somebody's own model is called as it is. */
export function className(name) {
  const key = `class_${name}`;
  return key in WORDS.en ? t(key) : name;
}

export const modelName = (name) => (`model_${name}` in WORDS.en ? t(`model_${name}`) : name);

/** Say what is wrong with a picture. */
export function errorText(error) {
  const key = `error_${error.code}`;
  return key in WORDS.en ? t(key) : t("error_other", { why: error.message ?? error.code });
}

export const onLanguage = (listener) => listeners.push(listener);

export function setLanguage(name) {
  const root = document.documentElement;
  root.lang = name;
  root.dir = name === "ar" ? "rtl" : "ltr";
  rules = new Intl.PluralRules(LOCALES[name]);
  numbers = new Intl.NumberFormat(LOCALES[name]);
  percents = new Intl.NumberFormat(LOCALES[name], { style: "percent" });
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = t(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    if (element.matches("button")) element.title = t(element.dataset.label);
  }
  for (const element of document.querySelectorAll("[data-hint]")) {
    element.placeholder = t(element.dataset.hint);
  }
  for (const listener of listeners) listener();
}

/** Keep a choice for the next visit; without storage it lasts as long as the page. */
export function remember(name, value) {
  try {
    localStorage.setItem(`epic.${name}`, value);
  } catch {
    // Private windows may refuse; nothing depends on it.
  }
}

// A question before something is lost.
import { t } from "./language.js";

/** Ask; resolves to true only when the first button is pressed. The names are those of texts. */
export function isSure(title, text, yes, no = "keepLooking") {
  const dialog = document.createElement("dialog");
  dialog.className = "small";
  dialog.id = "sure";
  dialog.setAttribute("aria-labelledby", "sure-title");
  const form = document.createElement("form");
  form.method = "dialog";
  const heading = document.createElement("h2");
  heading.id = "sure-title";
  heading.textContent = t(title);
  const words = document.createElement("p");
  words.textContent = t(text);
  const row = document.createElement("div");
  row.className = "row";
  row.append(button("yes", yes), button("no", no));
  row.lastChild.autofocus = true; // Enter alone loses nothing.
  form.append(heading, words, row);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}

function button(value, text) {
  const made = document.createElement("button");
  made.value = value;
  made.textContent = t(text);
  if (value === "yes") made.className = "main";
  return made;
}

// The row of groups that the pictures can be filtered by.
import { className, number, t } from "./language.js";

const place = document.getElementById("chips");

/** Show a button for each group that has pictures, and one for all. */
export function showChips(cards) {
  const chosen = cards.filter.group;
  const held = place.contains(document.activeElement) ? document.activeElement.dataset.group : null;
  const counts = cards.counts();
  const chip = (name, text, count) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.dataset.group = name ?? "";
    button.setAttribute("aria-pressed", String(chosen === name));
    const label = document.createElement("span");
    label.textContent = text;
    const value = document.createElement("span");
    value.className = "number";
    value.textContent = number(count);
    button.append(label, value);
    button.addEventListener("click", () => {
      cards.refilter({ group: chosen === name ? null : name });
    });
    return button;
  };
  const all = chip(null, t("all"), cards.cards.size);
  place.replaceChildren(all, ...counts.map(([name, count]) => chip(name, className(name), count)));
  place.hidden = counts.length < 2 && !chosen;
  if (held !== null) place.querySelector(`[data-group="${CSS.escape(held)}"]`)?.focus();
}

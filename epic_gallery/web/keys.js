// The keyboard among the cards.

const isTyping = (element) => element.matches("input, select, textarea");

/**
 * @param {HTMLElement} place - Holds the groups.
 * @param {function} cards - Returns the `Cards` of now.
 * @param {object} on - `choose(picture, number)`, `menu(card)`, `undo()`, `search()`, `help()`.
 */
export function listen(place, cards, on) {
  place.addEventListener("keydown", (event) => {
    const card = event.target.closest(".card");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[1-9]$/.test(event.key)) on.choose(card, Number(event.key) - 1);
    else if (event.key === "m") on.menu(card);
    else {
      const target = goal(card, event.key, cards().visible);
      if (!target) return;
      cards().focus(target);
    }
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isTyping(event.target) || document.querySelector("dialog[open]")) {
      return;
    }
    const withControl = event.ctrlKey || event.metaKey;
    const action = withControl
      ? { z: on.undo }[event.key]
      : { z: on.undo, "/": on.search, "?": on.help }[event.key];
    if (!action || event.altKey) return;
    event.preventDefault();
    action();
  });
}

/** Return the card that a key leads to. */
function goal(card, key, visible) {
  const at = visible.indexOf(card);
  const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
  if (key === forward) return visible[at + 1];
  if (key === backward) return visible[at - 1];
  if (key === "Home") return visible[0];
  if (key === "End") return visible.at(-1);
  if (key === "ArrowDown") return nearest(card, visible.slice(at + 1), 1);
  if (key === "ArrowUp") return nearest(card, visible.slice(0, at).reverse(), -1);
  return undefined;
}

/** Return the card in the next row that is most nearly below, or above. */
function nearest(card, others, direction) {
  const from = card.getBoundingClientRect();
  let row = null;
  let best;
  let least = Infinity;
  for (const other of others) {
    const { top, left } = other.getBoundingClientRect();
    if (direction * (top - from.top) < 1) continue;
    row ??= top;
    if (Math.abs(top - row) > 1) break;
    if (Math.abs(left - from.left) < least) {
      least = Math.abs(left - from.left);
      best = other;
    }
  }
  return best ?? others.at(-1);
}

// The list of groups that a picture can be put into.
import { className, number, t } from "./language.js";

const menu = document.getElementById("menu");
let choose = null;

/** Open the list beside a button. `pick` is called with the class that is chosen. */
export function openMenu(button, pictures, picture, pick) {
  choose = pick;
  const group = pictures.groupOf(picture);
  const items = pictures.classes.map((name, index) => {
    const item = document.createElement("button");
    item.type = "button";
    item.setAttribute("role", "menuitemradio");
    item.setAttribute("aria-checked", String(name === group));
    item.tabIndex = -1;
    item.dataset.class = name;
    const label = document.createElement("span");
    label.textContent = className(name);
    item.append(label);
    if (name === picture.label && name !== group) {
      const note = document.createElement("small");
      note.textContent = t("was");
      item.append(note);
    }
    if (index < 9) {
      const key = document.createElement("kbd");
      key.textContent = number(index + 1);
      key.setAttribute("aria-hidden", "true");
      item.append(key);
    }
    item.addEventListener("click", () => close(name));
    return item;
  });
  const heading = document.createElement("p");
  heading.id = "menu-heading";
  heading.textContent = t("moveTo");
  menu.replaceChildren(heading, ...items);
  menu.showPopover();
  place(button);
  (items.find((item) => item.ariaChecked === "true") ?? items[0]).focus();
}

function close(name) {
  const pick = choose;
  menu.hidePopover();
  pick?.(name);
}

/** Put the menu below its button, or above, inside the window. A phone shows it at the foot. */
function place(button) {
  if (matchMedia("(max-width: 560px)").matches) {
    menu.style.insetInlineStart = menu.style.top = "";
    return;
  }
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const fitsBelow = at.bottom + height + 8 < innerHeight;
  menu.style.top = `${Math.max(8, fitsBelow ? at.bottom + 4 : Math.min(at.top, innerHeight - 8) - height - 4)}px`;
  const isRtl = document.documentElement.dir === "rtl";
  const start = isRtl ? innerWidth - at.right : at.left;
  menu.style.insetInlineStart = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
}

menu.addEventListener("keydown", (event) => {
  const items = [...menu.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement);
  const goals = {
    ArrowDown: items[(at + 1) % items.length],
    ArrowUp: items.at(at - 1),
    Home: items[0],
    End: items.at(-1),
  };
  if (goals[event.key]) goals[event.key].focus();
  else if (/^[1-9]$/.test(event.key)) items[Number(event.key) - 1]?.click();
  else if (event.key === "Tab") menu.hidePopover();
  else return;
  event.preventDefault();
});

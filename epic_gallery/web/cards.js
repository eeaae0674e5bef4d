// The groups and their cards.
import { className, digits, errorText, language, number, percent, t } from "./language.js";
import { reasonsOf } from "./pictures.js";
import { forgetAll, watch } from "./thumbnails.js";

const byId = (id) => document.getElementById(id);

export class Cards {
  /**
   * @param {Pictures} pictures
   * @param {object} on - `open(picture)`, `menu(picture, button)`, `counted()`.
   */
  constructor(pictures, on) {
    this.pictures = pictures;
    this.on = on;
    this.cards = new Map();
    this.groups = new Map();
    this.order = "came";
    this.filter = { group: null, below: 1, text: "" };
    this.place = byId("groups");
    this.place.replaceChildren();
    this.uncounted = new Set();
    this.current = null;
    this.isUsed = false; // Whether somebody went to a card yet.
    for (const name of pictures.groups) this.#addGroup(name);
  }

  close() {
    forgetAll();
    this.place.replaceChildren();
  }

  /** Make the card of a picture, or bring it up to date and into its group. */
  update(picture) {
    let card = this.cards.get(picture);
    if (!card) {
      card = this.#newCard(picture);
      this.cards.set(picture, card);
      watch(card);
    }
    const group = this.groups.get(this.pictures.groupOf(picture));
    if (card.parentNode !== group.list) {
      const before = card.parentNode;
      this.#insert(group.list, card);
      if (before) this.#count(before.group);
    }
    this.#fill(card);
    card.hidden = !this.#fits(picture);
    this.#count(group);
  }

  /** Show every text anew. */
  refresh() {
    for (const group of this.groups.values()) this.#head(group);
    for (const card of this.cards.values()) this.#fill(card);
    this.refilter();
  }

  refilter(change = {}) {
    Object.assign(this.filter, change);
    for (const [picture, card] of this.cards) card.hidden = !this.#fits(picture);
    for (const group of this.groups.values()) this.#count(group);
    const isEmpty = this.cards.size > 0 && !this.visible.length;
    byId("nothing").hidden = !isEmpty;
  }

  reorder(order) {
    this.order = order;
    for (const { list } of this.groups.values()) {
      const sorted = [...list.children].sort((a, b) => this.#compare(a.picture, b.picture));
      list.append(...sorted);
    }
  }

  /** The cards that can be seen, in the order of the page. */
  get visible() {
    return [...this.groups.values()].flatMap(({ list }) =>
      [...list.children].filter((card) => !card.hidden),
    );
  }

  counts() {
    const entries = [...this.groups].map(([name, { list }]) => [name, list.children.length]);
    return entries.filter(([, count]) => count);
  }

  /** Move the keyboard to a card. */
  focus(card) {
    if (!card) return;
    this.#makeCurrent(card);
    card.querySelector(".look").focus();
    card.scrollIntoView({ block: "nearest" });
  }

  #fits(picture) {
    const { group, below, text } = this.filter;
    if (group && this.pictures.groupOf(picture) !== group) return false;
    if (below < 1 && !(picture.confidence < below)) return false;
    return !text || picture.path.toLocaleLowerCase().includes(text);
  }

  #compare(a, b) {
    if (this.order === "unsure") return (a.confidence ?? 0) - (b.confidence ?? 0);
    if (this.order === "name") return a.path.localeCompare(b.path, language(), { numeric: true });
    return (a.came ??= 0) - (b.came ??= 0);
  }

  #insert(list, card) {
    card.picture.came ??= this.cards.size;
    let [low, high] = [0, list.children.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(list.children[middle].picture, card.picture) <= 0) low = middle + 1;
      else high = middle;
    }
    list.insertBefore(card, list.children[low] ?? null);
  }

  #addGroup(name) {
    const section = byId("group-template").content.firstElementChild.cloneNode(true);
    const group = { name, section, list: section.querySelector("ul") };
    group.list.group = group;
    section.dataset.group = name;
    section.dataset.kind = kindOf(name, this.pictures);
    const heading = section.querySelector("h2");
    heading.id = `group-${name}`;
    section.setAttribute("aria-labelledby", heading.id);
    this.groups.set(name, group);
    section.hidden = true;
    this.#head(group);
    this.place.append(section);
  }

  #head({ name, section }) {
    section.querySelector("h2 .name").textContent = className(name);
    const where = section.querySelector(".where");
    const { folders } = this.pictures;
    where.textContent = !folders
      ? ""
      : folders.includes(name)
        ? t("goesTo", { name })
        : t("stays");
  }

  /** Count what is shown of a group, once a frame: answers come faster than that. */
  #count(group) {
    if (!this.uncounted.size) requestAnimationFrame(() => this.#countAll());
    this.uncounted.add(group);
  }

  #countAll() {
    for (const { list, section } of this.uncounted) {
      const total = list.children.length;
      const shown = [...list.children].filter((card) => !card.hidden).length;
      section.hidden = !shown;
      section.querySelector(".number").textContent =
        shown === total ? number(total) : t("countOf", { shown, count: total });
    }
    this.uncounted.clear();
    if (!this.isUsed || this.current?.hidden) this.#makeCurrent(this.visible[0]);
    this.on.counted();
  }

  #newCard(picture) {
    const card = byId("card-template").content.firstElementChild.cloneNode(true);
    card.picture = picture;
    const [look, more] = card.querySelectorAll("button");
    look.addEventListener("click", () => this.on.open(picture));
    card.addEventListener("focusin", () => {
      this.isUsed = true;
      this.#makeCurrent(card);
    });
    more.addEventListener("click", () => this.on.menu(picture, more));
    return card;
  }

  /** Only one card is in the order of the Tab key; the arrows go to the others. */
  #makeCurrent(card) {
    if (!card || this.current === card) return;
    for (const button of this.current?.querySelectorAll("button") ?? []) button.tabIndex = -1;
    for (const button of card.querySelectorAll("button")) button.tabIndex = 0;
    this.current = card;
  }

  #fill(card) {
    const { picture } = card;
    const name = picture.path.split("/").pop();
    const reason = this.#reason(picture);
    const group = className(this.pictures.groupOf(picture));
    const sure = picture.confidence === undefined ? "" : percent(Math.floor(picture.confidence * 100) / 100);
    const [look, more] = card.querySelectorAll("button");
    const facts = [sure && !picture.chosen ? t("sure", { percent: sure }) : "", reason];
    look.setAttribute(
      "aria-label",
      t("card", { name, group, reason: facts.filter(Boolean).join(", ") }),
    );
    card.querySelector("figcaption .file").textContent = name;
    card.querySelector(".reason").textContent = reason;
    card.querySelector(".percent").textContent = picture.chosen ? "✓" : sure;
    card.querySelector(".bar span").style.inlineSize = `${100 * (picture.chosen ? 1 : (picture.confidence ?? 0))}%`;
    card.querySelector(".blind-text").textContent = t("noPreview");
    card.classList.toggle("chosen", Boolean(picture.chosen));
    card.classList.toggle("hesitant", !picture.chosen && (picture.confidence ?? 1) < 0.8);
    card.classList.toggle("failed", Boolean(picture.error));
    more.setAttribute("aria-label", t("change", { name }));
    more.title = t("changeShort");
    more.hidden = Boolean(picture.error);
    more.disabled = this.pictures.isLocked;
  }

  #reason(picture) {
    if (picture.error) return errorText(picture.error);
    if (picture.chosen) return t("yours");
    return digits(reasonsOf(picture, language()).join(language() === "ar" ? "، " : ", "));
  }
}

function kindOf(name, pictures) {
  if (name === "unsure" || name === "unread") return name;
  return pictures.stays(name) ? "dear" : "rest";
}

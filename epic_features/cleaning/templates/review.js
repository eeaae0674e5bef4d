"use strict";
// What a file is called only ever becomes text of an element, never markup.
const data = JSON.parse(document.getElementById("data").textContent);
const items = data.items;
const perPage = 120;
const store = "epic-review-" + data.id;
const element = (id) => document.getElementById(id);
const choices = new Map();
let shown = items;
let page = 0;
let at = 0;

function possible(item) {
  // Only what was suggested has a target that is meant; "rename" is told by the target alone.
  return data.actions.filter((what) => what === "trash" || (item.target && (what === "rename" || what === item.suggestion)));
}

function suggested(item) {
  return possible(item).includes(item.suggestion) ? item.suggestion : "keep";
}

function choice(item) {
  return choices.get(item.raw) || suggested(item);
}

function remember() {
  try {
    localStorage.setItem(store, JSON.stringify([...choices]));
  } catch (error) { /* A browser may keep nothing for local files. */ }
}

function recall() {
  try {
    for (const [raw, what] of JSON.parse(localStorage.getItem(store) || "[]")) choices.set(raw, what);
  } catch (error) { /* The same. */ }
}

function add(parent, tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function mark(card, item) {
  const what = choice(item);
  card.dataset.choice = what;
  card.setAttribute("aria-selected", String(what !== "keep"));
  const words = { trash: "→ trash", keep: "keep", rename: "→ " + (item.target || "").split("/").pop() };
  card.querySelector(".choice").textContent = words[what] || `${what} → ${item.target}`;
}

function draw(item, index) {
  const card = document.createElement("div");
  card.className = "card";
  card.tabIndex = index === at ? 0 : -1;
  card.dataset.index = index;
  card.setAttribute("role", "option");
  if (item.thumb) {
    const picture = add(card, "img");
    picture.src = item.thumb;
    picture.alt = "";
    picture.loading = "lazy";
  } else {
    add(card, "div", "none quiet", "no picture");
  }
  const name = add(card, "div", "name");
  add(name, "bdi", "", item.path);
  const facts = [data.headings ? "" : item.kind, item.label, item.value].filter(Boolean).join(" · ");
  if (facts) add(card, "div", "quiet", facts);
  add(card, "div", "reason", item.reason);
  add(card, "div", "choice");
  mark(card, item);
  return card;
}

function show(focus) {
  const pages = Math.max(1, Math.ceil(shown.length / perPage));
  page = Math.min(Math.max(page, 0), pages - 1);
  const first = page * perPage;
  const part = shown.slice(first, first + perPage);
  at = Math.min(Math.max(at, first), first + part.length - 1);
  const made = [];
  let group = null;
  let kind = null;
  part.forEach((item, i) => {
    if (item.group !== group && item.group !== null) {
      const line = document.createElement("div");
      line.className = "group quiet";
      line.textContent = "group " + (item.group + 1);
      made.push(line);
    }
    group = item.group;
    if (data.headings && item.kind !== kind) {
      const line = document.createElement("h2");
      line.className = "group";
      line.textContent = item.kind;
      made.push(line);
    }
    kind = item.kind;
    made.push(draw(item, first + i));
  });
  element("cards").replaceChildren(...made);
  element("page").textContent = `page ${page + 1} of ${pages}`;
  element("back").disabled = page === 0;
  element("on").disabled = page === pages - 1;
  count();
  if (focus) walk(at);
}

function count() {
  const kinds = [...data.actions, "keep"];
  const n = Object.fromEntries(kinds.map((what) => [what, 0]));
  for (const item of items) n[choice(item)] += 1;
  element("sum").textContent = kinds.map((what) => `${n[what]} to ${what}`).join(", ");
  element("save").disabled = n.keep === items.length;
}

function cardAt(index) {
  return element("cards").querySelector(`[data-index="${index}"]`);
}

function walk(index) {
  if (index < 0 || index >= shown.length) return;
  const turned = Math.floor(index / perPage);
  if (turned !== page) {
    page = turned;
    at = index;
    show(false);
  }
  const before = cardAt(at);
  if (before) before.tabIndex = -1;
  at = index;
  const card = cardAt(at);
  card.tabIndex = 0;
  card.focus();
  card.scrollIntoView({ block: "nearest" });
}

function decide(index, what) {
  const item = shown[index];
  if (!item || !["keep", ...possible(item)].includes(what)) return;
  choices.set(item.raw, what);
  remember();
  mark(cardAt(index), item);
  count();
}

function next(item) {
  const order = ["keep", ...possible(item).reverse()];
  return order[(order.indexOf(choice(item)) + 1) % order.length];
}

function beside(step) {
  // The card above or below: the nearest one of the next row.
  const here = cardAt(at).getBoundingClientRect();
  let best = null;
  for (const card of element("cards").querySelectorAll(".card")) {
    const box = card.getBoundingClientRect();
    const rows = (box.top - here.top) * step;
    if (rows <= 1) continue;
    const distance = rows * 1000 + Math.abs(box.left - here.left);
    if (best === null || distance < best.distance) best = { distance, index: Number(card.dataset.index) };
  }
  return best === null ? at + step : best.index;
}

const keys = {
  ArrowRight: () => walk(at + 1),
  ArrowLeft: () => walk(at - 1),
  ArrowDown: () => walk(beside(1)),
  ArrowUp: () => walk(beside(-1)),
  Home: () => walk(0),
  End: () => walk(shown.length - 1),
  PageDown: () => walk(Math.min((page + 1) * perPage, shown.length - 1)),
  PageUp: () => walk(Math.max(page - 1, 0) * perPage),
  k: () => decide(at, "keep"),
  " ": () => shown[at] && decide(at, next(shown[at])),
};

for (const what of data.actions) keys[what[0]] = () => decide(at, what);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("button, select")) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

element("cards").addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!card) return;
  walk(Number(card.dataset.index));
  decide(at, next(shown[at]));
});

function plan() {
  const actions = items.filter((item) => choice(item) !== "keep").map((item) => ({
    path: item.raw,
    action: choice(item),
    target: choice(item) === "trash" ? null : item.target,
    size: item.size,
    mtime_ns: item.mtime_ns,
    sha256: null,
    reason: item.reason,
  }));
  return JSON.stringify({ format: data.format, version: data.version, root: data.root, actions }, null, 1);
}

element("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([plan()], { type: "application/json" }));
  link.download = "plan.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
});

function all(what) {
  for (const item of items) choices.set(item.raw, what(item));
  remember();
  show(true);
}

element("suggested").addEventListener("click", () => all(suggested));
element("none").addEventListener("click", () => all(() => "keep"));
element("back").addEventListener("click", () => { page -= 1; at = page * perPage; show(false); });
element("on").addEventListener("click", () => { page += 1; at = page * perPage; show(false); });

const kinds = [...new Set(items.map((item) => item.kind).filter(Boolean))].sort();
const filters = [["everything", () => true], ["to " + data.actions.join(" or "), (item) => choice(item) !== "keep"]];
for (const kind of kinds) filters.push([kind, (item) => item.kind === kind]);
filters.forEach(([text], i) => { add(element("filter"), "option", "", text).value = i; });
element("filter").addEventListener("change", () => {
  shown = items.filter(filters[Number(element("filter").value)][1]);
  page = 0;
  at = 0;
  show(false);
});

recall();
show(true);

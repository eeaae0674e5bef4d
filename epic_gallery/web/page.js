// Puts the page together.
import { getJson, Refused, setToken, takeToken } from "./api.js";
import { isSure } from "./asking.js";
import { fillBar } from "./bar.js";
import { Cards } from "./cards.js";
import { showChips } from "./chips.js";
import { openDetail, refreshDetail } from "./detail.js";
import { fromInput, onDrop } from "./files.js";
import { fillStart } from "./first.js";
import * as folder from "./folder.js";
import * as keys from "./keys.js";
import { className, language, onLanguage, percent, remember, setLanguage, t } from "./language.js";
import { openMenu } from "./menu.js";
import { holding, isHeld } from "./moving.js";
import { Pictures } from "./pictures.js";
import { correctionsCsv, download, Keeper, listCsv, planJson } from "./saving.js";
import { Sender } from "./sending.js";
import * as status from "./status.js";

const byId = (id) => document.getElementById(id);
let models = [];
let server = { folder: null, models: [], corrections: false };
let pictures = null; // What is looked at; null on the first screen.
let cards = null;
let sender = null;
let keeper = null;
let looking = null; // Ends looking at the folder.
let total = 0;
let isSaved = true;

async function begin() {
  try {
    const [known, gallery] = await Promise.all([getJson("/v1/models"), getJson("/v1/gallery")]);
    models = known.models;
    server = gallery;
    byId("offline").hidden = true;
    fillStart(models, server, begin);
  } catch (error) {
    trouble(error);
  }
}

function trouble(error) {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) byId("login").showModal();
  else {
    byId("offline").hidden = false;
    byId("offline-text").textContent = folder.told(error);
  }
}

function open(model) {
  const facts = models.find(({ name }) => name === model);
  pictures = new Pictures(model, facts.classes);
  total = 0;
  keeper = server.corrections ? new Keeper(model, keepFailed) : null;
  const mine = pictures; // Late answers about pictures that are gone change nothing.
  pictures.addEventListener("answer", ({ picture }) => {
    if (mine !== pictures) return;
    cards.update(picture);
    showProgress();
  });
  pictures.addEventListener("choice", ({ picture }) => {
    cards.update(picture);
    isSaved = false;
    keeper?.note(picture).then(showBar);
    showBar();
    refreshDetail();
  });
  const on = { open: lookClosely, menu: openGroups, counted: () => showChips(cards) };
  cards = new Cards(pictures, on);
  for (const id of ["order", "below", "search"]) byId(id).value = byId(id).dataset.start;
  byId("order").value = "came";
  showBelow();
  for (const id of ["result", "nothing", "notice", "last-left"]) byId(id).hidden = true;
  byId("start").hidden = true;
  byId("work").hidden = byId("bar").hidden = false;
  status.startClock();
  byId("main").focus();
}

const isKept = () => Boolean(keeper && !keeper.isBroken && !keeper.isBusy);
const isLost = () => Boolean(pictures?.changed.length && !isSaved && !isKept());
const mayLeave = async () => !isLost() || (await isSure("lostTitle", "lostText", "startAgain"));

function startAgain() {
  sender?.stop();
  looking?.abort();
  sender = looking = null;
  cards?.close();
  pictures = cards = null;
  isSaved = true;
  byId("start").hidden = false;
  byId("work").hidden = byId("bar").hidden = true;
  begin();
  byId("main").focus();
}

async function take({ pictures: found, others }) {
  if (isHeld(pictures)) return;
  if (!found.length) {
    status.toast(t("noPictures"));
    return;
  }
  if (pictures?.folders || looking) {
    if (!(await mayLeave())) return;
    startAgain();
  }
  if (!pictures) open(byId("model").value);
  if (others) {
    byId("notice").hidden = false;
    byId("notice").textContent = t("skipped", { count: others });
  }
  const mine = pictures;
  sender ??= new Sender(pictures.model, {
    answer: (picture, line) => mine.answer(picture, line),
    wait: showWait,
    blocked: showBlocked,
    end: () => pictures && showProgress(),
  });
  for (const { file, path } of found) pictures.add({ file, path, size: file.size });
  total = pictures.all.length;
  status.startClock(pictures.done.length);
  sender.add(pictures.all.slice(-found.length));
  showProgress();
}

async function sortFolder() {
  if (isHeld(pictures)) return;
  const wanted = byId("model").value;
  const model = server.models.includes(wanted) ? wanted : "personal";
  open(model);
  looking = new AbortController();
  const mine = pictures;
  let problem = null;
  try {
    await folder.look(pictures, looking.signal, (count) => {
      total = count;
      cards.refresh();
      showProgress();
    });
  } catch (error) {
    if (error.name !== "AbortError") problem = error;
  }
  if (mine !== pictures) return;
  looking = null;
  showProgress();
  if (problem) status.show(() => folder.told(problem), { done: pictures.done.length, count: total });
  else if (!total) status.show(() => t("emptyFolder"));
  if (problem?.status === 401) trouble(problem);
  cards.reorder((byId("order").value = "unsure"));
}

const isRunning = () =>
  Boolean(looking) || Boolean(sender && !sender.isStopped && pictures.done.length < total);

function showProgress() {
  const done = pictures.done.length;
  const isBusy = isRunning();
  if (isBusy) {
    const text = () => `${t("looking", { done, count: total })} · ${status.remaining(done, total)}`;
    status.show(() => text().replace(/ · $/, ""), { done, count: total, isBusy });
  } else {
    const key = done === total ? "finished" : "stopped";
    status.show(() => t(key, { count: done }), done === total ? {} : { done, count: total });
  }
  byId("stop").hidden = !isBusy;
  byId("go-on").hidden = isBusy || done === total || !sender;
  byId("retry").hidden = true;
  showBar();
}

function showWait(seconds, isAway) {
  if (!pictures || sender.isStopped) return;
  if (seconds === null) showProgress();
  else {
    const numbers = { done: pictures.done.length, count: total, isBusy: true };
    status.show(() => t(isAway ? "away" : "busy", { seconds }), numbers);
    byId("retry").hidden = false;
  }
}

function showBlocked(error) {
  showProgress();
  status.show(() => folder.told(error), { done: pictures.done.length, count: total });
  if (error.status === 401) trouble(error);
}

function openGroups(picture, button) {
  if (isHeld(pictures) || pictures.isLocked || picture.error) return;
  openMenu(button, pictures, picture, (name) => choose(picture, name));
}

function choose(picture, name) {
  if (isHeld(pictures)) return;
  const before = pictures.groupOf(picture);
  const card = cards.cards.get(picture);
  const hasKeyboard = card.contains(document.activeElement);
  const next = hasKeyboard ? neighbour(card) : null;
  pictures.choose(picture, name);
  const group = pictures.groupOf(picture);
  if (group === before) return;
  status.toast(t("corrected", { name: picture.path.split("/").pop(), group: className(group) }));
  if (hasKeyboard && !document.querySelector("dialog[open]")) cards.focus(next ?? card);
}

function neighbour(card) {
  const shown = cards.visible;
  const at = shown.indexOf(card);
  return shown[at + 1] ?? shown[at - 1];
}

function undoChoice() {
  const picture = isHeld(pictures) ? null : pictures?.undo();
  if (!picture) return;
  const group = className(pictures.groupOf(picture));
  status.toast(t("back", { name: picture.path.split("/").pop(), group }));
  cards.focus(cards.cards.get(picture));
}

function lookClosely(picture) {
  const order = cards.visible.map((card) => card.picture);
  openDetail({
    pictures,
    picture,
    neighbours: () => order,
    choose,
    closed: (last) => cards?.focus(cards.cards.get(last)),
  });
}

function keepFailed(error) {
  status.toast(t("keepFailed", { why: folder.told(error) }));
  showBar();
}

function showBar() {
  if (!pictures) return;
  const isKept = Boolean(keeper && !keeper.isBroken);
  fillBar(pictures, { isKept, isRunning: isRunning(), isFolder: Boolean(looking) });
}

function showBelow() {
  const value = Number(byId("below").value);
  byId("below-value").textContent = value >= 100 ? t("anySure") : percent(value / 100);
}

async function carryOut(work, words, isAway) {
  if (isHeld(pictures)) return;
  const mine = pictures; // Null on the first screen.
  const isShown = () => mine && mine === pictures;
  try {
    const moved = holding(mine, isAway, work);
    showBar();
    const report = await moved;
    if (isShown()) {
      folder.showReport(report, words, isAway);
      cards.refresh();
      showProgress();
    } else folder.sayReport(report, words);
  } catch (error) {
    if (isShown()) status.show(() => folder.told(error));
    else status.toast(folder.told(error));
  } finally {
    showBar();
  }
}

async function apply() {
  const mine = pictures;
  if ((await folder.confirmMoves(mine)) && mine === pictures) {
    await carryOut(() => folder.applyMoves(mine), "moved", true);
    byId("undo-move").focus();
  }
}

/** From the first screen: go on with a move that was interrupted, or take the last one back. */
async function settle(isOn) {
  const { unfinished } = server.folder;
  const isAway = isOn && !unfinished.back;
  const work = isOn ? folder.resumeMoves : folder.undoMoves;
  await carryOut(() => work(unfinished), isAway ? "moved" : "returned", isAway);
  await begin();
  if (!pictures) byId("main").focus(); // The button is gone.
}

const SAVED = {
  "save-plan": () => download("plan.json", planJson(pictures), "application/json"),
  "save-list": () => download("pictures.csv", listCsv(pictures), "text/csv"),
  "save-corrections": () => {
    download("changes.csv", correctionsCsv(pictures), "text/csv");
    isSaved = true;
  },
};

const PRESSED = {
  language: () => {
    setLanguage(language() === "ar" ? "en" : "ar");
    remember("language", language());
  },
  theme: () => {
    const { dataset } = document.documentElement;
    dataset.theme = dataset.theme === "dark" ? "light" : "dark";
    remember("theme", dataset.theme);
  },
  help: () => byId("help-dialog").showModal(),
  choose: () => byId("files").click(),
  "choose-folder": () => byId("folder").click(),
  add: () => byId("files").click(),
  "sort-folder": sortFolder,
  "undo-last": () => settle(false),
  "undo-unfinished": () => settle(false),
  "resume-unfinished": () => settle(true),
  "start-again": async () => {
    if (!isHeld(pictures) && (await mayLeave())) startAgain();
  },
  stop: () => {
    sender?.stop();
    looking?.abort();
    looking = null;
    showProgress();
  },
  "go-on": () => {
    sender.resume();
    status.startClock(pictures.done.length);
    showProgress();
  },
  retry: () => sender.hurry?.(),
  "retry-start": begin,
  "clear-filter": () => {
    byId("search").value = "";
    byId("below").value = 100;
    showBelow();
    cards.refilter({ group: null, below: 1, text: "" });
  },
  undo: undoChoice,
  apply,
  "undo-move": () => carryOut(() => folder.undoMoves(), "returned", false),
  ...Object.fromEntries(
    Object.entries(SAVED).map(([id, save]) => [
      id,
      () => {
        byId("downloads").hidePopover();
        save();
      },
    ]),
  ),
};

for (const [id, action] of Object.entries(PRESSED)) byId(id).addEventListener("click", action);
for (const id of ["files", "folder"]) {
  byId(id).addEventListener("change", () => take(fromInput(byId(id))));
}
byId("search").addEventListener("input", ({ target }) =>
  cards.refilter({ text: target.value.trim().toLocaleLowerCase() }),
);
byId("below").addEventListener("input", ({ target }) => {
  showBelow();
  cards.refilter({ below: Number(target.value) / 100 });
});
byId("order").addEventListener("change", ({ target }) => cards.reorder(target.value));
byId("login-form").addEventListener("submit", () => {
  setToken(byId("token").value.trim());
  begin();
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

onDrop(take);
addEventListener("beforeunload", (event) => {
  if (isLost() || (pictures && isRunning())) event.preventDefault();
});

keys.listen(byId("groups"), () => cards, {
  choose: (card, index) => {
    const name = pictures.classes[index];
    if (name) choose(card.picture, name);
  },
  menu: (card) => openGroups(card.picture, card.querySelector(".more")),
  undo: undoChoice,
  search: () => byId("search").focus(),
  help: PRESSED.help,
});

onLanguage(() => {
  fillStart(models, server, begin);
  showBelow();
  status.again();
  if (!pictures) return;
  cards.refresh();
  refreshDetail();
  showBar();
});
byId("more-tools").open = matchMedia("(min-width: 721px)").matches;
byId("choose-folder").hidden = !("webkitdirectory" in byId("folder"));
takeToken();
setLanguage(language());
begin();

// The folder of the service: look at it, move pictures, take the move back.
import { askLines } from "./api.js";
import { errorText, t } from "./language.js";
import * as status from "./status.js";

const byId = (id) => document.getElementById(id);

/** Look at every picture of the folder; `pictures` fills as the answers come. */
export async function look(pictures, signal, begun) {
  status.show(() => t("finding"), { count: 1, isBusy: true });
  for await (const line of askLines("/v1/gallery/plan", { model: pictures.model }, { signal })) {
    if (line.total !== undefined) {
      pictures.folders = line.folders;
      begun(line.total);
    } else if (line.path === undefined) {
      throw Object.assign(new Error(line.error.message), line.error);
    } else {
      const picture = { path: line.path };
      pictures.add(picture);
      pictures.answer(picture, line);
    }
  }
}

/** Ask whether the pictures are to be moved; resolves to true or false. */
export function confirmMoves(pictures) {
  const dialog = byId("confirm");
  const counts = new Map();
  for (const [, group] of pictures.moves) counts.set(group, (counts.get(group) ?? 0) + 1);
  byId("confirm-title").textContent = t("confirmTitle", { count: pictures.moves.length });
  byId("confirm-list").replaceChildren(
    ...[...counts].map(([name, count]) => {
      const line = document.createElement("li");
      line.textContent = t("confirmLine", { name, count });
      return line;
    }),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

/** Move the pictures, with what was changed by hand; returns the report. */
export function applyMoves(pictures) {
  const changes = Object.fromEntries(pictures.changed.map((p) => [p.path, p.chosen]));
  const moves = Object.fromEntries(pictures.moves.map(([p, group]) => [p.path, group]));
  return carriedOut("/v1/gallery/apply", { changes, moves }, "moving");
}

/** Take the latest move back, or the one that was interrupted, which may be older. */
export const undoMoves = (unfinished = null) =>
  carriedOut("/v1/gallery/undo", { unfinished: Boolean(unfinished) }, "returning");

/** Go on with what was interrupted: a move, or an undo. */
export const resumeMoves = ({ back }) =>
  carriedOut("/v1/gallery/resume", {}, back ? "returning" : "moving");

async function carriedOut(path, content, words) {
  // Every file is told there, which is too often to be read out.
  byId("unfinished").setAttribute("aria-busy", "true");
  try {
    return await followed(path, content, words);
  } finally {
    byId("unfinished").removeAttribute("aria-busy");
  }
}

async function followed(path, content, words) {
  for await (const line of askLines(path, content)) {
    if (line.error) throw Object.assign(new Error(line.error.message), line.error);
    if (line.report) return line.report;
    const { done, of: count } = line;
    status.show(() => t(words, { done, count }), { done, count, isBusy: true });
    // One of these is in sight when it was begun on the first screen.
    for (const id of ["last-text", "unfinished-text"]) byId(id).textContent = t(words, { done, count });
  }
  throw Object.assign(new Error(t("offline")), { code: "offline" });
}

/** Show what became of a move, and offer to take it back. */
export function showReport(report, words, canUndo) {
  byId("result").hidden = false;
  byId("result-text").textContent = t(words, { count: report.moved });
  byId("undo-move").hidden = !canUndo;
  showLeft("left", report.left);
}

/** Say the same on the first screen. */
export function sayReport(report, words) {
  status.toast(t(words, { count: report.moved }));
  showLeft("last-left", report.left);
}

function showLeft(id, left) {
  const list = byId(id);
  list.hidden = !left.length;
  list.querySelector("summary").textContent = t("left", { count: left.length });
  list.querySelector("ul").replaceChildren(
    ...left.map(({ path, reason }) => {
      const line = document.createElement("li");
      const name = document.createElement("bdi");
      name.textContent = path;
      line.append(name, ` — ${reason}`);
      return line;
    }),
  );
}

export const told = (error) => (error.code === "offline" ? t("offline") : errorText(error));

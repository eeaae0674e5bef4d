// The first screen: what can be looked for, and the folder of the service.
import { day, modelName, t } from "./language.js";

const byId = (id) => document.getElementById(id);
const AGAIN = 2000; // Milliseconds.
let asking = null;

/** Show what the service told of its models and its folder; ask again while pictures are moved. */
export function fillStart(models, server, askAgain) {
  const select = byId("model");
  const before = select.value || models.find((model) => model.default)?.name;
  const names = models.map(({ name }) => [modelName(name), name]);
  // A list that is the same stays: it may be open.
  if (String(names) !== String([...select.options].map(({ text, value }) => [text, value]))) {
    select.replaceChildren(...names.map(([said, name]) => new Option(said, name)));
    select.value = before;
  }
  byId("forgotten").textContent = t(server.corrections ? "promise2kept" : "promise2");
  const there = server.folder;
  clearTimeout(asking);
  if (there?.moving) asking = setTimeout(askAgain, AGAIN);
  byId("folder-card").hidden = !there;
  byId("unfinished").hidden = true;
  if (!there) return;
  byId("folder-title").textContent = t("folderTitle", { name: there.name });
  byId("folder-count").textContent = t("folderCount", { count: there.pictures });
  const { last, moving, unfinished } = there;
  const isBusy = moving || Boolean(unfinished);
  byId("sort-folder").disabled = !there.pictures || isBusy;
  byId("unfinished").hidden = !isBusy;
  if (isBusy) byId("unfinished-text").textContent = moving ? t("waitForMove") : leftOff(unfinished);
  byId("resume-unfinished").hidden = moving;
  byId("undo-unfinished").hidden = moving || Boolean(unfinished?.back);
  byId("last").hidden = isBusy || !last;
  if (last) byId("last-text").textContent = t("lastMoved", { count: last.moved, when: day(last.at) });
}

/** Say how far an interrupted move came. */
function leftOff({ at, back, moved, left }) {
  const said = back ? ["interruptedBack", "returned", "toReturn"] : ["interrupted", "moved", "toMove"];
  const [what, went, rest] = said;
  return [t(what, { when: day(at) }), t(went, { count: moved }), t(rest, { count: left })].join(" ");
}

// The bar at the foot: what was changed, and what can be done with it.
import { t } from "./language.js";

const byId = (id) => document.getElementById(id);

/** Show what can be done now. `isKept`: the service keeps changes; `isFolder`: it is being read. */
export function fillBar(pictures, { isKept, isRunning, isFolder }) {
  const changes = pictures.changed.length;
  byId("changes").textContent = changes ? t("corrections", { count: changes }) : "";
  byId("changes-note").textContent = changes ? t(isKept ? "kept" : "notKept") : "";
  byId("undo").hidden = !pictures.history.length || pictures.isLocked;
  byId("save").disabled = !pictures.done.length;
  byId("save-corrections").hidden = !changes;
  byId("add").hidden = Boolean(pictures.folders) || isFolder;
  const apply = byId("apply");
  apply.hidden = !pictures.folders;
  if (!pictures.folders) return;
  const count = pictures.moves.length;
  apply.textContent = t("apply", { count });
  apply.disabled = !count || isRunning || pictures.isLocked;
}

// The first screen: what can be looked for, and the folder of the service.
import { day, modelName, t } from "./language.js";

const byId = (id) => document.getElementById(id);

/** Show what the service told about its models and its folder. */
export function fillStart(models, server) {
  const select = byId("model");
  const before = select.value || models.find((model) => model.default)?.name;
  select.replaceChildren(...models.map(({ name }) => new Option(modelName(name), name)));
  select.value = before;
  byId("forgotten").textContent = t(server.corrections ? "promise2kept" : "promise2");
  const there = server.folder;
  byId("folder-card").hidden = !there;
  if (!there) return;
  byId("folder-title").textContent = t("folderTitle", { name: there.name });
  byId("folder-count").textContent = t("folderCount", { count: there.pictures });
  byId("sort-folder").disabled = !there.pictures;
  const { last } = there;
  byId("last").hidden = !last;
  if (!last) return;
  byId("last-text").textContent = last.interrupted
    ? t("interrupted")
    : t("lastMoved", { count: last.moved, when: day(last.at) });
}

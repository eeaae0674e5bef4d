// Plans and lists to download, and corrections that the service keeps.
import { ask } from "./api.js";
import { reasonsOf } from "./pictures.js";

const nameOf = (path) => path.split("/").pop();

/** The plan as ``epic organize apply plan.json --root FOLDER`` reads it. */
export function planJson(pictures) {
  const seen = new Set();
  const actions = [];
  for (const [picture, group] of pictures.moves) {
    if (seen.has(picture.path)) continue; // Same name, chosen from two folders.
    if (picture.path.startsWith(`${group}/`)) continue; // It is where it belongs.
    seen.add(picture.path);
    actions.push({
      path: picture.path,
      action: "move",
      target: `${group}/${nameOf(picture.path)}`,
      size: picture.size ?? picture.file.size,
      mtime_ns: null,
      sha256: picture.sha256,
      reason: picture.chosen ? "chosen by hand" : reasonsOf(picture, "en").join(", "),
      etag: null,
    });
  }
  return JSON.stringify({ format: "epic-plan", version: 1, root: null, actions }, null, 1);
}

/** A text that a spreadsheet would calculate is marked as text. */
const plain = (value) => (/^[=+\-@\t\r]/.test(value ?? "") ? `'${value}` : value);

/** Every picture with what was found and what was chosen; for people, so nothing is a formula. */
export function listCsv(pictures) {
  const folders = new Map(pictures.moves);
  const rows = pictures.done.map((picture) => {
    const { path, chosen, label, confidence, sha256, error } = picture;
    const texts = [chosen ?? label, label, folders.get(picture)].map(plain);
    return [plain(path), texts[0], confidence, texts[1], texts[2], sha256, error?.code];
  });
  return csv(["relative_path", "class", "confidence", "guess", "folder", "sha256", "error"], rows);
}

/** What was changed, as ``epic train FOLDER --labels`` reads it: paths exactly as they are. */
export function correctionsCsv(pictures) {
  const rows = pictures.changed.map((p) => [p.path, p.chosen, p.label, p.confidence, p.sha256]);
  return csv(["relative_path", "class", "guess", "confidence", "sha256"], rows);
}

function csv(head, rows) {
  const cell = (value) => {
    const text = value === undefined || value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  // Without the mark at the start Excel takes Arabic names for something else.
  return `\ufeff${[head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("")}`;
}

/** Give the browser a file to save. */
export function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  const today = new Date();
  const parts = [today.getFullYear(), today.getMonth() + 1, today.getDate()];
  link.download = `epic-${parts.map((part) => String(part).padStart(2, "0")).join("-")}-${name}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Sends changed labels to the service, one after the other; the last choice of each counts. */
export class Keeper {
  /** @param {function} failed - Called with the first refusal. */
  constructor(model, failed) {
    this.model = model;
    this.failed = failed;
    this.waiting = new Set();
    this.isBusy = false;
    this.isBroken = false;
  }

  async note(picture) {
    if (this.isBroken) return;
    this.waiting.add(picture);
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (const next of this.waiting) {
        this.waiting.delete(next);
        await this.#sendOrWait(next);
      }
    } catch (error) {
      this.isBroken = true;
      this.failed(error);
    } finally {
      this.isBusy = false;
    }
  }

  async #sendOrWait(picture) {
    for (;;) {
      try {
        return await this.#send(picture);
      } catch (error) {
        if (!error.isBusy) throw error;
        await new Promise((done) => setTimeout(done, 1000 * (error.retryAfter || 2)));
      }
    }
  }

  async #send(picture) {
    if (!picture.chosen) {
      if (picture.kept) await ask(`/v1/corrections/${picture.kept}`, { method: "DELETE" });
      picture.kept = null;
      return;
    }
    const query = new URLSearchParams({ model: this.model, class: picture.chosen });
    if (!picture.file) query.set("path", picture.path);
    const response = await ask(`/v1/corrections?${query}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: picture.file ?? "",
    });
    picture.kept = (await response.json()).sha256;
  }
}

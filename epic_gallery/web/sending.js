// Sends pictures in small requests, a few at a time, and waits when the service is busy.
import { ask, linesOf, Refused } from "./api.js";

const MOST_FILES = 8;
const MOST_BYTES = 16 * 2 ** 20;
const AT_ONCE = 2;
const TRIES = 4; // Of one picture, when an answer ends without it.
const LONGEST_WAIT = 30; // Seconds.
const PASSING = new Set(["no_worker", "queue_full", "memory_full", "too_many_requests"]);
/** The status that a refusal has when it is not the end of an answer already begun. */
const statusOf = (code) => (PASSING.has(code) ? 503 : code === "too_slow_upload" ? 408 : 400);

export class Sender {
  /**
   * @param {string} model - Name of the model.
   * @param {object} on - `answer(picture, found)`, `wait(seconds, isAway)` (null: over),
   *   `blocked(error)`, `end()`.
   */
  constructor(model, on) {
    this.model = model;
    this.on = on;
    this.queue = [];
    this.running = 0;
    this.isStopped = this.isBlocked = false;
    this.failures = 0;
    this.abort = new AbortController();
  }

  add(pictures) {
    this.queue.push(...pictures);
    this.#pump();
  }

  /** Give up what is under way; `resume` sends it again. */
  stop() {
    this.isStopped = true;
    this.abort.abort();
  }

  resume() {
    this.isStopped = this.isBlocked = false;
    this.failures = 0;
    this.abort = new AbortController();
    this.#pump();
  }

  #pump() {
    while (!this.isStopped && this.running < AT_ONCE && this.queue.length) {
      this.running += 1;
      this.#send(this.#batch()).finally(() => {
        this.running -= 1;
        this.#pump();
      });
    }
    const isOver = !this.running && (this.isStopped || !this.queue.length);
    if (isOver && !this.isBlocked) this.on.end(); // What blocks it was told, and stays to be read.
  }

  #batch() {
    const batch = [];
    let bytes = 0;
    while (this.queue.length && batch.length < MOST_FILES) {
      bytes += this.queue[0].file.size;
      if (batch.length && bytes > MOST_BYTES) break;
      batch.push(this.queue.shift());
    }
    return batch;
  }

  async #send(batch) {
    const open = new Map(batch.entries());
    const { signal } = this.abort;
    let problem = null;
    try {
      const body = new FormData();
      for (const picture of batch) body.append("files", picture.file, picture.file.name);
      const query = new URLSearchParams({ model: this.model });
      const response = await ask(`/v1/classify?${query}`, { method: "POST", body, signal });
      for await (const line of linesOf(response)) {
        if (line.index === undefined) {
          const { code, message } = line.error;
          problem = new Refused(statusOf(code), code, message);
        } else if (!PASSING.has(line.error?.code)) {
          this.on.answer(open.get(line.index), line);
          open.delete(line.index);
        }
      }
      if (open.size < batch.length) this.failures = 0;
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof Refused)) throw error;
      problem = error;
    }
    await this.#again([...open.values()], problem, signal);
  }

  /** Put pictures without an answer back to the front, or give them up. */
  async #again(pictures, problem, signal) {
    if (!pictures.length) return;
    if (signal.aborted) {
      this.queue.unshift(...pictures);
      return;
    }
    if (problem?.isBusy) {
      this.queue.unshift(...pictures);
      await this.#pause(problem.retryAfter, signal, false);
      return;
    }
    if (problem && problem.status !== 0 && problem.status !== 408) {
      if (problem.status === 413 && pictures.length === 1) this.#giveUp(pictures[0], problem);
      else {
        this.queue.unshift(...pictures);
        this.#block(problem);
      }
      return;
    }
    const isAway = problem?.status === 0;
    const isStuck = Boolean(problem) && this.failures >= TRIES;
    const first = pictures[0]; // The one that was on its way, when the upload was too slow.
    for (const picture of pictures.reverse()) {
      if (isStuck) picture.tries = 0; // Counted anew when somebody goes on.
      else if (!problem || picture === first) picture.tries = (picture.tries ?? 0) + 1;
      if (await isGone(picture.file)) this.#giveUp(picture, { code: "gone" });
      else if (!isAway && picture.tries > TRIES) {
        this.#giveUp(picture, problem ?? { code: "picture_failed" });
      } else this.queue.unshift(picture);
    }
    if (isStuck) this.#block(problem);
    else await this.#pause(0, signal, isAway);
  }

  #giveUp(picture, error) {
    this.on.answer(picture, { error });
  }

  #block(problem) {
    if (this.isStopped) return;
    this.stop();
    this.isBlocked = true;
    this.on.blocked(problem);
  }

  /** Wait as long as asked, and longer each time in a row; a little by chance, so not in step. */
  async #pause(asked, signal, isAway) {
    const least = Math.min(2 ** this.failures, LONGEST_WAIT);
    this.failures += 1;
    const seconds = Math.min(Math.max(asked, least), 600) * (1 + Math.random() / 4);
    this.on.wait(Math.ceil(seconds), isAway);
    await new Promise((done) => {
      const timer = setTimeout(done, 1000 * seconds);
      const early = () => {
        clearTimeout(timer);
        done();
      };
      signal.addEventListener("abort", early, { once: true });
      this.hurry = early;
    });
    this.on.wait(null, isAway);
  }
}

async function isGone(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return false;
  } catch {
    return true;
  }
}

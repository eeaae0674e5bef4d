// Talking to the service: the token, JSON, JSON lines, and what went wrong.

const KEY = "epic.token";
let token = null;

/** A refusal of the service. `status` 0 means that it could not be reached. */
export class Refused extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  get isBusy() {
    return this.status === 429 || this.status === 503;
  }
}

/** Take the token from the link, and out of the address bar; else the one of the last visit. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  try {
    if (given) localStorage.setItem(KEY, given);
    token = given ?? localStorage.getItem(KEY);
  } catch {
    token = given;
  }
  if (given) history.replaceState(null, "", location.pathname + location.search);
}

export function setToken(value) {
  token = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // It lasts as long as the page then.
  }
}

/** Ask the service; throws `Refused` for every answer that is not a success. */
export async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "offline", String(error));
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const { code = String(response.status), message = response.statusText } = told.error ?? {};
  const wait = Number(response.headers.get("Retry-After")) || 0;
  throw new Refused(response.status, code, message, wait);
}

export const getJson = async (path) => (await ask(path)).json();

/** Ask with a JSON body, and yield the JSON lines of the answer as they come. */
export async function* askLines(path, content, options = {}) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(content);
  yield* linesOf(await ask(path, { method: "POST", headers, body, ...options }));
}

/** Yield the JSON lines of an answer. */
export async function* linesOf(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line) yield JSON.parse(line);
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "offline", String(error));
  }
  if (rest) yield JSON.parse(rest);
}

/** Asks the server, with what it needs to know that the request comes from its own page. */

/** The server answered and refused; `status` says how, the message is the server's own sentence. */
export class Refusal extends Error {
  constructor(status, message, retryAfterS) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same request may be sent again as it is; after 401 once the person has logged in again. */
  get isPassing() {
    return [401, 429, 502, 503, 504].includes(this.status);
  }
}

/** No answer came: the server is away, or the connection is. What was asked for may or may not have been done. */
export class NoAnswer extends Error {
  constructor() {
    super("The server does not answer.");
    this.name = "NoAnswer";
  }

  get isPassing() {
    return true;
  }
}

/** Returns the JSON at a path of this server. Throws `Refusal` or `NoAnswer`. */
export function getJson(path, options = {}) {
  return ask(path, { ...options, method: "GET" });
}

/** Sends a body as JSON and returns the JSON that is answered, null where nothing is. Throws `Refusal` or `NoAnswer`. */
export async function postJson(path, body, options = {}) {
  const send = () => {
    const headers = { "content-type": "application/json", "x-csrf-token": findCsrf() };
    return ask(path, { ...options, method: "POST", headers, body: JSON.stringify(body) });
  };
  try {
    return await send();
  } catch (error) {
    if (error.status === 403 && (await renewSession())) return send();
    throw error;
  }
}

/** Returns what requests that change something bring with them. */
export function findCsrf() {
  return document.querySelector('meta[name="csrf"]')?.content ?? "";
}

/**
 * Takes over the session of a person who logged in again in another tab, and returns whether there is a new one.
 *
 * Throws `Refusal` if somebody else logged in: what one person decided is never sent in another's name.
 */
async function renewSession() {
  const answer = await send("/", { cache: "no-store", redirect: "manual", headers: { accept: "text/html" } });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const find = (where, name) => where.querySelector(`meta[name="${name}"]`);
  const csrf = find(page, "csrf")?.content;
  if (!csrf || csrf === findCsrf()) return false;
  if (find(page, "account")?.content !== find(document, "account")?.content) {
    throw new Refusal(409, "Somebody else has logged in in this browser. Load the page again.", 0);
  }
  find(document, "csrf").content = csrf;
  return true;
}

async function ask(path, options) {
  const headers = { accept: "application/json", ...options.headers };
  const answer = await send(path, { ...options, headers, cache: "no-store", redirect: "manual" });
  if (answer.type === "opaqueredirect") {
    throw new Refusal(401, "Your session has ended. Log in again.", 0);
  }
  const told = await read(answer);
  if (!answer.ok) {
    const message = told?.message ?? `The server answered ${answer.status}.`;
    throw new Refusal(answer.status, message, Number(answer.headers.get("retry-after")) || 0);
  }
  return told;
}

async function send(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer();
  }
}

async function read(answer) {
  const kind = answer.headers.get("content-type") ?? "";
  if (answer.status === 204 || !kind.includes("json")) return null;
  try {
    return await answer.json();
  } catch {
    throw new NoAnswer();
  }
}

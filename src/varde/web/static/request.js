/** Asks the server, with what it needs to know that the request comes from its own page. */

/** The server answered and refused; `status` says how, the message is the server's own sentence. */
export class Refusal extends Error {
  constructor(status, message, retryAfterS) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same request may be sent again as it is. */
  get isPassing() {
    return [429, 502, 503, 504].includes(this.status);
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
export function postJson(path, body, options = {}) {
  const headers = { "content-type": "application/json", "x-csrf-token": findCsrf() };
  return ask(path, { ...options, method: "POST", headers, body: JSON.stringify(body) });
}

/** Returns what requests that change something bring with them. */
export function findCsrf() {
  return document.querySelector('meta[name="csrf"]')?.content ?? "";
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

/**
 * Keeps the ledger of what a person has to see, for the person: `see` and `unsee` say what is on the screen.
 *
 * The server's answer says when a break or a limit that the person chose is reached; this shows it, calmly, and blocks
 * nothing.
 */

import { dismiss, raise } from "./announce.js";
import { findCsrf } from "./request.js";
import { Viewing } from "./viewing.js";

const STEP_MS = 1_000;
const FLUSH_MS = 15_000;
const AWAY_MS = 300_000;
const QUIET_MS = 15 * 60_000;
const MOST_ENTRIES = 400;
const QUIET_KEY = "varde.quiet";

const viewing = new Viewing();
let lastSign = performance.now();
let lastFlush = performance.now();
let isSending = false;
let timer = 0;

/** An item of a case is on the screen now, at a level of `Reveal` (0 veiled ... 4 full). */
export function see(caseId, itemId, level) {
  if (!timer) start();
  viewing.see(Number(caseId), Number(itemId), Number(level), performance.now());
}

/** An item is not on the screen any more. */
export function unsee(itemId) {
  viewing.unsee(Number(itemId), performance.now());
}

/** A face of a page that names no items is on the screen now: the page's path and its number for that face stand for it. */
export function seeAt(place, number, level) {
  if (!timer) start();
  viewing.see(place, `${place} ${number}`, level, performance.now());
}

/** A face of such a page is not on the screen any more. */
export function unseeAt(place, number) {
  viewing.unsee(`${place} ${number}`, performance.now());
}

/** Tells the server what it was not told yet. */
export async function flush() {
  if (isSending) return;
  isSending = true;
  lastFlush = performance.now();
  try {
    for (const [caseId, entries] of viewing.take(performance.now(), MOST_ENTRIES)) await send(caseId, entries);
  } finally {
    isSending = false;
  }
}

function start() {
  timer = window.setInterval(step, STEP_MS);
  for (const kind of ["keydown", "pointermove", "pointerdown", "wheel", "scroll"]) {
    window.addEventListener(kind, noteSign, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", noteVisibility);
  window.addEventListener("pagehide", leave);
}

function step() {
  const now = performance.now();
  if (document.hidden || now - lastSign > AWAY_MS) {
    viewing.pause(now);
    return;
  }
  viewing.resume(now);
  if (now - lastFlush >= FLUSH_MS) flush();
}

function noteSign() {
  lastSign = performance.now();
}

function noteVisibility() {
  if (document.hidden) {
    leave();
  } else {
    noteSign();
    viewing.resume(performance.now());
  }
}

/** The page may never run again: what is not told now is not told at all. */
function leave() {
  viewing.pause(performance.now());
  for (const [caseId, entries] of viewing.take(performance.now(), MOST_ENTRIES)) send(caseId, entries);
}

async function send(caseId, entries) {
  let answer;
  try {
    answer = await fetch(typeof caseId === "string" ? `${caseId}/exposure` : `/cases/${caseId}/exposure`, {
      method: "POST",
      keepalive: true,
      redirect: "manual",
      cache: "no-store",
      headers: { "content-type": "application/json", "x-csrf-token": findCsrf() },
      body: JSON.stringify({ seen: typeof caseId === "string" ? entries.map(nameFace) : entries }),
    });
  } catch {
    viewing.putBack(caseId, entries);
    return;
  }
  if (answer.status === 429 || answer.status >= 500) viewing.putBack(caseId, entries);
  if (!answer.ok) return;
  const told = await answer.json().catch(() => null);
  if (told) showAdvice(told.advice);
}

function nameFace({ item_id: name, ...entry }) {
  return { face: Number(name.split(" ").pop()), ...entry };
}

/** Shows what is advised and takes away what is not any more; what was put aside stays quiet for a while. */
function showAdvice(advice) {
  const quiet = readQuiet();
  for (const key of ["break", "items", "minutes"]) {
    const found = advice.find((one) => one.kind === key);
    if (!found) {
      dismiss(key);
    } else if (!(Date.now() < quiet[key]) && !isShown(key)) {
      raise(found.text, { key, canDismiss: false, actions: listActions(key) });
    }
  }
}

function listActions(key) {
  return [{ label: "Later", act: () => putAside(key) }];
}

function putAside(key) {
  sessionStorage.setItem(QUIET_KEY, JSON.stringify({ ...readQuiet(), [key]: Date.now() + QUIET_MS }));
  dismiss(key);
}

function readQuiet() {
  try {
    return JSON.parse(sessionStorage.getItem(QUIET_KEY)) ?? {};
  } catch {
    return {};
  }
}

function isShown(key) {
  return [...document.querySelectorAll("#notices .notice")].some((notice) => notice.dataset.key === key);
}

/** What the person chose for the pages, as the page says it, and how a new choice is remembered. */

import { postJson } from "./request.js";

/** Returns the person's preferences. */
export function readPreferences() {
  const facts = document.body.dataset;
  return {
    startLevel: Number(facts.startLevel ?? 0),
    tilePx: Number(facts.tilePx ?? 160),
    autoAdvance: facts.autoAdvance === "true",
    order: facts.order ?? "relevance",
  };
}

/** Remembers a choice, such as `{tile_px: 200}`; a choice that could not be kept holds for this page all the same. */
export async function remember(changes) {
  try {
    await postJson("/account/preferences", changes);
    return true;
  } catch {
    return false;
  }
}

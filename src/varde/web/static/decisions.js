/**
 * What a person decides: shown at once, sent in order, put back if it was refused, and undone on demand.
 *
 * A tile is a copy of what the server last said (`settled`) with what is being saved on top of it.
 */

import { Outbox } from "./outbox.js";

const MOST_UNDONE = 200;

export class Decisions {
  /**
   * source: see `Grid`. changed(tiles): these tiles are to be drawn again. told(text): something went well.
   * failed(text): something did not. troubled(error, waiting) and calm(): see `Outbox`.
   */
  constructor(source, { changed, told, failed, troubled, calm, find }) {
    this.source = source;
    this.changed = changed;
    this.told = told;
    this.failed = failed;
    this.find = find;
    this.outbox = new Outbox({ onTrouble: troubled, onCalm: calm });
    this.settled = new Map();
    this.acts = [];
  }

  /** Whether a decision about an item is on its way. */
  isPending(itemId) {
    return this.settled.has(itemId);
  }

  /** What would be undone next, "" where nothing can be. */
  get undoable() {
    return this.acts.at(-1)?.summary ?? "";
  }

  /** Records a grade, or with null its withdrawal, for tiles. */
  async decide(tiles, code, { wholeStacks, note = "" }) {
    const act = { summary: summarise(tiles, code, wholeStacks), undo: null };
    const ids = tiles.map((tile) => tile.item_id);
    this.#begin(tiles, (tile) => (tile.items > 1 && !wholeStacks ? {} : { code, mixed: false }));
    this.acts = [...this.acts.slice(1 - MOST_UNDONE), act];
    this.told(act.summary);
    await this.#finish(ids, act, (isRepeated) => this.source.decide(ids, code, { wholeStacks, note, isRepeated }));
  }

  /** Takes the newest act back. */
  async undo() {
    const act = this.acts.pop();
    if (!act) {
      this.told("There is nothing to undo.");
      return;
    }
    const tiles = act.ids.map((itemId) => this.find(itemId)).filter(Boolean);
    this.#begin(tiles, () => ({}));
    const answer = await this.#finish(act.ids, { summary: `undo of ${act.summary}` }, (isRepeated) =>
      act.undo ? this.source.undo(act.undo, { isRepeated }) : { tiles: [] },
    );
    if (answer?.kept) this.failed(`Not all undone: ${answer.kept} of the items were decided again since, and stay.`);
    else if (answer && act.undo) this.told(`Undone: ${act.summary}`);
  }

  #begin(tiles, change) {
    for (const tile of tiles) {
      const kept = this.settled.get(tile.item_id) ?? { tile: { ...tile }, pending: 0 };
      this.settled.set(tile.item_id, { ...kept, pending: kept.pending + 1 });
      Object.assign(tile, change(tile));
    }
    this.changed();
  }

  async #finish(ids, act, run) {
    act.ids = ids;
    try {
      const answer = await this.outbox.send(run);
      act.undo = answer?.undo ?? null;
      this.#settle(ids, answer?.tiles ?? []);
      return answer ?? {};
    } catch (error) {
      this.acts = this.acts.filter((other) => other !== act);
      this.#settle(ids, []);
      this.failed(`Not saved: ${act.summary}. ${error.message}`);
      return null;
    }
  }

  /** Ends the wait for tiles; each shows what the server said last as soon as nothing about it is on its way. */
  #settle(ids, answered) {
    const fresh = new Map(answered.map((tile) => [tile.item_id, tile]));
    const before = new Map();
    for (const itemId of ids) {
      const kept = this.settled.get(itemId);
      if (!kept) continue;
      before.set(itemId, kept.tile.undecided);
      kept.tile = fresh.get(itemId) ?? kept.tile;
      kept.pending -= 1;
      if (kept.pending > 0) continue;
      this.settled.delete(itemId);
      const shown = this.find(itemId);
      if (shown) Object.assign(shown, kept.tile);
    }
    const undecided = [...fresh.values()].reduce((sum, tile) => sum + tile.undecided, 0);
    const had = [...fresh.keys()].reduce((sum, itemId) => sum + (before.get(itemId) ?? 0), 0);
    this.changed(fresh.size ? had - undecided : 0);
  }
}

function summarise(tiles, code, wholeStacks) {
  const items = tiles.reduce((sum, tile) => sum + (wholeStacks ? tile.items : 1), 0);
  const what = items === 1 ? "1 item" : `${items.toLocaleString("en")} items`;
  return code === null ? `grade withdrawn from ${what}` : `grade ${code} for ${what}`;
}

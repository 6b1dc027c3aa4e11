/** The page on which a queue is worked through: a grid whose tiles are given to one person, a few at a time. */

import { announce, raise } from "./announce.js";
import { add, openDialog } from "./dialogs.js";
import { Grid } from "./grid.js";
import { readPreferences, remember } from "./preferences.js";
import { getJson, postJson } from "./request.js";

const BATCH = 20;
const REMEMBER_MS = 800;
const WHY_NOTHING = {
  given: "",
  empty: "Nothing is left for you in this queue now. Others may still hold some of it; it may come back.",
  closed: "This queue was closed: nothing is given out any more. What you decided is kept.",
  opted_out: "You are not reviewing, so you are given nothing. You can begin again on your account's page.",
};

/** Where the tiles of a queue come from; each is decided on for itself, and may be asked for twice. */
class QueueSource {
  constructor(queueId) {
    this.path = `/queues/${queueId}`;
    this.supply = "given";
    this.held = [];
  }

  /** Gives what is in hand, filled up. Only the first page is asked for: a queue has no later ones. */
  async page() {
    const { tiles, supply } = await postJson(`${this.path}/take`, { count: BATCH });
    this.supply = supply;
    this.held = tiles.map((tile) => tile.item_id);
    const items = tiles.reduce((sum, tile) => sum + tile.items, 0);
    const undecided = tiles.reduce((sum, tile) => sum + tile.undecided, 0);
    return { tiles, next: null, figures: { items, stacks: tiles.length, decided_items: items - undecided } };
  }

  async decide(itemIds, code, { note }) {
    const tiles = [];
    const undo = [];
    for (const itemId of itemIds) {
      const done = await postJson(`${this.path}/done`, { item_id: itemId, code, note });
      tiles.push(...done.tiles);
      undo.push({ item_id: itemId, first: done.first, last: done.last });
    }
    return { tiles, undo };
  }

  async undo(acts) {
    const tiles = [];
    for (const act of acts) tiles.push(...(await postJson(`${this.path}/undo`, act)).tiles);
    if (acts.some((act) => !this.held.includes(act.item_id))) this.onGone?.();
    return { tiles };
  }

  /** The members of a stack can be looked at, not decided on one by one. */
  stack(itemId) {
    return {
      page: (cursor) => getJson(`/items/${itemId}/stack?limit=60${cursor ? `&after=${cursor}` : ""}`),
      decide: refuse,
      undo: refuse,
    };
  }

  giveBack(itemId, how, note = "") {
    return postJson(`${this.path}/return`, { item_id: itemId, how, note });
  }
}

async function refuse() {
  throw new Error("In a queue the stack is decided on as a whole.");
}

class QueuePage {
  constructor(element) {
    this.source = new QueueSource(element.dataset.queue);
    this.source.onGone = () => this.grid.reload();
    this.isBlind = element.dataset.blind === "true";
    this.grid = new Grid(element, this.source, {
      codes: JSON.parse(element.dataset.codes),
      caseId: Number(element.dataset.case),
      preferences: readPreferences(),
      label: this.isBlind ? "Items for your second opinion" : "Items given to you",
      emptyText: WHY_NOTHING.empty,
      canWithdraw: false,
      onEmpty: () => this.#takeMore(),
      onFigures: () => this.#tellWhyNothing(),
      onResize: (tilePx) => this.#keep({ tile_px: tilePx }),
      extraKeys: this.#listCommands(),
    });
    document.querySelector("#skip").addEventListener("click", () => this.#skip());
    document.querySelector("#escalate").addEventListener("click", () => this.#escalate());
    document.querySelector("#hand-back").addEventListener("click", () => this.#handBack());
  }

  #listCommands() {
    const group = "This queue";
    return [
      { keys: ["q"], group, label: "Hand everything back and stop", act: () => this.#handBack() },
      { keys: ["x"], group, label: "Skip: somebody else will decide", act: () => this.#skip() },
      { keys: ["e"], group, label: "Escalate: a more experienced person decides", act: () => this.#escalate() },
    ];
  }

  #tellWhyNothing() {
    const text = WHY_NOTHING[this.source.supply];
    if (this.grid && text) this.grid.options.emptyText = text;
  }

  /** Everything in hand is decided: more is taken, until nothing is left. */
  async #takeMore() {
    if (!this.source.held.length) return;
    const before = this.source.held;
    await this.grid.decisions.outbox.last;
    await this.grid.reload();
    if (this.source.held.length && this.source.held.some((itemId) => !before.includes(itemId))) {
      announce(`${this.source.held.length} more were given to you`);
    }
  }

  /** The open tiles that an act is about, as they are now: later the focus may lie on another one. */
  get #open() {
    return this.grid.targets.filter((tile) => tile.undecided > 0);
  }

  /** Skips nothing that nobody has seen: while something is given back, the next tile is not here yet. */
  async #skip() {
    if (!this.givingBack) await this.#giveBack(this.#open, "skipped");
  }

  async #escalate() {
    await this.givingBack;
    const tiles = this.#open;
    if (!tiles.length || document.querySelector("dialog[open]")) return;
    const note = await askWhy();
    if (note !== null) await this.#giveBack(tiles, "escalated", note);
  }

  async #giveBack(tiles, how, note = "") {
    this.givingBack = this.#sendBack(tiles, how, note);
    await this.givingBack;
    this.givingBack = null;
  }

  async #sendBack(tiles, how, note) {
    if (!tiles.length) return;
    this.grid.selection.clear();
    try {
      for (const tile of tiles) await this.source.giveBack(tile.item_id, how, note);
      announce(`${tiles.length} ${how}`);
    } catch (error) {
      raise(note ? `${error.message} Your note was: ${note}` : error.message, { attention: true });
    }
    await this.grid.reload();
  }

  async #handBack() {
    try {
      await this.grid.decisions.outbox.last;
      await this.source.giveBack(null, "handed_back");
      window.location.assign("/queues");
    } catch (error) {
      raise(error.message, { attention: true });
    }
  }

  #keep(changes) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => remember(changes), REMEMBER_MS);
  }
}

/** Asks what a more experienced person should know; null where it was thought better of. */
function askWhy() {
  return new Promise((resolve) => {
    let note = null;
    openDialog("Have a more experienced person decide", (body, close) => fillWhy(body, (text) => {
      note = text;
      close();
    }), { onClose: () => resolve(note) });
  });
}

function fillWhy(body, chosen) {
  const form = add(body, "form", "form");
  const label = add(form, "label", "field", "What should they know?");
  const text = add(label, "textarea");
  text.maxLength = 2000;
  text.autofocus = true;
  const button = add(add(form, "div", "actions"), "button", "primary", "Escalate");
  button.type = "submit";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    chosen(text.value.trim());
  });
}

new QueuePage(document.querySelector("#grid"));

/**
 * A grid of tiles that fills its element: pages as large as the window, one page of elements however many items there
 * are, everything by key and by button.
 *
 * `new Grid(element, source, options)` where `source` has
 *   page(cursor) -> Promise<{tiles, next, figures}>   the tiles after a cursor, null at first; `next` is null at the end
 *   decide(itemIds, code, {wholeStacks, note, isRepeated}) -> Promise<{tiles, undo}>   `undo` is a token, or null
 *   undo(token, {isRepeated}) -> Promise<{tiles}>
 *   stack(itemId) -> source                           optional: the members of a stack
 * and `options` are `codes` (of the case's scheme), `caseId`, `preferences` (of preferences.js), and, optional, `label`,
 * `onEmpty` (nothing is left undecided and no more will come), `onFigures` (they changed), `extraKeys` (commands of
 * keys.js), `wholeStacks` (true), `canWithdraw` (true), `emptyText`, `takesFocus` (once, when the
 * first page is there), `onResize(tilePx)`.
 *
 * For pages: `reload()`, `update(tiles)`, `focused`, `targets`, `resize(tilePx)`, `close()`.
 */

import { ActionBar } from "./action_bar.js";
import { announce, dismiss, raise } from "./announce.js";
import { Board } from "./board.js";
import { listCommands } from "./commands.js";
import { Decisions } from "./decisions.js";
import { add, askForNote, chooseCode, openDialog, showHelp } from "./dialogs.js";
import { Keys } from "./keys.js";
import { LEVEL_NAMES, Reveal } from "./reveal.js";
import { Selection } from "./selection.js";
import { TileList } from "./tile_list.js";
import { Watching } from "./watching.js";

const ICONS = new URL("./icons.svg", import.meta.url).pathname;
const MOST_LOOKED_AT = 1500;
const [LEAST_TILE_PX, MOST_TILE_PX] = [96, 320];

export class Grid {
  constructor(element, source, options) {
    this.element = element;
    this.source = source;
    this.options = { wholeStacks: true, canWithdraw: true, label: "Items", emptyText: "Nothing is here.", ...options };
    this.codes = options.codes;
    this.canWithdraw = this.options.canWithdraw;
    this.preferences = options.preferences;
    this.tilePx = options.preferences.tilePx;
    this.reveal = new Reveal(options.preferences.startLevel);
    this.watching = new Watching(options.caseId);
    this.selection = new Selection();
    this.decisions = new Decisions(source, this.#listen());
    this.keys = new Keys([...listCommands(this), ...(options.extraKeys ?? [])]);
    this.bar = new ActionBar(this, this.keys);
    this.board = new Board({ label: this.options.label, icons: ICONS, onResize: () => this.#refit() });
    this.empty = document.createElement("p");
    this.empty.className = "empty grid-empty";
    this.empty.hidden = true;
    element.classList.add("grid");
    element.replaceChildren(this.board.element, this.empty, this.bar.element);
    this.#bind();
    this.board.fit(this.tilePx);
    this.board.watch();
    this.reload();
  }

  /** The tile in focus, undefined where there is none. */
  get focused() {
    return this.list.get(this.at);
  }

  /** The tiles that a decision is about: those chosen, or else the one in focus. */
  get targets() {
    const chosen = [...this.selection.ids].map((itemId) => this.list.find(itemId)).filter(Boolean);
    return chosen.length ? chosen : [this.focused].filter(Boolean);
  }

  get canExpand() {
    return Boolean(this.source.stack) && (this.focused?.items ?? 0) > 1;
  }

  /** Index of the first and of the last tile of the page. */
  get first() {
    return this.start;
  }

  get last() {
    return Math.max(this.start, Math.min(this.start + this.board.size, this.list.count) - 1);
  }

  /** Begins again at the first tile. */
  async reload() {
    this.list = new TileList((cursor) => this.source.page(cursor));
    this.at = 0;
    this.start = 0;
    this.selection.clear();
    await this.goTo(0);
  }

  /** Takes over what the server says of some tiles. */
  update(tiles) {
    for (const tile of tiles) {
      const shown = this.list.find(tile.item_id);
      if (shown) Object.assign(shown, tile);
    }
    this.draw();
  }

  /** Stops listening and looking. */
  close() {
    this.board.stop();
    this.watching.show(new Map());
    this.release.abort();
  }

  /** Moves the focus by a number of tiles; with isReaching the selection follows. */
  async move(by, { isReaching = false } = {}) {
    const to = this.at + by;
    if (to < 0) return;
    if (isReaching) {
      await this.list.reach(to, to + 1).catch(() => {});
      const aim = Math.min(to, this.list.count - 1);
      this.selection.reach(this.at, aim, this.list);
      announce(`${this.selection.count} chosen`);
      await this.goTo(aim);
    } else {
      this.selection.anchor = null;
      await this.goTo(to);
    }
  }

  /** Turns the page, keeping the place on it. */
  turn(by) {
    const to = this.at + by * this.board.size;
    return this.goTo(to < 0 ? 0 : to);
  }

  /** Puts the focus on a tile by index, turning the page if it is on another one. */
  async goTo(index) {
    this.wanted = index;
    const start = Math.floor(index / this.board.size) * this.board.size;
    if (!(await this.#reach(start))) return;
    if (this.wanted !== index) return;
    const isTurned = start !== this.start;
    this.at = Math.max(0, Math.min(index, this.list.count - 1));
    this.start = Math.floor(this.at / this.board.size) * this.board.size;
    this.reveal.follow(this.focused?.item_id ?? null);
    this.draw();
    this.#focus();
    if (isTurned) announce(`Page ${this.#page.toLocaleString("en")}`);
    this.#lookAhead();
  }

  /** Puts the focus on the next tile with something undecided. */
  async goToOpen() {
    const from = this.at + 1;
    for (let index = from; index < from + MOST_LOOKED_AT; index += 1) {
      if (!this.list.get(index)) {
        const isThere = !this.list.isComplete || index < this.list.count;
        if (!isThere || !(await this.#reach(index))) break;
      }
      const tile = this.list.get(index);
      if (!tile) break;
      if (tile.undecided > 0) return this.goTo(index);
    }
    const isEnd = this.list.isComplete;
    announce(isEnd ? "Nothing undecided follows." : `Nothing undecided in the next ${MOST_LOOKED_AT}.`);
    return undefined;
  }

  toggle(index) {
    const tile = this.list.get(index);
    if (!tile) return;
    this.selection.toggle(tile.item_id);
    this.selection.anchor = index;
    announce(`${this.selection.count} chosen`);
    this.draw();
  }

  choosePage() {
    this.selection.choose(this.#shown.filter(Boolean).map((tile) => tile.item_id));
    announce(`${this.selection.count} chosen`);
    this.draw();
  }

  chooseNone() {
    this.selection.clear();
    announce("None chosen");
    this.draw();
  }

  /** Records a grade, or with null its withdrawal, and goes on to the next tile if the person wants that. */
  async decide(code, note = "") {
    const tiles = this.targets;
    if (!tiles.length) return;
    const isOne = !this.selection.count;
    this.selection.clear();
    const done = this.decisions.decide(tiles, code, { wholeStacks: this.options.wholeStacks, note });
    if (isOne && this.preferences.autoAdvance && code !== null) await this.goTo(this.at + 1);
    await done;
    if (this.list.isComplete && this.#isAllDecided) this.options.onEmpty?.();
  }

  undo() {
    return this.decisions.undo();
  }

  choose() {
    if (this.targets.length) chooseCode(this.codes, (code) => this.decide(code));
  }

  note() {
    if (this.targets.length) askForNote(this.codes, (code, text) => this.decide(code, text));
  }

  /** Reveals the tile in focus one step more or less. */
  step(by) {
    if (!this.focused?.has_picture) return;
    announce(`Shown ${LEVEL_NAMES[this.reveal.step(by)]}`);
    this.draw();
  }

  /** Veils everything on the page at once, or shows it again as the person begins. */
  veil() {
    const isVeiled = this.reveal.isAnyShown || !this.reveal.isVeiled;
    document.dispatchEvent(new CustomEvent("varde:veil", { detail: { isVeiled } }));
    announce(isVeiled ? "Everything is veiled" : "Shown as you chose to begin");
  }

  expand() {
    const leader = this.focused;
    openDialog(`Stack of ${leader.items.toLocaleString("en")}`, (body) => this.#fillStack(body, leader), {
      classes: "stack-dialog",
      onClose: () => this.members?.close(),
    });
  }

  openItem() {
    if (this.focused) window.location.assign(`/items/${this.focused.item_id}`);
  }

  help() {
    showHelp(this.keys);
  }

  /** Changes the size of the tiles. */
  resize(tilePx) {
    this.tilePx = Math.max(LEAST_TILE_PX, Math.min(MOST_TILE_PX, tilePx));
    if (this.board.fit(this.tilePx)) this.#refit();
    this.options.onResize?.(this.tilePx);
  }

  /** Draws the page as things stand. */
  draw() {
    const levels = new Map();
    this.board.views.forEach((view, place) => {
      const tile = this.list.get(this.start + place);
      const state = tile && this.#describe(tile, this.start + place);
      view.show(tile, state);
      if (tile?.has_picture) levels.set(tile.item_id, state.level);
    });
    this.watching.show(levels);
    this.#drawBar();
  }

  get #page() {
    return Math.floor(this.start / this.board.size) + 1;
  }

  get #shown() {
    return this.board.views.map((_, place) => this.list.get(this.start + place));
  }

  get #isAllDecided() {
    for (let index = 0; index < this.list.count; index += 1) {
      const tile = this.list.get(index);
      if (tile && tile.undecided > 0) return false;
    }
    return true;
  }

  /** Returns figures of what is here, for a source that gives none. */
  #countHere() {
    const tiles = this.list.parts.flatMap((part) => part.tiles ?? []);
    const items = tiles.reduce((sum, tile) => sum + tile.items, 0);
    return { items, decided_items: items - tiles.reduce((sum, tile) => sum + tile.undecided, 0) };
  }

  #describe(tile, index) {
    const level = tile.has_picture ? this.reveal.find(tile.item_id) : 0;
    return {
      level,
      isFocused: index === this.at,
      isSelected: this.selection.has(tile.item_id),
      isPending: this.decisions.isPending(tile.item_id),
      path: `/items/${tile.item_id}/picture/${level}?k=${encodeURIComponent(tile.picture_key ?? "")}`,
    };
  }

  #drawBar() {
    const { decided_items: decided, items } = this.list.figures ?? this.#countHere();
    const chosen = this.selection.count;
    const isEmpty = this.list.isComplete && this.list.count === 0;
    this.bar.show({
      position: chosen ? `${chosen} chosen` : `${decided.toLocaleString("en")} of ${items.toLocaleString("en")} decided`,
      decided,
      items,
      page: `Page ${this.#page.toLocaleString("en")}`,
      undo: this.decisions.undoable,
      canTurnBack: this.start > 0,
      canTurn: !this.list.isComplete || this.start + this.board.size < this.list.count,
      canExpand: this.canExpand,
    });
    this.empty.hidden = !isEmpty;
    this.board.element.hidden = isEmpty;
    this.empty.textContent = this.options.emptyText;
  }

  /** Makes sure a page is here, and returns whether it is; says so where it cannot be had. */
  async #reach(start) {
    this.board.element.setAttribute("aria-busy", "true");
    try {
      await this.list.reach(start, start + this.board.size);
      dismiss("page");
      if (this.list.isComplete && !this.list.count) this.options.onEmpty?.();
      return true;
    } catch (error) {
      const actions = [{ label: "Try again", act: () => this.goTo(start) }];
      raise(`The page could not be loaded. ${error.message}`, { key: "page", attention: true, actions });
      return false;
    } finally {
      this.board.element.removeAttribute("aria-busy");
      this.options.onFigures?.(this.list.figures);
    }
  }

  /** Asks for the next page and its veiled pictures before anybody turns to it. */
  async #lookAhead() {
    const next = this.start + this.board.size;
    try {
      await this.list.reach(next, next + this.board.size);
    } catch {
      return; // whoever turns the page is told
    }
    if (next !== this.start + this.board.size) return;
    this.#drawBar();
    if (this.reveal.base > 0) return;
    this.ahead = this.board.views.map((_, place) => {
      const tile = this.list.get(next + place);
      const image = new Image();
      if (tile?.has_picture) image.src = `/items/${tile.item_id}/picture/0?k=${encodeURIComponent(tile.picture_key ?? "")}`;
      return image;
    });
  }

  #refit() {
    return this.goTo(this.at);
  }

  #focus() {
    const current = document.activeElement;
    const isElsewhere = current && current !== document.body && !this.board.element.contains(current);
    if (isElsewhere && current.id !== "main" && !this.options.takesFocus) return;
    this.options.takesFocus = false;
    this.board.views[this.at - this.start]?.element.focus({ preventScroll: true });
  }

  #bind() {
    this.release = new AbortController();
    const { signal } = this.release;
    const scope = this.element.closest("dialog");
    (scope ?? document).addEventListener("keydown", (event) => this.#press(event, scope), { signal });
    this.board.element.addEventListener("click", (event) => this.#click(event), { signal });
    this.board.element.addEventListener("dblclick", (event) => this.#isOnTile(event) && this.openItem(), { signal });
    document.addEventListener("varde:veil", (event) => this.#veil(event.detail.isVeiled), { signal });
    window.addEventListener("pagehide", () => this.#veil(true), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#veil(false), { signal });
  }

  #veil(isVeiled) {
    this.reveal.veil(isVeiled);
    this.draw();
  }

  #press(event, scope) {
    const place = event.target.closest?.("dialog") ?? null;
    if (place === scope && !event.target.closest?.(".top, .tabs")) this.keys.handle(event);
  }

  #isOnTile(event) {
    return this.board.findPlace(event.target) >= 0 && !event.target.closest("button");
  }

  async #click(event) {
    const place = this.board.findPlace(event.target);
    const index = this.start + place;
    if (place < 0 || !this.list.get(index)) return;
    if (event.shiftKey) {
      this.selection.reach(this.at, index, this.list);
    } else if (event.ctrlKey || event.metaKey) {
      this.toggle(index);
    } else {
      this.selection.anchor = null;
    }
    await this.goTo(index);
    if (event.target.closest(".tile-eye")) this.step(1);
  }

  #listen() {
    return {
      find: (itemId) => this.list.find(itemId),
      changed: (decided = 0) => {
        if (this.list.figures) this.list.figures.decided_items += decided;
        if (decided) this.options.onFigures?.(this.list.figures);
        this.draw();
      },
      told: announce,
      failed: (text) => raise(text, { attention: true }),
      troubled: (error, waiting) => this.#tellTrouble(error, waiting),
      calm: () => {
        dismiss("outbox");
        announce("Saved. Everything is in order again.");
      },
    };
  }

  #tellTrouble(error, waiting) {
    const what = waiting === 1 ? "1 decision waits; it is" : `${waiting} decisions wait; they are`;
    const actions = [{ label: "Try now", act: () => this.decisions.outbox.tryNow() }];
    if (error.status === 401) {
      actions.unshift({ label: "Log in (new tab)", act: () => window.open("/login", "_blank", "noopener") });
    }
    const text = `${error.message} ${what} sent again without your doing. Do not close this page.`;
    raise(text, { key: "outbox", attention: true, actions, canDismiss: false });
  }

  #fillStack(body, leader) {
    const holder = add(body, "div", "stack-grid");
    this.members = null;
    requestAnimationFrame(() => {
      this.members = new Grid(holder, this.source.stack(leader.item_id, (tiles) => this.update(tiles)), {
        ...this.options,
        label: "Members of the stack",
        takesFocus: true,
        wholeStacks: false,
        onEmpty: undefined,
        onFigures: undefined,
        extraKeys: [],
      });
    });
  }
}

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
 * `onEmpty` (nothing is left undecided and no more will come), `extraKeys` (commands of
 * keys.js), `wholeStacks` (true), `canWithdraw` (true), `emptyText`, `onFigures` (tiles came), `takesFocus` (once, when the
 * first page is there), `onResize(tilePx)`.
 *
 * For pages: `reload()`, `update(tiles)`, `focused`, `targets`, `resize(tilePx)`, `close()`.
 */

import { ActionBar } from "./action_bar.js";
import { announce } from "./announce.js";
import { Board } from "./board.js";
import { listCommands } from "./commands.js";
import { Decisions } from "./decisions.js";
import { add, askForNote, chooseCode, openDialog, showHelp } from "./dialogs.js";
import { Keys } from "./keys.js";
import { Place } from "./place.js";
import { LEVEL_NAMES, Reveal } from "./reveal.js";
import { Selection } from "./selection.js";
import { TileList } from "./tile_list.js";
import { writeNumber } from "./tiles.js";
import { forgetPageFailed, tellPageFailed, tellRefused, tellSaved, tellWaiting } from "./trouble.js";
import { beginWalk, endWalk } from "./walk.js";
import { Watching } from "./watching.js";

const [LEAST_TILE_PX, MOST_TILE_PX] = [96, 320];
const DEFAULTS = { wholeStacks: true, canWithdraw: true, label: "Items", emptyText: "Nothing is here." };

export class Grid {
  constructor(element, source, options) {
    this.element = element;
    this.source = source;
    this.options = { ...DEFAULTS, ...options };
    this.codes = options.codes;
    this.canWithdraw = this.options.canWithdraw;
    this.preferences = options.preferences;
    this.tilePx = options.preferences.tilePx;
    this.reveal = new Reveal(options.preferences.startLevel);
    this.watching = new Watching(options.caseId);
    this.selection = new Selection();
    this.decisions = new Decisions(source, this.#listen());
    this.keys = new Keys(join(listCommands(this), options.extraKeys ?? []));
    this.bar = new ActionBar(this, this.keys);
    this.board = new Board({ label: this.options.label, onResize: () => this.goTo(this.at) });
    this.empty = document.createElement("p");
    this.empty.className = "empty grid-empty";
    this.empty.hidden = true;
    element.classList.add("grid");
    element.replaceChildren(this.board.element, this.empty, this.bar.element);
    this.#begin();
    this.#bind();
    this.board.fit(this.tilePx);
    this.board.watch();
    this.#start(this.element.closest("dialog") ? { index: 0, itemId: null } : endWalk());
  }

  /** Index of the tile in focus. */
  get at() {
    return this.place.at;
  }

  /** The tile in focus, undefined where there is none. */
  get focused() {
    return this.place.tile;
  }

  /** The tiles that a decision is about: those chosen, or else the one in focus. */
  get targets() {
    const chosen = [...this.selection.ids].map((itemId) => this.list.find(itemId)).filter(Boolean);
    return chosen.length ? chosen : [this.focused].filter(Boolean);
  }

  /** Whether the tile in focus stands for several items that can be looked at. */
  get canExpand() {
    return Boolean(this.source.stack) && (this.focused?.items ?? 0) > 1;
  }

  /** Index of the first tile of the page. */
  get first() {
    return this.place.start;
  }

  /** Index of the last tile of the page. */
  get last() {
    return this.place.last;
  }

  /** Begins again at the first tile. */
  reload() {
    this.#begin();
    return this.goTo(0);
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
    const from = this.at;
    if (from + by < 0) return;
    if (!isReaching) this.selection.anchor = null;
    await this.goTo(from + by);
    if (!isReaching) return;
    this.selection.reach(from, this.at, this.list);
    this.#tellChosen();
  }

  /** Turns the page, keeping the place on it. */
  turn(by) {
    return this.goTo(Math.max(0, this.at + by * this.board.size));
  }

  /** Puts the focus on a tile by index, turning the page if it is on another one. */
  async goTo(index) {
    const before = this.place.start;
    this.board.element.setAttribute("aria-busy", "true");
    const isThere = await this.place.goTo(index);
    this.board.element.removeAttribute("aria-busy");
    if (!isThere) return;
    forgetPageFailed();
    this.options.onFigures?.(this.list.figures);
    this.reveal.follow(this.focused?.item_id ?? null);
    this.draw();
    this.#focus();
    if (before !== this.place.start) announce(`Page ${writeNumber(this.place.page)}`);
    if (this.list.isComplete && !this.list.count) this.options.onEmpty?.();
    await this.#lookAround();
  }

  /** Puts the focus on the next tile with something undecided. */
  async goToOpen() {
    const index = await this.place.findOpen();
    if (index >= 0) await this.goTo(index);
    else announce("Nothing undecided follows near here. The filter above shows what is undecided.");
  }

  /** Chooses the tile at an index too, or leaves it out. */
  toggle(index) {
    const tile = this.list.get(index);
    if (!tile) return;
    this.selection.toggle(tile.item_id);
    this.selection.anchor = index;
    this.#tellChosen();
  }

  /** Chooses every tile of the page and no other; none if they were. */
  choosePage() {
    this.selection.choose(this.#shown.map((tile) => tile.item_id));
    this.#tellChosen();
  }

  chooseNone() {
    this.selection.clear();
    this.#tellChosen();
  }

  /**
   * Records a grade, or with null its withdrawal, and goes on to the next tile to decide if the person wants that.
   *
   * tiles: those in question when the person began to decide; other ones may have come since.
   */
  async decide(code, note = "", tiles = this.targets) {
    if (!tiles.length) return;
    const isOne = !this.selection.count && tiles[0] === this.focused;
    const wasOpen = tiles[0].undecided > 0;
    this.selection.clear();
    const done = this.decisions.decide(tiles, code, { wholeStacks: this.options.wholeStacks, note });
    if (isOne && this.preferences.autoAdvance && code !== null) await this.#goOn(wasOpen);
    await done;
    if (this.list.isComplete && this.list.isAllDecided) this.options.onEmpty?.();
  }

  undo() {
    return this.decisions.undo();
  }

  /** Says that a digit is no grade here, to everybody: whoever types fast must not believe that it was one. */
  tellNoGrade(digit) {
    const text = `${digit} is no grade here`;
    announce(`${text}. Nothing was decided.`);
    this.bar.tell(text);
  }

  /** Asks for a grade from a list. */
  choose() {
    const tiles = this.targets;
    if (tiles.length) chooseCode(this.codes, (code) => this.decide(code, "", tiles));
  }

  /** Asks for a note and its grade. */
  note() {
    const tiles = this.targets;
    if (tiles.length) askForNote(this.codes, (code, text) => this.decide(code, text, tiles));
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

  /** Shows the members of the stack in focus, to look at and to decide a part of them. */
  expand() {
    const leader = this.focused;
    const source = this.source.stack(leader.item_id, (tiles) => this.update(tiles));
    const shown = { ...this.options, label: "Members of the stack", wholeStacks: false, takesFocus: true };
    let members;
    const fill = (body) => {
      const holder = add(body, "div", "stack-grid");
      requestAnimationFrame(() => {
        members = new Grid(holder, source, { ...shown, onEmpty: undefined, onFigures: undefined, onResize: undefined, extraKeys: [] });
      });
    };
    const title = `Stack of ${writeNumber(leader.items)}`;
    openDialog(title, fill, { classes: "stack-dialog", onClose: () => members?.close() });
  }

  openItem() {
    if (!this.focused) return;
    if (!this.element.closest("dialog")) beginWalk(this.list, this.at);
    window.location.assign(`/items/${this.focused.item_id}`);
  }

  help() {
    showHelp(this.keys);
  }

  /** Changes the size of the tiles. */
  resize(tilePx) {
    this.tilePx = Math.max(LEAST_TILE_PX, Math.min(MOST_TILE_PX, tilePx));
    if (this.board.fit(this.tilePx)) this.goTo(this.at);
    this.options.onResize?.(this.tilePx);
  }

  /** Draws the page as things stand. */
  draw() {
    const levels = new Map();
    this.board.views.forEach((view, place) => {
      const tile = this.list.get(this.first + place);
      const state = tile && this.#describe(tile, this.first + place);
      view.show(tile, state);
      if (tile?.has_picture) levels.set(tile.item_id, state.level);
    });
    this.board.markRows();
    this.watching.show(levels);
    this.#drawBar();
  }

  get #shown() {
    return this.board.views.map((_, place) => this.list.get(this.first + place)).filter(Boolean);
  }

  #begin() {
    this.list = new TileList((cursor) => this.source.page(cursor));
    this.place = new Place(this.list, {
      size: () => this.board.size,
      failed: (error, index) => tellPageFailed(error, () => this.goTo(index)),
    });
    this.selection.clear();
  }

  /** Begins at an index, or wherever the item has come to lie since. */
  async #start({ index, itemId }) {
    await this.goTo(index);
    const there = this.list.findIndex(itemId);
    if (there >= 0 && there !== this.at) await this.goTo(there);
  }

  /** Goes on after a grade: from an undecided tile to the next one that is here, from a corrected one to the next tile. */
  async #goOn(wasOpen) {
    let index = this.at + 1;
    while (wasOpen && this.list.get(index)?.undecided === 0) index += 1;
    await this.goTo(this.list.get(index) ? index : this.at + 1);
  }

  #tellChosen() {
    announce(this.selection.count ? `${this.selection.count} chosen` : "None chosen");
    this.draw();
  }

  #describe(tile, index) {
    const level = tile.has_picture ? this.reveal.find(tile.item_id) : 0;
    return {
      level,
      isFocused: index === this.at,
      isSelected: this.selection.has(tile.item_id),
      isPending: this.decisions.isPending(tile.item_id),
      path: findPicture(tile, level),
    };
  }

  #drawBar() {
    const { decided_items: decided, items } = this.list.countItems();
    const chosen = this.selection.count;
    const isEmpty = this.list.isComplete && this.list.count === 0;
    this.bar.show({
      position: chosen ? `${chosen} chosen` : `${writeNumber(decided)} of ${writeNumber(items)} decided`,
      decided,
      items,
      page: `Page ${writeNumber(this.place.page)}`,
      undo: this.decisions.undoable,
      canTurnBack: this.first > 0,
      canTurn: this.place.hasNext,
      canExpand: this.canExpand,
    });
    this.empty.hidden = !isEmpty;
    this.board.element.hidden = isEmpty;
    this.empty.textContent = this.options.emptyText;
  }

  /** Asks for the next page, and its veiled pictures and those of the last one, before anybody turns to them. */
  async #lookAround() {
    const tiles = await this.place.lookAround();
    this.#drawBar();
    if (this.reveal.base > 0) return;
    this.around = this.#loadSoon(tiles.filter((tile) => tile.has_picture).map((tile) => findPicture(tile, 0)));
  }

  /** Loads pictures when nothing else is to be done, a few at a time; forgotten once others are wanted. */
  #loadSoon(sources) {
    const images = [];
    const load = (deadline) => {
      while (sources.length && deadline.timeRemaining() > 4) {
        const image = new Image();
        image.src = sources.shift();
        images.push(image);
      }
      if (sources.length && this.around === images) requestIdleCallback(load);
    };
    requestIdleCallback(load);
    return images;
  }

  #focus() {
    const current = document.activeElement;
    const isElsewhere = current && current !== document.body && !this.board.element.contains(current);
    if (isElsewhere && current.id !== "main" && !this.options.takesFocus) return;
    this.options.takesFocus = false;
    this.board.views[this.at - this.first]?.element.focus({ preventScroll: true });
  }

  #bind() {
    this.release = new AbortController();
    const { signal } = this.release;
    const scope = this.element.closest("dialog");
    (scope ?? document).addEventListener("keydown", (event) => this.#press(event, scope), { signal });
    this.board.element.addEventListener("click", (event) => this.#click(event), { signal });
    this.board.element.addEventListener("dblclick", (event) => this.#open(event), { signal });
    document.addEventListener("varde:veil", (event) => this.#veil(event.detail.isVeiled), { signal });
    window.addEventListener("pagehide", () => this.#veil(true), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#veil(false), { signal });
  }

  #veil(isVeiled) {
    this.reveal.veil(isVeiled);
    this.draw();
  }

  #press(event, scope) {
    const around = event.target.closest?.("dialog") ?? null;
    if (around === scope && !event.target.closest?.(".top, .tabs")) this.keys.handle(event);
  }

  #open(event) {
    if (this.board.findPlace(event.target) >= 0 && !event.target.closest("button")) this.openItem();
  }

  async #click(event) {
    const place = this.board.findPlace(event.target);
    const index = this.first + place;
    if (place < 0 || !this.list.get(index)) return;
    if (event.shiftKey) {
      this.selection.reach(this.at, index, this.list);
    } else if (event.ctrlKey || event.metaKey) {
      this.toggle(index);
    } else {
      this.selection.anchor = null;
    }
    const isEye = event.target.closest(".tile-eye");
    await this.goTo(index);
    if (isEye && this.at === index) this.step(1);
  }

  #listen() {
    return {
      find: (itemId) => this.list.find(itemId),
      changed: (decided = 0) => {
        this.list.addDecided(decided);
        this.draw();
      },
      told: announce,
      failed: tellRefused,
      troubled: (error, waiting) => tellWaiting(error, waiting, () => this.decisions.outbox.tryNow()),
      calm: tellSaved,
    };
  }
}

function findPicture(tile, level) {
  return `/items/${tile.item_id}/picture/${level}?k=${encodeURIComponent(tile.picture_key ?? "")}`;
}

/** Returns all commands; a key that a page gives another meaning has only that one. */
function join(commands, extra) {
  const taken = new Set(extra.flatMap((command) => command.keys));
  const left = commands.map((one) => ({ ...one, keys: one.keys.filter((key) => !taken.has(key)) }));
  return [...left.filter((one) => one.keys.length), ...extra];
}

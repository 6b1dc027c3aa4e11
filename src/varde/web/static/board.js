/** Lays a page of tiles out: as many rows and columns as fit, made once for a size and filled again for every page. */

import { TileView } from "./tiles.js";

const GAP_PX = 6;
const CAPTION_PX = 24;
const SHAPE = 0.73;

export class Board {
  /** label: what screen readers call it. onResize: told when the page's size changed. */
  constructor({ label, onResize }) {
    this.element = document.createElement("div");
    this.element.className = "board";
    this.element.setAttribute("role", "grid");
    this.element.setAttribute("aria-label", label);
    this.element.setAttribute("aria-multiselectable", "true");
    this.views = [];
    this.columns = 0;
    this.rows = 0;
    this.watcher = new ResizeObserver(() => {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.fit(this.tilePx) && onResize());
    });
  }

  /** How many tiles are on a page. */
  get size() {
    return this.columns * this.rows;
  }

  /** Makes as many tiles of a size as fit, and returns whether that changed anything. */
  fit(tilePx) {
    this.tilePx = tilePx;
    const { clientWidth: width, clientHeight: height } = this.element;
    const columns = Math.max(1, Math.floor((width - GAP_PX) / (tilePx + GAP_PX)));
    const rows = Math.max(1, Math.floor((height - GAP_PX) / (tilePx * SHAPE + CAPTION_PX + GAP_PX)));
    if (columns === this.columns && rows === this.rows) return false;
    this.columns = columns;
    this.rows = rows;
    this.#make();
    return true;
  }

  /** Says which rows are rows: one without tiles is none. To be called once the tiles are shown. */
  markRows() {
    [...this.element.children].forEach((row, number) => {
      const isRow = Boolean(this.views[number * this.columns]?.tile);
      row.setAttribute("role", isRow ? "row" : "none");
    });
  }

  /** Begins to fit whenever the board's size changes. */
  watch() {
    this.watcher.observe(this.element);
  }

  /** Ends that. */
  stop() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** Returns the place on the page of an element in a tile, -1 where it is in none. */
  findPlace(element) {
    const tile = element.closest?.(".tile");
    return tile ? this.views.findIndex((view) => view.element === tile) : -1;
  }

  #make() {
    while (this.views.length < this.size) this.views.push(new TileView());
    this.views.length = this.size;
    this.element.style.setProperty("--columns", this.columns);
    const rows = [];
    for (let row = 0; row < this.rows; row += 1) {
      const line = document.createElement("div");
      line.className = "board-row";
      line.setAttribute("role", "row");
      line.append(...this.views.slice(row * this.columns, (row + 1) * this.columns).map((view) => view.element));
      rows.push(line);
    }
    this.element.replaceChildren(...rows);
  }
}

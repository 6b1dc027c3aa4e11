/** Where a person is in a list of tiles: the tile in focus and the page it is on, and what has to be here for it. */

const MOST_LOOKED_AT = 1500;

export class Place {
  /** list: a `TileList`. size(): tiles on a page. failed(error, again): a page could not be had. */
  constructor(list, { size, failed }) {
    this.list = list;
    this.size = size;
    this.failed = failed;
    this.at = 0;
    this.start = 0;
  }

  /** Number of the page, from 1. */
  get page() {
    return Math.floor(this.start / this.size()) + 1;
  }

  /** Index of the last tile of the page. */
  get last() {
    return Math.max(this.start, Math.min(this.start + this.size(), this.list.count) - 1);
  }

  /** Whether a page follows. */
  get hasNext() {
    return !this.list.isComplete || this.start + this.size() < this.list.count;
  }

  /** Returns the tile in focus, undefined where there is none. */
  get tile() {
    return this.list.get(this.at);
  }

  /** Goes to a tile and its page. Returns whether it did: another one may have been wanted since, or none be had. */
  async goTo(index) {
    this.wanted = index;
    const isHere = await this.#reach(Math.floor(index / this.size()) * this.size(), index);
    if (!isHere || this.wanted !== index) return false;
    this.at = Math.max(0, Math.min(index, this.list.count - 1));
    this.start = Math.floor(this.at / this.size()) * this.size();
    return true;
  }

  /** Returns the index of the next tile with something undecided; -1 where none is near enough. */
  async findOpen() {
    for (let index = this.at + 1; index <= this.at + MOST_LOOKED_AT; index += 1) {
      if (!this.list.get(index) && !(await this.#reach(index, this.at))) return -1;
      const tile = this.list.get(index);
      if (!tile) return -1;
      if (tile.undecided > 0) return index;
    }
    return -1;
  }

  /** Asks for the next page before anybody turns to it; returns its tiles, and those of the page before as far as here. */
  async lookAround() {
    const next = this.start + this.size();
    try {
      await this.list.reach(next, next + this.size());
    } catch {
      return []; // whoever turns the page is told
    }
    return [...this.#list(next), ...this.#list(this.start - this.size())];
  }

  #list(start) {
    return Array.from({ length: this.size() }, (_, place) => this.list.get(start + place)).filter(Boolean);
  }

  async #reach(start, again) {
    try {
      await this.list.reach(start, start + this.size());
      return true;
    } catch (error) {
      this.failed(error, again);
      return false;
    }
  }
}

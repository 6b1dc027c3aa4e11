/** The tiles of a view, asked for in parts by cursor; only some parts around where one is are kept. */

const MOST_PARTS = 40;

export class TileList {
  /** load(cursor): asks for the part after a cursor, null for the first; returns `{tiles, next, figures}`. */
  constructor(load) {
    this.load = load;
    this.parts = [];
    this.next = null;
    this.isComplete = false;
    this.figures = null;
    this.loading = null;
  }

  /** How many tiles are known of so far; all of them once `isComplete`. */
  get count() {
    return this.parts.reduce((sum, part) => sum + part.size, 0);
  }

  /** Returns figures: the server's, or, where it gives none, of what is here. */
  countItems() {
    if (this.figures) return this.figures;
    const items = this.#tiles.reduce((sum, tile) => sum + tile.items, 0);
    return { items, decided_items: items - this.#tiles.reduce((sum, tile) => sum + tile.undecided, 0) };
  }

  /** Whether nothing of what is here is undecided. */
  get isAllDecided() {
    return this.#tiles.every((tile) => !tile.undecided);
  }

  /** Counts decisions that were made since the figures came. */
  addDecided(items) {
    if (this.figures) this.figures = { ...this.figures, decided_items: this.figures.decided_items + items };
  }

  get #tiles() {
    return this.parts.flatMap((part) => part.tiles ?? []);
  }

  /** Returns the tile at an index, undefined where it is not here (yet). */
  get(index) {
    let first = 0;
    for (const part of this.parts) {
      if (index < first + part.size) return part.tiles?.[index - first];
      first += part.size;
    }
    return undefined;
  }

  /** Returns the tile of an item, undefined where it is not here. */
  find(itemId) {
    for (const part of this.parts) {
      const tile = part.tiles?.find((candidate) => candidate.item_id === itemId);
      if (tile) return tile;
    }
    return undefined;
  }

  /** Returns the index of an item's tile, -1 where it is not here. */
  findIndex(itemId) {
    let first = 0;
    for (const part of this.parts) {
      const place = part.tiles?.findIndex((tile) => tile.item_id === itemId) ?? -1;
      if (place >= 0) return first + place;
      first += part.size;
    }
    return -1;
  }

  /** Makes sure that the tiles from one index up to another are here, as far as there are any. */
  async reach(from, to) {
    while (this.loading) await this.loading.catch(() => {});
    this.loading = this.#reach(from, to);
    try {
      await this.loading;
    } finally {
      this.loading = null;
    }
  }

  async #reach(from, to) {
    let first = 0;
    for (const part of this.parts) {
      if (first + part.size > from && first < to && !part.tiles) await this.#reload(part);
      first += part.size;
    }
    while (!this.isComplete && this.count < to) await this.#append();
    this.#forget(from, to);
  }

  async #append() {
    const cursor = this.next;
    const { tiles, next, figures } = await this.load(cursor);
    this.parts.push({ cursor, tiles, size: tiles.length });
    this.next = next;
    this.isComplete = next === null;
    if (figures) this.figures = figures;
  }

  /** Asks again for a part that was forgotten; what has come to lie in two parts since stays in the later one. */
  async #reload(part) {
    const { tiles } = await this.load(part.cursor);
    part.tiles = tiles.slice(0, part.size);
    part.size = part.tiles.length;
  }

  #forget(from, to) {
    let kept = this.parts.filter((part) => part.tiles).length;
    let first = 0;
    for (const part of this.parts) {
      const isNear = first + part.size > from - 2 * (to - from) && first < to + 2 * (to - from);
      if (kept > MOST_PARTS && part.tiles && !isNear) {
        part.tiles = null;
        kept -= 1;
      }
      first += part.size;
    }
  }
}

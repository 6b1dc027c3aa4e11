/** What is chosen besides the item in focus: items by number, and where the range that is being drawn began. */

export class Selection {
  constructor() {
    this.ids = new Set();
    this.anchor = null;
  }

  get count() {
    return this.ids.size;
  }

  has(itemId) {
    return this.ids.has(itemId);
  }

  clear() {
    this.ids.clear();
    this.anchor = null;
  }

  /** Adds an item, or takes it away if it is in. */
  toggle(itemId) {
    if (!this.ids.delete(itemId)) this.ids.add(itemId);
  }

  /** Chooses the items from the anchor to an index and no others; the anchor is where the range began. */
  reach(from, to, list) {
    this.anchor ??= from;
    this.ids = new Set();
    const [first, last] = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
    for (let index = first; index <= last; index += 1) {
      const tile = list.get(index);
      if (tile) this.ids.add(tile.item_id);
    }
  }

  /** Chooses exactly these items, or none if exactly these were chosen. */
  choose(itemIds) {
    const isSame = itemIds.length === this.ids.size && itemIds.every((itemId) => this.ids.has(itemId));
    this.ids = new Set(isSame ? [] : itemIds);
    this.anchor = null;
  }
}

/** How much of each picture is shown: at first what the person chose, one step more on demand, nothing after the panic key. */

export const MOST_IN_GRID = 3;
export const LEVEL_NAMES = ["veiled", "soft and grey", "sharp and grey", "in colour"];

export class Reveal {
  constructor(startLevel) {
    this.startLevel = startLevel;
    this.isVeiled = false;
    this.itemId = null;
    this.level = startLevel;
  }

  /** At what level an item is shown that nothing more was asked of. */
  get base() {
    return this.isVeiled ? 0 : this.startLevel;
  }

  /** Returns the level of an item. */
  find(itemId) {
    return itemId === this.itemId ? this.level : this.base;
  }

  /** The focus is on an item now; what another one showed more than the base is veiled again. */
  follow(itemId) {
    if (itemId === this.itemId) return;
    this.itemId = itemId;
    this.level = this.base;
  }

  /** Shows the item in focus one step more (1) or less (-1), and returns its level. */
  step(by) {
    this.level = Math.min(MOST_IN_GRID, Math.max(0, this.level + by));
    return this.level;
  }

  /** Whether anything may be shown that is not veiled. */
  get isAnyShown() {
    return this.base > 0 || this.level > 0;
  }

  /** Veils everything (true), or shows everything as the person chose to begin with (false). */
  veil(isVeiled) {
    this.isVeiled = isVeiled;
    this.level = this.base;
  }
}

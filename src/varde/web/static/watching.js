/** Tells the ledger what is on the screen: the items of a page and how much of each is shown. */

import { see, unsee } from "./exposure.js";

export class Watching {
  constructor(caseId) {
    this.caseId = caseId;
    this.shown = new Map();
  }

  /** The screen shows exactly these now: `Map(itemId -> level)`. */
  show(levels) {
    for (const itemId of this.shown.keys()) {
      if (!levels.has(itemId)) unsee(itemId);
    }
    for (const [itemId, level] of levels) {
      if (this.shown.get(itemId) !== level) see(this.caseId, itemId, level);
    }
    this.shown = levels;
  }
}

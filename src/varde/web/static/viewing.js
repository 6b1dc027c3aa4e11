/** Counts what is on the screen, at which level, and for how long: numbers only, nothing of the page or the network. */

const LEAST_MS = 800;
const LONGEST_STEP_MS = 5_000;
const MOST_WAITING = 5_000;

/**
 * What one person has been looking at and nobody has been told yet.
 *
 * A person has one pair of eyes: time is shared among the items on the screen, and where some are revealed further than
 * others it is theirs alone. All times are milliseconds of one clock that never goes back.
 */
export class Viewing {
  #shown = new Map();
  #waiting = new Map();
  #last = 0;
  #isPaused = false;

  /** An item is on the screen now, at this level. */
  see(caseId, itemId, level, now) {
    const before = this.#shown.get(itemId);
    if (before?.level === level && before.caseId === caseId) return;
    this.#pass(now);
    if (before) this.#keep(itemId, before);
    this.#shown.set(itemId, { caseId, level, presentMs: 0, ms: 0, times: 1 });
  }

  /** An item is not on the screen any more. */
  unsee(itemId, now) {
    const before = this.#shown.get(itemId);
    if (!before) return;
    this.#pass(now);
    this.#keep(itemId, before);
    this.#shown.delete(itemId);
  }

  /** Nobody is looking from now on: the tab is hidden, or the person has gone. */
  pause(now) {
    this.#pass(now);
    this.#isPaused = true;
  }

  /** Somebody is looking again. */
  resume(now) {
    this.#pass(now);
    this.#isPaused = false;
  }

  /** Returns what nobody was told yet, by case: `Map(caseId -> [{item_id, level, seconds, times}])`; it is told now. */
  take(now, most) {
    this.#pass(now);
    for (const [itemId, view] of this.#shown) this.#keep(itemId, view);
    const byCase = new Map();
    for (const [key, view] of [...this.#waiting].slice(0, most)) {
      this.#waiting.delete(key);
      if (!byCase.has(view.caseId)) byCase.set(view.caseId, []);
      const seconds = Math.round(view.ms) / 1000;
      byCase.get(view.caseId).push({ item_id: view.itemId, level: view.level, seconds, times: view.times });
    }
    return byCase;
  }

  /** Takes entries back that could not be told. */
  putBack(caseId, entries) {
    for (const entry of entries) {
      this.#wait(caseId, entry.item_id, entry.level, entry.seconds * 1000, entry.times);
    }
  }

  #pass(now) {
    const passed = Math.min(now - this.#last, LONGEST_STEP_MS);
    this.#last = now;
    if (this.#isPaused || passed <= 0 || !this.#shown.size) return;
    let highest = 0;
    for (const view of this.#shown.values()) highest = Math.max(highest, view.level);
    const looked = [...this.#shown.values()].filter((view) => view.level === highest);
    for (const view of this.#shown.values()) view.presentMs += passed;
    for (const view of looked) view.ms += passed / looked.length;
  }

  /** Moves what a view has gathered to what waits; one that was too short to be seen is not counted. */
  #keep(itemId, view) {
    if (view.presentMs < LEAST_MS) return;
    if (!view.times && view.ms < 1) return;
    this.#wait(view.caseId, itemId, view.level, view.ms, view.times);
    view.ms = 0;
    view.times = 0;
  }

  #wait(caseId, itemId, level, ms, times) {
    const key = `${itemId}/${level}`;
    const there = this.#waiting.get(key);
    if (there) {
      there.ms += ms;
      there.times += times;
    } else if (this.#waiting.size < MOST_WAITING) {
      this.#waiting.set(key, { caseId, itemId, level, ms, times });
    }
  }
}

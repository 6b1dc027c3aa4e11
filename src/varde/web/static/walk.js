/**
 * The way through items that a person came by: the tiles of the grid or queue from which an item's page was opened.
 *
 * Kept for the tab, and by numbers only: the address of the grid and the ids of the items around the one that was opened.
 */

const KEY = "varde.walk";
const MOST_EACH_WAY = 500;

/** Keeps what lies around an item as its page is opened. list: a `TileList`. */
export function beginWalk(list, at) {
  const first = Math.max(0, at - MOST_EACH_WAY);
  const ids = [];
  for (let index = first; index <= at + MOST_EACH_WAY && list.get(index); index += 1) ids.push(list.get(index).item_id);
  keep({ from: here(), first, ids, at: list.get(at).item_id, isAway: false });
}

/** Goes on to an item. Returns where it lies: `{from, previous, next}`, ids or undefined; null where it is not on the way. */
export function walkTo(itemId) {
  const walk = read();
  const place = walk?.ids.indexOf(itemId) ?? -1;
  if (place < 0) return null;
  keep({ ...walk, at: itemId, isAway: true });
  return { from: walk.from, previous: walk.ids[place - 1], next: walk.ids[place + 1] };
}

/** Returns where to begin, `{index, itemId}`: at the item looked at last if a person comes back, or else at the first. */
export function endWalk() {
  const walk = read();
  if (!walk?.isAway || walk.from !== here()) return { index: 0, itemId: null };
  keep({ ...walk, isAway: false });
  return { index: walk.first + Math.max(0, walk.ids.indexOf(walk.at)), itemId: walk.at };
}

function here() {
  return `${window.location.pathname}${window.location.search}`;
}

function keep(walk) {
  sessionStorage.setItem(KEY, JSON.stringify(walk));
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null; // whoever changed it begins at the first item
  }
}

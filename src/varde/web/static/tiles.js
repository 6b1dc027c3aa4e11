/** One tile of a board: made once, filled again and again. Names are hostile: they become text, never markup. */

import { changeIcon, drawIcon } from "./icons.js";
import { dropPicture, loadPicture } from "./picture_queue.js";

const LEVELS = ["veiled", "soft", "grey", "colour"];
const TAIL = 9;
const LONG = 18;
const RIGHT_TO_LEFT = /[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}]/u;
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;
const RETRY_MS = 1500;
const NUMBERS = new Intl.NumberFormat("en");
const MARKS = [
  { icon: "stack", write: (tile) => (tile.items > 1 ? `× ${NUMBERS.format(tile.items)}` : "") },
  { icon: "video", write: (tile) => (tile.duration_s > 0 ? writeDuration(tile.duration_s) : "") },
  { icon: "match", write: (tile) => (tile.matched ? "match" : ""), isWarm: true },
  { icon: "mixed", write: (tile) => (tile.mixed ? "mixed" : "") },
  { icon: "held", write: (tile) => (tile.held_by_other ? "held" : "") },
  { icon: "", write: (tile) => (typeof tile.distance === "number" ? `Δ ${tile.distance}` : "") },
];

export class TileView {
  constructor() {
    this.tile = null;
    this.source = "";
    this.element = make("div", "tile");
    this.element.setAttribute("role", "gridcell");
    this.element.tabIndex = -1;
    this.picture = this.element.appendChild(make("div", "tile-picture"));
    this.image = this.picture.appendChild(make("img"));
    this.image.alt = "";
    this.image.decoding = "async";
    this.image.draggable = false;
    this.image.addEventListener("load", () => this.image.classList.add("is-loaded"));
    this.image.addEventListener("error", () => this.#fail());
    this.glyph = this.picture.appendChild(drawIcon("file", "tile-glyph"));
    this.marks = this.picture.appendChild(make("span", "tile-marks"));
    this.drawnMarks = new Map();
    this.level = this.picture.appendChild(make("span", "tile-level"));
    for (const part of [this.marks, this.level]) part.setAttribute("aria-hidden", "true"); // the tile's label says it
    this.eye = this.picture.appendChild(make("button", "tile-eye icon"));
    this.eye.type = "button";
    this.eye.tabIndex = -1;
    this.eye.setAttribute("aria-label", "Reveal one step more");
    this.eye.append(drawIcon("eye"));
    this.tick = this.picture.appendChild(make("span", "tile-tick"));
    this.tick.append(drawIcon("check"));
    this.caption = this.element.appendChild(make("div", "tile-caption"));
    this.caption.setAttribute("aria-hidden", "true");
    const name = this.caption.appendChild(make("span", "tile-name"));
    this.head = name.appendChild(make("bdi", "tile-head"));
    this.tail = name.appendChild(make("bdi", "tile-tail"));
    this.code = this.caption.appendChild(make("span", "code"));
  }

  /** Shows a tile as it stands, or nothing. state: `{level, isFocused, isSelected, isPending, path}`. */
  show(tile, state) {
    const drawn = JSON.stringify([tile, state]);
    if (drawn === this.drawn) return;
    const isNew = this.shownName !== tile?.name || this.shownKind !== tile?.kind;
    this.drawn = drawn;
    this.tile = tile;
    this.element.classList.toggle("is-empty", !tile);
    this.element.classList.toggle("is-focused", Boolean(tile) && state.isFocused);
    this.element.tabIndex = tile && state.isFocused ? 0 : -1;
    this.element.toggleAttribute("inert", !tile);
    if (!tile) return this.#clear();
    this.element.dataset.item = tile.item_id;
    if (isNew) this.#fillName(tile);
    this.#fillState(tile, state);
    this.#fillPicture(tile, state);
    this.element.setAttribute("aria-selected", String(state.isSelected));
    this.element.setAttribute("aria-label", describe(tile, state));
  }

  #clear() {
    delete this.element.dataset.item;
    this.element.removeAttribute("aria-label");
    this.element.removeAttribute("aria-selected");
    this.#load("");
    this.shownName = undefined;
    this.head.textContent = this.tail.textContent = "";
  }

  #fillName(tile) {
    this.shownName = tile.name;
    this.shownKind = tile.kind;
    const [head, tail] = splitName(tile.name);
    this.head.textContent = head;
    this.tail.textContent = tail;
    this.caption.title = showName(tile.name);
    const kind = ["picture", "video"].includes(tile.kind) ? tile.kind : "file";
    changeIcon(this.glyph, kind);
  }

  #fillState(tile, state) {
    this.element.classList.toggle("is-selected", state.isSelected);
    this.element.classList.toggle("is-pending", state.isPending);
    this.element.classList.toggle("is-decided", tile.code !== null && !tile.mixed);
    this.code.textContent = tile.code ?? "";
    this.code.hidden = tile.code === null;
    this.level.textContent = state.level > 0 ? LEVELS[state.level] : "";
    for (const mark of MARKS) this.#fillMark(mark, mark.write(tile));
  }

  /** Shows a mark, made when it is first needed and kept, or hides it where it has no text. */
  #fillMark(mark, text) {
    const drawn = this.drawnMarks.get(mark) ?? (text && this.#drawMark(mark));
    if (!drawn) return;
    drawn.hidden = !text;
    if (text && drawn.lastChild.textContent !== text) drawn.lastChild.textContent = text;
  }

  #drawMark(mark) {
    const drawn = make("span", mark.isWarm ? "mark is-warm" : "mark");
    drawn.style.order = MARKS.indexOf(mark);
    if (mark.icon) drawn.append(drawIcon(mark.icon));
    drawn.append(make("span"));
    this.drawnMarks.set(mark, drawn);
    return this.marks.appendChild(drawn);
  }

  #fillPicture(tile, state) {
    this.picture.classList.toggle("has-picture", tile.has_picture);
    this.eye.hidden = !tile.has_picture || state.level >= LEVELS.length - 1;
    this.#load(tile.has_picture ? state.path : "");
  }

  /** Loads a picture; what was there before is gone at once, so that nothing is seen under another's name. */
  #load(source) {
    if (this.source === source) return;
    this.source = source;
    clearTimeout(this.again);
    this.hasFailed = false;
    this.image.classList.remove("is-loaded");
    this.picture.classList.remove("has-failed");
    if (source) loadPicture(this.image, source);
    else dropPicture(this.image);
  }

  #fail() {
    if (!this.source) return;
    const source = this.source;
    if (this.hasFailed) {
      this.picture.classList.add("has-failed");
      return;
    }
    this.hasFailed = true;
    this.again = setTimeout(() => this.source === source && loadPicture(this.image, source), RETRY_MS);
  }
}

/** Returns a name for people: what would be invisible or turn the text round is shown as a mark. */
export function showName(name) {
  return name.replace(HIDDEN, "\u{fffd}");
}

/** Returns a whole number as people write it. */
export function writeNumber(number) {
  return NUMBERS.format(number);
}

/** Returns a duration as people write it: `1:05`, `1:02:03`. */
export function writeDuration(durationS) {
  const whole = Math.max(0, Math.round(durationS));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(seconds).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** Returns what a screen reader says of a tile. */
export function describe(tile, state) {
  const facts = [
    showName(tile.name),
    tile.kind,
    tile.items > 1 && `stack of ${tile.items}`,
    tile.distance !== null && tile.distance !== undefined && `distance ${tile.distance}`,
    tile.duration_s && `${writeDuration(tile.duration_s)} long`,
    tile.matched && "matched",
    tile.mixed && "mixed grades",
    tile.code === null ? "undecided" : `grade ${tile.code}`,
    state.isPending && "being saved",
    tile.held_by_other && "held by somebody else",
    state.level > 0 && `shown ${LEVELS[state.level]}`,
  ];
  return facts.filter(Boolean).join(", ");
}

/** Splits a name so that its end stays in sight; never one that is short, or that runs from right to left. */
function splitName(name) {
  const letters = [...showName(name)];
  if (letters.length < LONG || RIGHT_TO_LEFT.test(name)) return [letters.join(""), ""];
  return [letters.slice(0, -TAIL).join(""), letters.slice(-TAIL).join("")];
}

function make(kind, classes = "") {
  const element = document.createElement(kind);
  element.className = classes;
  return element;
}

/** The one picture that is looked at: how much of it is on the screen, and what the ledger is told of that. */

import { see, unsee } from "./exposure.js";
import { NoAnswer, Refusal } from "./request.js";

export const FULL = 4;
export const MOST_BY_STEPS = 3;
const NAMES = ["veiled", "soft and grey", "sharp and grey", "in colour", "large"];

/** Returns a picture of this server, decoded. Throws `Refusal` or `NoAnswer` with the server's own sentence. */
export async function loadPicture(path) {
  let answer;
  try {
    answer = await fetch(path, { redirect: "manual" });
  } catch {
    throw new NoAnswer();
  }
  if (answer.type === "opaqueredirect") throw new Refusal(401, "Your session has ended. Log in again.", 0);
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    const message = told?.message ?? `The server answered ${answer.status}.`;
    throw new Refusal(answer.status, message, Number(answer.headers.get("retry-after")) || 0);
  }
  return createImageBitmap(await answer.blob());
}

/** Draws a picture in a canvas, at the picture's own size; the style makes it fit. */
export function draw(canvas, picture) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
}

/** Makes a canvas forget what was in it. */
export function wipe(canvas) {
  canvas.width = 1;
  canvas.height = 1;
}

export class Sight {
  /**
   * stage: holds `#veil` and `#sight`. options: `itemId`, `caseId`, `find(level)` gives the path of what is shown,
   * `onLevel(level, name)`, `onTrouble(message, {status, level, isGrey})`, "" where there is none any more.
   */
  constructor(stage, options) {
    this.stage = stage;
    this.canvas = stage.querySelector("#sight");
    this.options = options;
    this.level = 0;
    this.asked = 0;
    this.wanted = 0;
  }

  /** Shows it at a level; at 0 nothing is left of what was shown before. */
  async show(level, { isGrey = false } = {}) {
    const number = ++this.asked;
    this.wanted = level;
    const path = this.options.find(level, isGrey);
    if (!path) {
      this.#hide();
      this.#settle(0);
      return;
    }
    this.stage.setAttribute("aria-busy", "true");
    try {
      const picture = await loadPicture(path);
      if (number === this.asked) {
        draw(this.canvas, picture);
        this.canvas.hidden = false;
        this.#settle(level);
      }
      picture.close();
    } catch (error) {
      if (number === this.asked) {
        this.wanted = this.level;
        this.options.onTrouble(error.message, { status: error.status, level, isGrey });
      }
    } finally {
      if (number === this.asked) this.stage.removeAttribute("aria-busy");
    }
  }

  /** Draws a picture that is here already. */
  put(picture, level) {
    this.asked += 1;
    this.wanted = level;
    draw(this.canvas, picture);
    this.canvas.hidden = false;
    this.stage.removeAttribute("aria-busy");
    this.#settle(level);
  }

  #hide() {
    this.stage.removeAttribute("aria-busy");
    this.canvas.hidden = true;
    wipe(this.canvas);
  }

  #settle(level) {
    const { caseId, itemId, onLevel, onTrouble } = this.options;
    if (level !== this.level) unsee(itemId);
    this.level = level;
    see(caseId, itemId, level);
    onTrouble("");
    onLevel(level, NAMES[level]);
  }
}

/** The frames of a video: a strip of small ones and a bar to move through them, all at one level, never with sound. */

import { draw, loadPicture, wipe } from "./sight.js";
import { getJson } from "./request.js";

const AT_ONCE = 4;

export class Frames {
  /** parts: elements `{scrub, position, moment, strip, note}`. show(position): called when another one is chosen. */
  constructor(itemId, parts, show) {
    this.itemId = itemId;
    this.parts = parts;
    this.show = show;
    this.frames = [];
    this.at = 0;
    this.level = 0;
    this.round = 0;
    parts.position.addEventListener("input", () => this.goTo(Number(parts.position.value)));
  }

  get areShown() {
    return this.frames.length > 0;
  }

  /** Asks for the frames; throws `Refusal` or `NoAnswer`. */
  async open(level) {
    const found = await getJson(`/items/${this.itemId}/frames`);
    this.frames = found.frames;
    this.durationS = found.duration_s;
    this.parts.position.max = String(this.frames.length - 1);
    this.parts.strip.replaceChildren(...this.frames.map((frame) => this.#makeCell(frame)));
    this.parts.scrub.hidden = false;
    this.parts.strip.hidden = false;
    this.parts.note.textContent = [`${this.frames.length} frames of ${found.duration_s.toFixed(1)} s, without sound.`, found.note].join(" ");
    this.goTo(0);
    await this.reveal(level);
  }

  /** Path of the frame that is chosen, at a level. */
  find(level) {
    return `/items/${this.itemId}/frames/${this.at}/${level}`;
  }

  /** Chooses the frame at a position, the nearest one where there is none. */
  goTo(position) {
    this.at = Math.min(this.frames.length - 1, Math.max(0, position));
    const { moment, strip, position: bar } = this.parts;
    const said = `${this.frames[this.at].offset_s.toFixed(1)} s of ${this.durationS.toFixed(1)} s`;
    bar.value = String(this.at);
    bar.setAttribute("aria-valuetext", said);
    moment.textContent = said;
    [...strip.children].forEach((cell, number) => {
      if (number === this.at) cell.setAttribute("aria-current", "true");
      else cell.removeAttribute("aria-current");
    });
    this.show(this.at);
  }

  /** Draws the strip at a level, a few frames at once; what was drawn before is wiped first. */
  async reveal(level) {
    const round = ++this.round;
    this.level = level;
    const cells = [...this.parts.strip.querySelectorAll("canvas")];
    cells.forEach(wipe);
    let next = 0;
    const work = async () => {
      while (next < cells.length && round === this.round) {
        const position = next;
        next += 1;
        const picture = await loadPicture(`/items/${this.itemId}/frames/${position}/${level}`).catch(() => null);
        if (picture && round === this.round) draw(cells[position], picture);
        picture?.close();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  #makeCell(frame) {
    const cell = document.createElement("button");
    cell.type = "button";
    cell.setAttribute("aria-label", `Frame at ${frame.offset_s.toFixed(1)} s`);
    const time = document.createElement("span");
    time.textContent = `${frame.offset_s.toFixed(1)} s`;
    time.setAttribute("aria-hidden", "true");
    cell.append(document.createElement("canvas"), time);
    cell.addEventListener("click", () => this.goTo(frame.position));
    return cell;
  }
}

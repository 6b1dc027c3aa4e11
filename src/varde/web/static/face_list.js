/** Faces as cards: shown as the person chose to begin with, revealed one card at a time, gone through by key. */

import { announce } from "./announce.js";
import { showHelp } from "./dialogs.js";
import { see, seeAt, unsee, unseeAt } from "./exposure.js";
import { Keys } from "./keys.js";
import { readPreferences } from "./preferences.js";
import { LEVEL_NAMES, Reveal } from "./reveal.js";
import { loadPicture } from "./sight.js";

/**
 * Cards are elements with `data-card`; a card's faces are canvases with `data-path` and, to be counted, `data-face` (the
 * page's number for it, its path in `data-place` of the list) or `data-item` and `data-case`.
 */
export class FaceList {
  constructor(list) {
    this.list = list;
    this.cards = [...list.querySelectorAll("[data-card]")];
    this.reveal = new Reveal(readPreferences().startLevel);
    this.keys = new Keys(this.#listCommands());
    this.waiting = new Map();
    document.addEventListener("keydown", (event) => this.#handle(event));
    list.addEventListener("focusin", (event) => this.#follow(event.target.closest("[data-card]")));
    document.querySelector("#list-help")?.addEventListener("click", () => showHelp(this.keys));
    document.querySelector("#list-veil")?.addEventListener("click", () => this.veil());
    document.querySelector("#list-more")?.addEventListener("click", () => this.stepAll());
    this.watcher = new IntersectionObserver((entries) => this.#watch(entries), { rootMargin: "100px" });
    for (const card of this.cards) this.watcher.observe(card);
  }

  /** Shows the card in focus one step more (1) or less (-1). */
  step(by) {
    const card = this.#current();
    if (!card) return;
    this.#follow(card);
    announce(LEVEL_NAMES[this.reveal.step(by)]);
    this.#show(card);
  }

  /** Shows all cards one step more. */
  stepAll() {
    this.reveal.startLevel = Math.min(LEVEL_NAMES.length - 1, this.reveal.startLevel + 1);
    this.reveal.veil(false);
    announce(LEVEL_NAMES[this.reveal.startLevel]);
    this.#showAll();
  }

  veil() {
    this.reveal.startLevel = 0;
    this.reveal.veil(false);
    this.#showAll();
    announce("Everything is veiled.");
  }

  /** Shows cards that came later, such as a list that was asked for. */
  take(cards) {
    this.cards.push(...cards);
    for (const card of cards) this.watcher.observe(card);
  }

  #showAll() {
    for (const card of this.cards) if (card.dataset.isSeen) this.#show(card);
  }

  #follow(card) {
    if (!card || card.dataset.card === this.reveal.itemId) return;
    const before = this.cards.find((one) => one.dataset.card === this.reveal.itemId);
    const wasMore = this.reveal.level > this.reveal.base;
    this.reveal.follow(card.dataset.card);
    if (before && wasMore) this.#show(before);
  }

  #watch(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        target.dataset.isSeen = "true";
        this.#show(target);
      } else {
        delete target.dataset.isSeen;
        for (const canvas of target.querySelectorAll("canvas[data-path]")) this.#count(canvas, null);
      }
    }
  }

  async #show(card) {
    const level = this.reveal.find(card.dataset.card);
    const number = (this.waiting.get(card) ?? 0) + 1;
    this.waiting.set(card, number);
    for (const canvas of card.querySelectorAll("canvas[data-path]")) {
      try {
        const picture = await loadPicture(`${canvas.dataset.path}/${level}`);
        if (this.waiting.get(card) === number) {
          canvas.width = picture.width;
          canvas.height = picture.height;
          canvas.getContext("2d").drawImage(picture, 0, 0);
          this.#count(canvas, card.dataset.isSeen ? level : null);
        }
        picture.close();
      } catch (error) {
        canvas.title = error.message;
      }
    }
  }

  #count(canvas, level) {
    const { face, item, case: caseId } = canvas.dataset;
    const { place } = this.list.dataset;
    if (face !== undefined) {
      unseeAt(place, face);
      if (level !== null) seeAt(place, Number(face), level);
    } else if (item !== undefined) {
      unsee(item);
      if (level !== null) see(caseId, item, level);
    }
  }

  #current() {
    return document.activeElement?.closest?.("[data-card]") ?? this.cards.find((one) => one.dataset.card === this.reveal.itemId);
  }

  #move(by) {
    if (!this.cards.length) return;
    const at = this.cards.indexOf(this.#current());
    const next = this.cards[Math.min(this.cards.length - 1, Math.max(0, at + by))];
    next.querySelector("a, button")?.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  #handle(event) {
    if (document.querySelector("dialog[open]")) {
      if (event.key === "b") this.veil();
      return;
    }
    this.keys.handle(event);
  }

  #listCommands() {
    const looking = "Looking";
    return [
      { keys: ["ArrowRight", "l"], group: "Moving", label: "Next face", act: () => this.#move(1) },
      { keys: ["ArrowLeft", "h"], group: "Moving", label: "Previous face", act: () => this.#move(-1) },
      { keys: ["r"], group: looking, label: "Reveal one step more", act: () => this.step(1) },
      { keys: ["R"], group: looking, label: "Reveal one step less", act: () => this.step(-1) },
      { keys: ["b"], group: looking, label: "Veil everything at once", act: () => this.veil() },
      { keys: ["?"], group: "Help", label: "This list", act: () => showHelp(this.keys) },
    ];
  }
}

const list = document.querySelector("[data-face-list]");
if (list) new FaceList(list);

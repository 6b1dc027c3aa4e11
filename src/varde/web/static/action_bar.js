/** The line of buttons below a grid: everything the keys do, for a mouse, a finger and the Tab key. */

import { add } from "./dialogs.js";
import { nameKey } from "./keys.js";

const MOST_CODES = 10;

export class ActionBar {
  constructor(grid, keys) {
    this.keys = keys;
    this.element = document.createElement("div");
    this.element.className = "toolbar grid-bar";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Actions for the item in focus or the chosen items");
    const place = add(this.element, "div", "grid-position");
    this.position = add(place, "span");
    this.progress = add(place, "progress");
    this.progress.setAttribute("aria-label", "Decided items");
    this.#addGroup([["r", "Reveal"], ["R", "Less"], ["b", "Veil"]]);
    const codes = grid.codes.filter((code) => /^[0-9]$/.test(code)).slice(0, MOST_CODES);
    this.#addGroup([...codes.map((code) => [code, "", `Grade ${code}`]), ["g", codes.length ? "More" : "Grade"]]);
    this.#addGroup([["w", "Withdraw"], ["m", "Note"]]);
    this.#addGroup([[" ", "Choose"], ["s", "Stack"], ["Enter", "Open"], ["n", "Next undecided"]]);
    this.undo = this.#addButton(this.element, "u", "Undo");
    this.undo.classList.add("undo");
    const paging = add(this.element, "div", "group push");
    this.page = add(paging, "span", "muted nowrap");
    this.previous = this.#addButton(paging, "PageUp", "Previous");
    this.next = this.#addButton(paging, "PageDown", "Next");
    this.#addButton(paging, "?", "Keys");
  }

  /** facts: `{position, decided, items, page, undo, canTurnBack, canTurn, canExpand}`. */
  show(facts) {
    this.progress.max = Math.max(1, facts.items);
    this.progress.value = facts.decided;
    setText(this.position, facts.position);
    setText(this.page, facts.page);
    setText(this.undo.firstChild, facts.undo ? `Undo ${facts.undo}` : "Undo");
    this.#enable(this.undo, Boolean(facts.undo));
    this.#enable(this.previous, facts.canTurnBack);
    this.#enable(this.next, facts.canTurn);
    this.#enable(this.buttons?.get("s"), facts.canExpand);
  }

  /** Says something in the place of the position, until that changes. */
  tell(text) {
    setText(this.position, text);
  }

  #enable(button, isEnabled) {
    button?.setAttribute("aria-disabled", String(!isEnabled));
  }

  #addGroup(entries) {
    const group = add(this.element, "div", "group");
    for (const [key, text, label] of entries) this.#addButton(group, key, text, label);
  }

  #addButton(parent, key, text, label = "") {
    const command = this.keys.byKey.get(key);
    if (!command) return null;
    const button = add(parent, "button");
    button.type = "button";
    add(button, "span", "button-text", text);
    if (!button.firstChild.textContent) button.firstChild.remove();
    const shown = add(button, "kbd", "", nameKey(key === "PageUp" ? "PgUp" : key === "PageDown" ? "PgDn" : key));
    shown.setAttribute("aria-hidden", "true");
    button.title = command.label;
    button.setAttribute("aria-label", label || text);
    button.addEventListener("click", (event) => {
      if (button.getAttribute("aria-disabled") !== "true") command.act(event);
    });
    this.buttons ??= new Map();
    this.buttons.set(key, button);
    return button;
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Grades one item, or its whole stack, from its page. */

import { announce, raise } from "./announce.js";
import { postJson } from "./request.js";

export class Grading {
  /** facts: `caseId`, `itemId`, `leaderId`. changed(): called after something was recorded. */
  constructor(facts, changed) {
    this.facts = facts;
    this.changed = changed;
    this.undoable = null;
    for (const button of document.querySelectorAll("[data-code]")) {
      button.addEventListener("click", () => this.decide(button.dataset.code));
    }
    document.querySelector("[data-withdraw]")?.addEventListener("click", () => this.decide(null));
  }

  /** Records a grade, or with null its withdrawal. */
  async decide(code) {
    const { caseId, itemId, leaderId } = this.facts;
    const isWhole = document.querySelector("#whole-stack")?.checked ?? false;
    const note = document.querySelector("#note");
    const body = { items: [isWhole ? leaderId : itemId], code, whole_stacks: isWhole, note: note.value.trim() };
    const done = await this.#send(`/cases/${caseId}/decisions`, body);
    if (!done) return;
    note.value = "";
    this.undoable = done.decided ? { first: done.first, last: done.last } : null;
    const what = code === null ? "Grade withdrawn" : `Grade ${code}`;
    const told = done.decided ? `${what}, ${done.decided} ${done.decided === 1 ? "item" : "items"}` : "It was decided so already";
    raise(`${told}.`, { key: "graded", actions: this.undoable ? [{ label: "Undo", act: () => this.undo() }] : [] });
  }

  /** Takes the last decision made here back. */
  async undo() {
    if (!this.undoable) {
      announce("There is nothing to undo.");
      return;
    }
    const { first, last } = this.undoable;
    if (!(await this.#send(`/cases/${this.facts.caseId}/undo`, { first, last }))) return;
    this.undoable = null;
    raise("Undone.", { key: "graded" });
  }

  async #send(path, body) {
    try {
      const answer = await postJson(path, body);
      await this.changed();
      return answer;
    } catch (error) {
      raise(`Not saved: ${error.message}`, { key: "graded", attention: true });
      return null;
    }
  }
}

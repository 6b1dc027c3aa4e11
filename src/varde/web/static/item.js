/** The page of an item: how much of it is shown, by key and by button, its frames, its grade, what looks like it. */

import { announce } from "./announce.js";
import { add, openDialog, showHelp } from "./dialogs.js";
import { see, unsee } from "./exposure.js";
import { Frames } from "./frames.js";
import { Grading } from "./grading.js";
import { Keys } from "./keys.js";
import { readPreferences } from "./preferences.js";
import { draw, FULL, loadPicture, MOST_BY_STEPS, Sight, wipe } from "./sight.js";
import { walkTo } from "./walk.js";

const BAR_KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];
const find = (selector) => document.querySelector(selector);

class ItemPage {
  constructor(element) {
    const facts = element.dataset;
    this.itemId = Number(facts.item);
    this.caseId = Number(facts.case);
    this.key = facts.key;
    this.codes = JSON.parse(facts.codes);
    this.isVideo = facts.video === "true";
    this.hasPicture = facts.hasPicture === "true";
    this.reason = "";
    this.mayGrade = Boolean(find("[data-code]"));
    this.#follow(walkTo(this.itemId));
    if (this.hasPicture) this.#openSight();
    if (this.mayGrade) {
      const named = { caseId: this.caseId, itemId: this.itemId, leaderId: Number(facts.leader) };
      this.grading = new Grading(named, () => this.#refresh());
    }
    this.keys = new Keys(this.#listCommands());
    document.addEventListener("keydown", (event) => this.#handle(event));
    find("#help").addEventListener("click", () => showHelp(this.keys));
    find("#find-similar").addEventListener("click", (event) => this.#findSimilar(event.currentTarget));
    find("#find-places")?.addEventListener("click", (event) => this.#findPlaces(event.currentTarget));
    if (new URLSearchParams(location.search).has("leads")) find("#find-places")?.click();
    find("#more-places")?.addEventListener("click", (event) => this.#morePlaces(event.currentTarget));
    for (const button of document.querySelectorAll("[data-draw]")) {
      button.addEventListener("click", () => this.#drawMatch(`/items/${this.itemId}/alignments/${button.dataset.draw}`));
    }
  }

  /** Leads to what lies beside the item in the grid or queue that a person came from, and back there. */
  #follow(way) {
    if (!way) return;
    const back = find("#back");
    if (back) back.href = way.from;
    if (back && !way.from.startsWith("/cases/")) back.textContent = "Back to the queue";
    this.#lead("previous", way.previous);
    this.#lead("next", way.next);
  }

  #lead(name, itemId) {
    const link = find(`#${name}`);
    link.hidden = itemId === undefined;
    if (itemId !== undefined) link.href = `/items/${itemId}`;
    link.title = "In the order you came by";
  }

  #openSight() {
    this.sight = new Sight(find("#stage"), {
      itemId: this.itemId,
      caseId: this.caseId,
      find: (level, isGrey) => this.#findPath(level, isGrey),
      onLevel: (level, name) => this.#tellLevel(level, name),
      onTrouble: (message, trouble) => {
        if (trouble?.status === 400 && trouble.level === FULL && !this.reason) this.#askForReason(trouble.isGrey);
        else this.#tellTrouble(message);
      },
    });
    find("#less").addEventListener("click", () => this.step(-1));
    find("#more").addEventListener("click", () => this.step(1));
    find("#veil-all").addEventListener("click", () => this.veil());
    find("#large")?.addEventListener("click", () => this.enlarge(false));
    find("#large-grey")?.addEventListener("click", () => this.enlarge(true));
    find("#frames")?.addEventListener("click", () => this.openFrames());
    if (this.isVideo) {
      const names = { scrub: "#scrub", position: "#position", moment: "#moment", strip: "#strip", note: "#frames-note" };
      const parts = Object.fromEntries(Object.entries(names).map(([name, selector]) => [name, find(selector)]));
      this.frames = new Frames(this.itemId, parts, () => this.sight.show(Math.min(this.sight.wanted, MOST_BY_STEPS)));
    }
    this.sight.show(readPreferences().startLevel);
  }

  /** Shows one step more (1) or less (-1). */
  step(by) {
    const level = Math.min(MOST_BY_STEPS, Math.max(0, Math.min(this.sight.wanted, MOST_BY_STEPS + 1) + by));
    if (level === this.sight.wanted) {
      announce(by > 0 ? "Nothing more is revealed by steps." : "It is veiled.");
      return;
    }
    this.show(level);
  }

  show(level) {
    this.sight.show(level);
    if (this.frames?.areShown) this.frames.reveal(level);
  }

  /** Veils everything on the page. */
  veil() {
    this.show(0);
    for (const canvas of document.querySelectorAll("canvas.drawing")) wipe(canvas);
    find("dialog .drawing")?.closest("dialog").close();
  }

  /** Shows the original, large. */
  enlarge(isGrey) {
    if (this.hasPicture && !this.isVideo) this.sight.show(FULL, { isGrey });
  }

  /** Asks why the original is needed, where another person has to approve that; and asks for it again. */
  #askForReason(isGrey) {
    openDialog("Why is the large view needed?", (body, close) => {
      const form = add(body, "form", "form");
      const field = add(form, "label", "field", "Another person has to approve it, and is shown this");
      const text = add(field, "textarea");
      text.required = true;
      text.maxLength = 1000;
      const send = add(form, "button", "primary", "Ask for approval");
      send.type = "submit";
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.reason = text.value.trim();
        close();
        this.enlarge(isGrey);
      });
    });
  }

  async openFrames() {
    if (this.frames.areShown) return;
    const button = find("#frames");
    button.disabled = true;
    try {
      await this.frames.open(Math.min(this.sight.level, MOST_BY_STEPS));
      button.hidden = true;
    } catch (error) {
      button.disabled = false;
      this.#tellTrouble(error.message);
    }
  }

  #findPath(level, isGrey) {
    if (this.frames?.areShown) return this.frames.find(level);
    if (level === FULL) return `/items/${this.itemId}/original?${new URLSearchParams({ grey: isGrey, reason: this.reason })}`;
    return level === 0 ? "" : `/items/${this.itemId}/picture/${level}?k=${encodeURIComponent(this.key)}`;
  }

  #tellLevel(level, name) {
    find("#level").textContent = name;
    document.dispatchEvent(new CustomEvent("varde-level", { detail: Math.min(level, MOST_BY_STEPS) }));
    find(".item-top").classList.toggle("is-large", level === FULL);
    if (level === FULL) find(".item-view").scrollIntoView({ block: "start" });
    find("#less").setAttribute("aria-disabled", String(level === 0));
    find("#more").setAttribute("aria-disabled", String(level >= MOST_BY_STEPS));
    find("#sight").setAttribute("aria-label", `The item, ${name}`);
  }

  #tellTrouble(message) {
    const line = find("#trouble");
    line.hidden = !message;
    line.textContent = message;
  }

  #handle(event) {
    if (find("dialog[open]")) {
      if (event.key === "b") this.veil();
      return;
    }
    if (event.key === "Escape" && event.target.id === "note") {
      event.target.blur();
      return;
    }
    const isBar = event.target.id === "position";
    if (isBar && BAR_KEYS.includes(event.key)) return;
    if (!isBar) {
      this.keys.handle(event);
      return;
    }
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    const prevent = () => event.preventDefault();
    this.keys.handle({ key, shiftKey, ctrlKey, metaKey, altKey, target: document.body, preventDefault: prevent });
  }

  #listCommands() {
    const looking = "Looking";
    const seen = () => this.hasPicture;
    const still = () => this.hasPicture && !this.isVideo;
    const moving = () => Boolean(this.frames?.areShown);
    const go = (id) => () => find(id)?.click();
    const graded = this.mayGrade ? this.codes.filter((code) => /^[0-9]$/.test(code)) : [];
    return [
      { keys: ["r"], group: looking, label: "Reveal one step more", when: seen, act: () => this.step(1) },
      { keys: ["R"], group: looking, label: "Reveal one step less", when: seen, act: () => this.step(-1) },
      { keys: ["b"], group: looking, label: "Veil everything at once", when: seen, act: () => this.veil() },
      { keys: ["f"], group: looking, label: "Large view, grey", when: still, isHidden: this.isVideo, act: () => this.enlarge(true) },
      { keys: ["F"], group: looking, label: "Large view, in colour", when: still, isHidden: this.isVideo, act: () => this.enlarge(false) },
      { keys: ["v"], group: looking, label: "Show the frames of a video", when: () => this.isVideo && seen(), isHidden: !this.isVideo, act: () => this.openFrames() },
      { keys: ["ArrowLeft"], group: looking, label: "Previous frame", when: moving, isHidden: !this.isVideo, act: () => this.frames.goTo(this.frames.at - 1) },
      { keys: ["ArrowRight"], group: looking, label: "Next frame", when: moving, isHidden: !this.isVideo, act: () => this.frames.goTo(this.frames.at + 1) },
      ...graded.map((code) => ({ keys: [code], group: "Deciding", label: `Grade ${code}`, act: () => this.grading.decide(code) })),
      ...this.#listFreeDigits(graded),
      { keys: ["m"], group: "Deciding", label: "Write a note", isHidden: !this.mayGrade, when: () => this.mayGrade, act: () => find("#note").focus() },
      { keys: ["w"], group: "Deciding", label: "Withdraw the grade", isHidden: !this.mayGrade, when: () => this.mayGrade, act: () => this.grading.decide(null) },
      { keys: ["u", "Ctrl+z"], group: "Deciding", label: "Undo", isHidden: !this.mayGrade, when: () => this.mayGrade, act: () => this.grading.undo() },
      { keys: ["n", "l"], group: "Moving", label: "Next item", when: () => isThere("#next"), act: go("#next") },
      { keys: ["p", "h"], group: "Moving", label: "Previous item", when: () => isThere("#previous"), act: go("#previous") },
      { keys: ["Escape"], group: "Moving", label: "Back to the grid", when: () => Boolean(find("#back")), act: go("#back") },
      { keys: ["s"], group: "Moving", label: "Look for similar items", when: () => Boolean(find("#find-similar")), act: go("#find-similar") },
      { keys: ["o"], group: "Moving", label: "Look for the same place", when: () => Boolean(find("#find-places")), act: go("#find-places") },
      { keys: ["?"], group: "Help", label: "This list", act: () => showHelp(this.keys) },
    ];
  }

  #listFreeDigits(graded) {
    const keys = this.mayGrade ? [..."0123456789"].filter((digit) => !graded.includes(digit)) : [];
    const act = ({ key }) => this.#tellTrouble(`${key} is no grade here. Nothing was decided.`);
    return [{ keys, group: "Deciding", label: "No grade here", isHidden: true, act }];
  }

  async #findSimilar(button) {
    button.disabled = true;
    button.lastChild.textContent = "Looking for similar items …";
    const place = find("#similar");
    place.setAttribute("aria-busy", "true");
    try {
      place.replaceChildren(...(await loadParts(`/items/${this.itemId}/similar`)));
      announce("Similar items are listed.");
    } catch (error) {
      button.disabled = false;
      button.lastChild.textContent = "Look for similar items";
      this.#tellTrouble(error.message);
    } finally {
      place.removeAttribute("aria-busy");
    }
  }

  async #findPlaces(button) {
    button.disabled = true;
    button.lastChild.textContent = "Looking for the same place …";
    const place = find("#place-leads");
    place.setAttribute("aria-busy", "true");
    try {
      place.replaceChildren(...(await loadParts(`/items/${this.itemId}/place-leads`)));
      for (const draw of place.querySelectorAll("[data-draw-path]")) {
        draw.addEventListener("click", () => this.#drawMatch(draw.dataset.drawPath, "the other"));
      }
      announce("What shows the same place is listed.");
    } catch (error) {
      button.disabled = false;
      button.lastChild.textContent = "Look for the same place";
      this.#tellTrouble(error.message);
    } finally {
      place.removeAttribute("aria-busy");
    }
  }

  async #morePlaces(button) {
    try {
      const parts = await loadParts(button.dataset.next);
      const next = parts.find((part) => part.dataset?.next)?.dataset.next;
      find("#places").append(...parts.filter((part) => part.tagName === "LI"));
      if (next) button.dataset.next = next;
      else button.parentElement.remove();
    } catch (error) {
      this.#tellTrouble(error.message);
    }
  }

  /** Draws where a known or other picture lies, soft at first; what is seen of it counts as seen. */
  #drawMatch(path, other = "the known picture") {
    const fill = (body) => {
      const canvas = add(body, "canvas", "drawing");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Left the item, right ${other}, both grey; lines join the points that agree`);
      const said = add(body, "p", "hint", "Drawing …");
      const sharper = add(add(body, "div", "row"), "button", "", "Sharper");
      sharper.type = "button";
      const load = async (isSoft) => {
        try {
          draw(canvas, await loadPicture(`${path}?soft=${isSoft}`));
          see(this.caseId, this.itemId, isSoft ? 1 : 2);
          sharper.hidden = !isSoft;
          said.textContent = `Left the item, right ${other}, from the small grey pictures kept with their features. It is recorded that you looked.`;
        } catch (error) {
          said.textContent = error.message;
        }
      };
      sharper.addEventListener("click", () => load(false));
      load(true);
    };
    const onClose = () => (this.sight ? see(this.caseId, this.itemId, this.sight.level) : unsee(this.itemId));
    openDialog(`Where ${other} lies`, fill, { onClose });
  }

  /** Takes over what a decision changed, without veiling what is looked at. */
  async #refresh() {
    const answer = await fetch(window.location.pathname, { cache: "no-store", headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const name of ["history-title", "grade-title"]) {
      const [here, there] = [document, fresh].map((where) => where.getElementById(name)?.parentElement);
      if (here && there) here.replaceWith(document.adoptNode(there));
    }
  }
}

function isThere(selector) {
  const link = find(selector);
  return Boolean(link) && !link.hidden;
}

/** Returns the elements of a part of a page that the server made. */
async function loadParts(path) {
  const answer = await fetch(path, { cache: "no-store", redirect: "manual", headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.type === "opaqueredirect" ? "Your session has ended. Log in again." : `The server answered ${answer.status}.`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...page.head.children, ...page.body.children];
}

const element = find("#item");
if (element) new ItemPage(element);

/** The page on which two faces are compared and a person says what they see. */

import { announce } from "./announce.js";
import { Comparison, MOST_ZOOM } from "./comparison.js";
import { showHelp } from "./dialogs.js";
import { seeAt, unseeAt } from "./exposure.js";
import { Keys } from "./keys.js";
import { readPreferences } from "./preferences.js";
import { postJson } from "./request.js";
import { LEVEL_NAMES } from "./reveal.js";
import { loadPicture } from "./sight.js";

const MOST_LEVEL = 3;
const TURN_MS = 700;
const ZOOM_STEP = 1.25;
const PAN_STEP = 0.15;
const PROBE = 0;
const find = (selector) => document.querySelector(selector);

class ComparePage {
  constructor(page) {
    this.facts = JSON.parse(page.dataset.facts);
    this.level = readPreferences().startLevel;
    this.probe = 0;
    this.timer = 0;
    this.asked = 0;
    this.lookedMs = 0;
    this.since = performance.now();
    const canvases = { probe: find("#probe"), candidate: find("#candidate"), both: find("#both") };
    this.comparison = new Comparison(canvases);
    this.rival = find("#rival");
    this.keys = new Keys(this.#listCommands());
    document.addEventListener("keydown", (event) => this.#handle(event));
    document.addEventListener("visibilitychange", () => this.#countTime());
    this.#listen();
    this.show(this.level);
  }

  /** Shows all faces of the page at a level. */
  async show(level) {
    const number = ++this.asked;
    const { probes, candidate, rival } = this.facts;
    this.level = level;
    this.#tellTrouble("");
    this.comparison.wipe();
    const faces = [["probe", probes[this.probe], PROBE], ["candidate", candidate, candidate.sight]];
    if (rival) faces.push(["rival", rival, rival.sight]);
    await Promise.all(faces.map((face) => this.#load(face, level, number)));
    find("#level").textContent = LEVEL_NAMES[level];
    find("#less").setAttribute("aria-disabled", String(level === 0));
    find("#more").setAttribute("aria-disabled", String(level === MOST_LEVEL));
  }

  async #load([name, face, sight], level, number) {
    try {
      const picture = await loadPicture(`${face.path}/${level}`);
      if (number === this.asked) {
        if (name === "rival") this.#drawRival(picture);
        else this.comparison.put(name, picture, face.landmarks);
        unseeAt(this.facts.place, sight);
        seeAt(this.facts.place, sight, level);
      }
      picture.close();
    } catch (error) {
      if (number === this.asked) this.#tellTrouble(error.message);
    }
  }

  #drawRival(picture) {
    this.rival.width = picture.width;
    this.rival.height = picture.height;
    this.rival.getContext("2d").drawImage(picture, 0, 0);
  }

  step(by) {
    const level = Math.min(MOST_LEVEL, Math.max(0, this.level + by));
    if (level === this.level) announce(by > 0 ? "Nothing more is revealed." : "It is veiled.");
    else this.show(level);
  }

  setMode(mode) {
    this.#stopTurns();
    this.comparison.set({ mode });
    find("#sides").hidden = mode !== "side";
    find("#one-place").hidden = mode === "side";
    find("#opacity-row").hidden = mode !== "over";
    find("#turns-row").hidden = mode !== "turns";
    for (const button of document.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
    this.#nameBoth();
  }

  /** Puts the other face where the one is. */
  turn() {
    if (this.comparison.mode !== "turns") this.setMode("turns");
    this.comparison.set({ isProbeUp: !this.comparison.isProbeUp });
    this.#nameBoth();
  }

  toggleTurns() {
    if (this.timer) {
      this.#stopTurns();
      return;
    }
    if (this.comparison.mode !== "turns") this.setMode("turns");
    this.timer = window.setInterval(() => this.turn(), TURN_MS);
    find("#by-itself").setAttribute("aria-pressed", "true");
  }

  #stopTurns() {
    window.clearInterval(this.timer);
    this.timer = 0;
    find("#by-itself").setAttribute("aria-pressed", "false");
  }

  #nameBoth() {
    const { mode, isProbeUp, opacity } = this.comparison;
    const up = isProbeUp ? "The probe" : "The candidate";
    const said = mode === "over" ? `The candidate at ${Math.round(opacity * 100)} % over the probe` : up;
    find("#both").setAttribute("aria-label", said);
    find("#both-name").textContent = said;
  }

  zoomBy(factor) {
    this.comparison.set({ zoom: this.comparison.zoom * factor });
    find("#zoom").textContent = `${Math.round(this.comparison.zoom * 100)} %`;
  }

  toggle(name, button) {
    this.comparison.set({ [name]: !this.comparison[name] });
    button.setAttribute("aria-pressed", String(this.comparison[name]));
  }

  setOpacity(share) {
    this.comparison.set({ opacity: Math.min(1, Math.max(0, share)) });
    find("#opacity").value = String(Math.round(this.comparison.opacity * 100));
    this.#nameBoth();
  }

  chooseProbe(number) {
    if (!this.facts.probes[number] || number === this.probe) return;
    this.probe = number;
    for (const button of document.querySelectorAll("[data-probe]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.probe) === number));
    }
    this.show(this.level);
  }

  /** Sends what the person says of the candidate, and goes on. */
  async judge(verdict) {
    const buttons = [...document.querySelectorAll("[data-verdict]")];
    if (!this.facts.judge || buttons.some((button) => button.disabled)) return;
    for (const button of buttons) button.disabled = true;
    this.#countTime();
    try {
      const body = { verdict, seconds: Math.round(this.lookedMs / 1000) };
      if (find("#note")) body.note = find("#note").value.trim();
      const told = await postJson(this.facts.judge, body);
      location.assign(told.next);
    } catch (error) {
      for (const button of buttons) button.disabled = false;
      this.#tellTrouble(error.message);
    }
  }

  /** Adds the time since it was called last, where the page was on the screen. */
  #countTime() {
    const now = performance.now();
    if (this.since !== null) this.lookedMs += now - this.since;
    this.since = document.hidden ? null : now;
  }

  #handle(event) {
    if (event.key === "Escape" && event.target.id === "note") {
      event.target.blur();
      return;
    }
    if (!find("dialog[open]")) this.keys.handle(event);
    else if (event.key === "b") this.show(0);
  }

  #listen() {
    const on = (selector, act) => find(selector)?.addEventListener("click", (event) => act(event.currentTarget));
    on("#help", () => showHelp(this.keys));
    on("#less", () => this.step(-1));
    on("#more", () => this.step(1));
    on("#veil", () => this.show(0));
    on("#swap", () => this.turn());
    on("#by-itself", () => this.toggleTurns());
    on("#zoom-in", () => this.zoomBy(ZOOM_STEP));
    on("#zoom-out", () => this.zoomBy(1 / ZOOM_STEP));
    on("#grey", (button) => this.toggle("isGrey", button));
    on("#contrast", (button) => this.toggle("isStretched", button));
    on("#landmarks", (button) => this.toggle("hasLandmarks", button));
    find("#opacity").addEventListener("input", (event) => this.setOpacity(Number(event.target.value) / 100));
    for (const button of document.querySelectorAll("[data-mode]")) {
      button.addEventListener("click", () => this.setMode(button.dataset.mode));
    }
    for (const button of document.querySelectorAll("[data-probe]")) {
      button.addEventListener("click", () => this.chooseProbe(Number(button.dataset.probe)));
    }
    for (const button of document.querySelectorAll("[data-verdict]")) {
      button.addEventListener("click", () => this.judge(button.dataset.verdict));
    }
  }

  #listCommands() {
    const looking = "Looking";
    const drawing = "Comparing";
    const press = (selector) => () => find(selector).click();
    const go = (selector) => () => find(selector)?.click();
    const isHidden = !this.facts.judge;
    // A judgement is changed with its buttons unfolded only: no key pressed by mistake does it.
    const when = () =>
      Boolean(this.facts.judge) && [...document.querySelectorAll("[data-verdict]")].some((one) => one.checkVisibility());
    return [
      { keys: ["r"], group: looking, label: "Reveal one step more", act: () => this.step(1) },
      { keys: ["R"], group: looking, label: "Reveal one step less", act: () => this.step(-1) },
      { keys: ["b"], group: looking, label: "Veil everything at once", act: () => this.show(0) },
      { keys: ["v"], group: drawing, label: "Side by side", act: () => this.setMode("side") },
      { keys: ["x"], group: drawing, label: "The other face in the same place", act: () => this.turn() },
      { keys: ["t"], group: drawing, label: "Take turns by itself, or stop", act: () => this.toggleTurns() },
      { keys: ["o"], group: drawing, label: "One over the other", act: () => this.setMode("over") },
      { keys: [","], group: drawing, label: "More of the probe", act: () => this.setOpacity(this.comparison.opacity - 0.1) },
      { keys: ["."], group: drawing, label: "More of the candidate", act: () => this.setOpacity(this.comparison.opacity + 0.1) },
      { keys: ["m"], group: drawing, label: "Landmarks", act: press("#landmarks") },
      { keys: ["g"], group: drawing, label: "Grey", act: press("#grey") },
      { keys: ["c"], group: drawing, label: "Stretched contrast", act: press("#contrast") },
      { keys: ["+"], group: drawing, label: "Larger", when: () => this.comparison.zoom < MOST_ZOOM, act: () => this.zoomBy(ZOOM_STEP) },
      { keys: ["-"], group: drawing, label: "Smaller", act: () => this.zoomBy(1 / ZOOM_STEP) },
      { keys: ["ArrowLeft"], group: drawing, label: "Move to the left", act: () => this.comparison.pan(-PAN_STEP, 0) },
      { keys: ["ArrowRight"], group: drawing, label: "Move to the right", act: () => this.comparison.pan(PAN_STEP, 0) },
      { keys: ["ArrowUp"], group: drawing, label: "Move up", act: () => this.comparison.pan(0, -PAN_STEP) },
      { keys: ["ArrowDown"], group: drawing, label: "Move down", act: () => this.comparison.pan(0, PAN_STEP) },
      { keys: ["1", "2", "3", "4", "5", "6", "7", "8"], group: drawing, label: "Compare with that probe", when: () => this.facts.probes.length > 1, act: ({ key }) => this.chooseProbe(Number(key) - 1) },
      { keys: ["s"], group: "Saying", label: "The same person", isHidden, when, act: () => this.judge("same") },
      { keys: ["d"], group: "Saying", label: "Different persons", isHidden, when, act: () => this.judge("different") },
      { keys: ["u"], group: "Saying", label: "Undecided", isHidden, when, act: () => this.judge("undecided") },
      { keys: ["w"], group: "Saying", label: "Write a note", isHidden: !find("#note"), when: () => Boolean(find("#note")), act: () => find("#note").focus() },
      { keys: ["n"], group: "Moving", label: "Next", act: go("#next") },
      { keys: ["p"], group: "Moving", label: "Previous", act: go("#previous") },
      { keys: ["Escape"], group: "Moving", label: "Back to the list", act: go("#back") },
      { keys: ["?"], group: "Help", label: "This list", act: () => showHelp(this.keys) },
    ];
  }

  #tellTrouble(message) {
    const line = find("#trouble");
    line.hidden = !message;
    line.textContent = message;
  }
}

const page = find("#compare");
if (page) new ComparePage(page);

/** The page on which a face is searched for: pictures are dropped in, a face of each is chosen, then it is searched. */

import { announce } from "./announce.js";
import { add } from "./dialogs.js";
import { see } from "./exposure.js";
import { readPreferences } from "./preferences.js";
import { findCsrf, postJson } from "./request.js";
import { LEVEL_NAMES } from "./reveal.js";
import { draw, loadPicture } from "./sight.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_LEVEL = 3;
const find = (selector) => document.querySelector(selector);

class FacesPage {
  constructor(page) {
    this.path = page.dataset.path;
    this.most = Number(page.dataset.most);
    this.level = readPreferences().startLevel;
    this.probes = [];
    this.list = find("#probes");
    const input = find("#pictures");
    input.addEventListener("change", () => {
      this.addFiles([...input.files]);
      input.value = "";
    });
    for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => this.#hover(event));
    for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, () => find("#drop").classList.remove("is-over"));
    document.addEventListener("drop", (event) => this.#take(event));
    find("#more").addEventListener("click", () => this.step(1));
    find("#less").addEventListener("click", () => this.step(-1));
    for (const radio of document.querySelectorAll("input[name=scope]")) {
      radio.addEventListener("change", () => this.#showScope());
    }
    find("#face-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.search();
    });
    for (const button of document.querySelectorAll("[data-again]")) {
      button.addEventListener("click", () => this.#fill(JSON.parse(button.dataset.again)));
    }
    if (page.dataset.chosen) this.#addChosen(JSON.parse(page.dataset.chosen));
    this.#showScope();
    this.#refresh();
  }

  /** Sends files one after the other, and shows what was found in each. */
  async addFiles(files) {
    for (const file of files) {
      if (this.probes.length >= this.most) {
        this.#say(`At most ${this.most} pictures are searched with at once.`, true);
        return;
      }
      await this.#addFile(file);
    }
  }

  async #addFile(file) {
    const probe = { card: this.#openCard(file.name), token: "", face: 0, faceId: 0 };
    this.probes.push(probe);
    const said = add(probe.card, "p", "muted", "Looking for faces …");
    said.setAttribute("role", "status");
    this.#refresh();
    try {
      const found = await this.#send(file);
      said.remove();
      this.#showFound(probe, found);
      announce(found.reason || `${found.faces.length} ${found.faces.length === 1 ? "face" : "faces"} found.`);
    } catch (error) {
      said.className = "problem";
      said.textContent = error.message;
    }
    this.#refresh();
  }

  async #send(file) {
    const body = new FormData();
    body.append("file", file, "picture"); // its name stays here
    const headers = { "x-csrf-token": findCsrf(), accept: "application/json" };
    let answer;
    try {
      answer = await fetch(`${this.path}/probes`, { method: "POST", body, headers, cache: "no-store", redirect: "manual" });
    } catch {
      throw new Error("The server does not answer. The picture was not kept; add it again.");
    }
    if (answer.type === "opaqueredirect") throw new Error("Your session has ended. Log in again.");
    const told = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(told?.message ?? `The server answered ${answer.status}.`);
    return told;
  }

  #openCard(name) {
    const card = add(this.list, "li", "probe-card");
    const head = add(card, "div", "row");
    const title = add(head, "bdi", "name grow", name);
    title.className = "name grow";
    const button = add(head, "button", "small", "Remove");
    button.type = "button";
    button.addEventListener("click", () => {
      this.probes = this.probes.filter((one) => one.card !== card);
      card.remove();
      this.#refresh();
      find("#pictures").focus();
    });
    return card;
  }

  #showFound(probe, found) {
    probe.token = found.token;
    if (found.reason) {
      const said = add(probe.card, "p", "notice attention");
      add(said, "strong", "", found.reason);
      if (found.advice) add(said, "span", "", found.advice);
    }
    if (found.has_picture) this.#drawPicture(probe, found);
    if (found.faces.length) this.#listFaces(probe, found);
    if (found.dropped) add(probe.card, "p", "hint", `${found.dropped} more faces are in it that cannot be chosen here.`);
    this.#load(probe);
  }

  /** The picture with a box around each face; a click on a box chooses the face. */
  #drawPicture(probe, found) {
    const stage = add(probe.card, "div", "probe-stage");
    const canvas = add(stage, "canvas");
    canvas.dataset.path = `${this.path}/probes/${found.token}/picture`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `The picture, with ${found.faces.length} faces`);
    const boxes = stage.appendChild(document.createElementNS(SVG, "svg"));
    boxes.setAttribute("viewBox", "0 0 1 1");
    boxes.setAttribute("preserveAspectRatio", "none");
    boxes.setAttribute("aria-hidden", "true");
    for (const face of found.faces) {
      const box = boxes.appendChild(document.createElementNS(SVG, "rect"));
      for (const [name, value] of [["x", face.left], ["y", face.top], ["width", face.width], ["height", face.height]]) {
        box.setAttribute(name, String(value));
      }
      box.dataset.number = String(face.number);
      if (face.unused) box.classList.add("is-unused");
      else box.addEventListener("click", () => this.#choose(probe, face.number));
    }
  }

  #listFaces(probe, found) {
    const group = add(probe.card, "fieldset", "probe-faces");
    add(group, "legend", "", found.faces.length === 1 ? "The face in it" : "Whose face is searched for?");
    found.faces.forEach((face) => {
      const label = add(group, "label", "check");
      const radio = add(label, "input");
      radio.type = "radio";
      radio.name = `face-${found.token}`;
      radio.value = String(face.number);
      radio.disabled = Boolean(face.unused);
      radio.addEventListener("change", () => this.#choose(probe, face.number));
      const canvas = add(label, "canvas", "face-small");
      canvas.dataset.path = `${this.path}/probes/${found.token}/faces/${face.number}`;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Face ${face.number}`);
      const text = add(label, "span", "", `Face ${face.number}: ${face.size_px} pixels wide, quality ${face.quality} of 100. `);
      if (face.unused) add(text, "span", "problem", face.unused);
    });
    const usable = found.faces.filter((face) => !face.unused);
    if (usable.length === 1) this.#choose(probe, usable[0].number);
  }

  #choose(probe, number) {
    probe.face = number;
    for (const radio of probe.card.querySelectorAll("input[type=radio]")) radio.checked = radio.value === String(number);
    for (const box of probe.card.querySelectorAll("rect")) {
      box.classList.toggle("is-chosen", box.dataset.number === String(number));
    }
    this.#refresh();
  }

  /** A face that was chosen on an item's page. */
  #addChosen(chosen) {
    const probe = { card: this.#openCard(`A face of item ${chosen.item_id}`), token: "", face: 0, faceId: chosen.face_id, seen: chosen };
    const line = add(probe.card, "div", "row");
    const canvas = add(line, "canvas", "face-small");
    canvas.dataset.path = `/faces/${chosen.face_id}/crop`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The face");
    add(line, "span", "", `${chosen.size_px} pixels wide, quality ${chosen.quality} of 100.`);
    this.probes.push(probe);
    this.#load(probe);
  }

  step(by) {
    this.level = Math.min(MOST_LEVEL, Math.max(0, this.level + by));
    for (const probe of this.probes) this.#load(probe);
    this.#refresh();
  }

  async #load(probe) {
    const { level } = this;
    for (const canvas of probe.card.querySelectorAll("canvas[data-path]")) {
      try {
        const picture = await loadPicture(`${canvas.dataset.path}/${level}`);
        if (level === this.level) draw(canvas, picture);
        canvas.closest(".probe-stage")?.style.setProperty("--aspect", picture.width / picture.height);
        picture.close();
      } catch (error) {
        canvas.title = error.message;
      }
    }
    if (probe.seen) see(probe.seen.case_id, probe.seen.item_id, level);
  }

  /** Searches, and goes to the list of candidates. */
  async search() {
    const chosen = this.probes.filter((probe) => probe.faceId || probe.face);
    const form = find("#face-form");
    const body = {
      probes: chosen.map(({ token, face, faceId }) => (faceId ? { face_id: faceId } : { token, face })),
      scope: form.elements.scope.value,
      rule: form.elements.rule.value,
      age: form.elements.age.value || null,
      purpose: form.elements.purpose.value,
      authorisation: form.elements.authorisation.value,
    };
    this.isBusy = true;
    this.#refresh();
    this.#say("Searching …");
    try {
      const made = await postJson(`${this.path}/searches`, body);
      location.assign(made.path);
    } catch (error) {
      this.isBusy = false;
      this.#refresh();
      this.#say(error.message, true);
    }
  }

  #fill(words) {
    for (const name of ["purpose", "authorisation"]) find(`#${name}`).value = words[name] ?? "";
    find("input[name=scope][value=everywhere]").checked = true;
    this.#showScope();
    find("#pictures").focus();
  }

  #showScope() {
    const isWide = find("#face-form").elements.scope.value === "everywhere";
    find("#wide").hidden = !isWide;
    for (const field of find("#wide").querySelectorAll("input")) field.required = isWide;
  }

  #refresh() {
    const chosen = this.probes.filter((probe) => probe.faceId || probe.face).length;
    const left = this.probes.length - chosen;
    find("#search").disabled = !chosen || Boolean(this.isBusy);
    find("#rules").hidden = chosen < 2;
    find("#sight").hidden = !this.probes.length;
    find("#level").textContent = LEVEL_NAMES[this.level];
    find("#ready").textContent = !this.probes.length
      ? "Add a picture first."
      : !chosen
      ? "Choose a face first."
      : `${chosen} ${chosen === 1 ? "face is" : "faces are"} searched with${left ? `; ${left} of the pictures ${left === 1 ? "is" : "are"} left out, since no face of it is chosen` : ""}.`;
  }

  #hover(event) {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    find("#drop").classList.add("is-over");
  }

  #take(event) {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.addFiles(files);
  }

  #say(text, isProblem = false) {
    const line = find("#said-here");
    line.hidden = !text;
    line.className = isProblem ? "notice attention" : "muted";
    line.setAttribute("role", isProblem ? "alert" : "status");
    line.textContent = text;
  }
}

const page = find("#faces");
if (page && find("#face-form")) new FacesPage(page);

/** The audit grid: rows of clusters with their faces, least alike first; split, merge, put apart, name, undo. */

import { announce, raise } from "./announce.js";
import { add, openDialog, showHelp } from "./dialogs.js";
import { Keys, drawKeys } from "./keys.js";
import { readPreferences } from "./preferences.js";
import { getJson, postJson } from "./request.js";
import { LEVEL_NAMES, Reveal } from "./reveal.js";
import { Watching } from "./watching.js";

const OUTLIER = 0.35;

class ClusterPage {
  constructor(element) {
    this.element = element;
    this.caseId = Number(element.dataset.case);
    this.path = `/cases/${this.caseId}/clusters`;
    this.form = document.querySelector("#filters");
    this.reveal = new Reveal(readPreferences().startLevel);
    this.watching = new Watching(this.caseId);
    this.chosen = new Map();
    this.rows = [];
    this.cursors = [null];
    this.next = null;
    this.at = { row: 0, face: 0 };
    this.isBusy = false;
    this.keys = new Keys(this.#list(element.dataset.mayName === "true"));
    this.#drawBar();
    document.addEventListener("keydown", (event) => !document.querySelector("dialog[open]") && this.keys.handle(event));
    element.addEventListener("click", (event) => this.#click(event));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", () => this.#begin());
    this.only = new URLSearchParams(location.search).get("cluster");
    document.addEventListener("varde:veil", ({ detail }) => {
      this.reveal.veil(detail.isVeiled);
      this.draw();
    });
    this.load();
  }

  #list(mayName) {
    const has = () => this.chosen.size > 0 || Boolean(this.tile);
    const move = (row, face, isReaching) => () => this.move(row, face, isReaching);
    const correct = { group: "Correct", when: has, isButton: true };
    return [
      { keys: ["ArrowRight", "l"], label: "Next face", group: "Move", act: move(0, 1) },
      { keys: ["ArrowLeft", "h"], label: "Face before", group: "Move", act: move(0, -1) },
      { keys: ["ArrowDown", "j"], label: "Next cluster", group: "Move", act: move(1, 0) },
      { keys: ["ArrowUp", "k"], label: "Cluster before", group: "Move", act: move(-1, 0) },
      { keys: ["PageDown"], label: "Next page", group: "Move", act: () => this.turn(1) },
      { keys: ["PageUp"], label: "Page before", group: "Move", act: () => this.turn(-1) },
      { keys: ["o"], label: "More faces of the cluster", group: "Move", act: () => this.more() },
      { keys: [" "], label: "Choose the face, or leave it out", group: "Choose", act: () => this.toggle() },
      { keys: ["Shift+ArrowRight"], label: "Choose to the right", group: "Choose", act: move(0, 1, true) },
      { keys: ["Shift+ArrowLeft"], label: "Choose to the left", group: "Choose", act: move(0, -1, true) },
      { keys: ["a"], label: "Choose the faces of the cluster", group: "Choose", act: () => this.chooseRow() },
      { keys: ["Escape"], label: "Choose nothing", group: "Choose", act: () => this.clear() },
      { keys: ["s"], label: "Split: one other person", ...correct, act: () => this.split(true) },
      { keys: ["x"], label: "Split: not this person", ...correct, act: () => this.split(false) },
      { keys: ["m"], label: "Merge clusters", ...correct, act: () => this.merge(false) },
      { keys: ["u"], label: "Unknown", ...correct, act: () => this.apart() },
      { keys: ["p"], label: "Same person?", ...correct, act: () => this.suggest() },
      ...(mayName ? [{ keys: ["n"], label: "Alias", ...correct, act: () => this.name() }] : []),
      { keys: ["z"], label: "Undo", group: "Correct", act: () => this.history(), isButton: true },
      { keys: ["r"], label: "Reveal one step more", group: "See", act: () => this.step(1), isButton: true },
      { keys: ["R"], label: "Reveal one step less", group: "See", act: () => this.step(-1) },
      { keys: ["v"], label: "Veil everything", group: "See", act: () => this.veil(), isButton: true },
      { keys: ["?"], label: "Keys", group: "See", act: () => showHelp(this.keys), isButton: true },
    ];
  }

  get row() {
    return this.rows[this.at.row];
  }

  get tile() {
    return this.row?.tiles[this.at.face];
  }

  /** The faces that an act is about, by face: those chosen, or else the one in focus. */
  get targets() {
    if (this.chosen.size) return this.chosen;
    return this.tile ? new Map([[this.tile.face_id, this.row.cluster_id]]) : new Map();
  }

  #begin() {
    this.only = null; // filters are of all clusters again
    this.cursors = [null];
    this.at = { row: 0, face: 0 };
    this.clear();
    this.load();
  }

  async load() {
    const facts = new FormData(this.form);
    const query = new URLSearchParams();
    const reason = facts.get("unknown");
    const after = this.cursors.at(-1);
    if (after) query.set("after", after);
    await this.#guard(async () => {
      if (reason) {
        query.set("reason", reason);
        const found = await getJson(`${this.path}/unknown?${query}`);
        const head = { cluster_id: 0, faces: found.tiles.length, version: 0, alias: `unknown: ${reason.replaceAll("_", " ")}` };
        this.rows = found.tiles.length ? [{ ...head, tiles: found.tiles, next: null, items: 0, videos: 0 }] : [];
        this.next = found.next;
      } else {
        query.set("least", this.only ? 1 : facts.get("least"));
        if (this.only) query.set("cluster", this.only);
        if (facts.get("named")) query.set("named", facts.get("named"));
        const found = await getJson(`${this.path}/rows?${query}`);
        this.rows = found.rows;
        this.next = found.next;
      }
      this.at.row = Math.max(0, Math.min(this.at.row, this.rows.length - 1));
      this.at.face = Math.max(0, Math.min(this.at.face, (this.row?.tiles.length ?? 1) - 1));
      this.draw(true);
      this.#focus();
      if (!this.rows.length) announce("Nothing fits these filters.");
    });
  }

  turn(by) {
    if (by > 0 && this.next) this.cursors.push(this.next);
    else if (by < 0 && this.cursors.length > 1) this.cursors.pop();
    else return undefined;
    this.at = { row: 0, face: 0 };
    return this.load();
  }

  async more() {
    const row = this.row;
    if (!row?.next) return;
    await this.#guard(async () => {
      const found = await getJson(`${this.path}/${row.cluster_id}/faces?after=${encodeURIComponent(row.next)}`);
      row.tiles.push(...found.tiles);
      row.next = found.next;
      this.draw(true);
      this.#focus();
    });
  }

  move(byRow, byFace, isReaching = false) {
    if (!this.tile) return;
    if (isReaching) this.chosen.set(this.tile.face_id, this.row.cluster_id);
    const row = Math.min(Math.max(0, this.at.row + byRow), this.rows.length - 1);
    const face = Math.min(Math.max(0, this.at.face + byFace), this.rows[row].tiles.length - 1);
    this.at = { row, face };
    if (isReaching) this.chosen.set(this.tile.face_id, this.row.cluster_id);
    this.draw();
    this.#focus();
  }

  toggle() {
    if (!this.tile) return;
    if (!this.chosen.delete(this.tile.face_id)) this.chosen.set(this.tile.face_id, this.row.cluster_id);
    this.draw();
    announce(`${this.chosen.size} chosen`);
  }

  chooseRow() {
    if (!this.row) return;
    const isAll = this.row.tiles.every((tile) => this.chosen.has(tile.face_id));
    for (const tile of this.row.tiles) {
      if (isAll) this.chosen.delete(tile.face_id);
      else this.chosen.set(tile.face_id, this.row.cluster_id);
    }
    this.draw();
    announce(`${this.chosen.size} chosen`);
  }

  clear() {
    this.chosen.clear();
    this.draw();
  }

  /** Whether the chosen faces are of clusters; those of the unknown list are in none. */
  #areOfClusters() {
    if (![...this.targets.values()].includes(0)) return true;
    raise("These faces are in no cluster, so there is nothing to correct. Undo takes back what a person put there.", { key: "clusters" });
    return false;
  }

  split(together) {
    if (!this.#areOfClusters()) return undefined;
    const { faces, versions } = this.#say();
    return this.#send("split", { faces, versions, together }, together ? "Split" : "Taken out");
  }

  apart() {
    if (!this.#areOfClusters()) return undefined;
    const { faces, versions } = this.#say();
    return this.#send("apart", { faces, versions }, "Put apart as unknown");
  }

  async merge(despiteFrame, clusters = [...new Set(this.targets.values())], versions = this.#say().versions) {
    if (!this.#areOfClusters()) return;
    if (clusters.length < 2) {
      announce("Choose faces of at least two clusters.");
      raise("Choose faces of at least two clusters to merge them.", { key: "clusters" });
      return;
    }
    const body = { clusters, versions, despite_frame: despiteFrame };
    await this.#send("merge", body, "Merged", (error) => {
      if (!/in one picture/.test(error.message)) return [];
      return [{ label: "One person twice in a picture: merge", act: () => this.merge(true, clusters, versions) }];
    });
  }

  /** Shows the clusters most like this one: a suggestion. */
  async suggest() {
    const row = this.row;
    if (!row?.cluster_id) return;
    await this.#guard(async () => {
      const near = await getJson(`${this.path}/${row.cluster_id}/near`);
      openDialog("Same person?", (body, close) => {
        add(body, "p", "hint", "The clusters most like this one. A model finds them alike; whether they are one person, you say.");
        const list = add(body, "div", "near-list");
        if (!near.length) add(list, "p", "", "There is no other cluster to compare with.");
        for (const other of [{ ...row, score: null }, ...near]) {
          const line = add(list, "div", "cluster");
          this.#drawHead(line, other);
          const strip = add(line, "div", "cluster-faces");
          for (const tile of other.tiles.slice(0, 6)) {
            const picture = add(add(strip, "div", "face"), "img");
            picture.alt = "";
            picture.src = `/faces/${tile.face_id}/crop/${this.reveal.base}`;
          }
          if (other.score === null) continue;
          const versions = { [row.cluster_id]: row.version, [other.cluster_id]: other.version };
          const clusters = [row.cluster_id, other.cluster_id];
          const answer = (label, act) => {
            const button = add(strip, "button", "small", label);
            button.type = "button";
            button.addEventListener("click", () => {
              close();
              act();
            });
          };
          answer("Same: merge", () => this.merge(false, clusters, versions));
          answer("Different people", () => this.#send("different", { clusters, versions }, "Said to be different people"));
        }
      });
    });
  }

  name() {
    const row = this.row;
    if (!row?.cluster_id) return;
    openDialog("Alias", (body, close) => {
      const form = add(body, "form", "stack");
      const label = add(form, "label", "field", "Alias in this case; empty takes it away. It should name nobody.");
      const field = add(label, "input");
      field.maxLength = 100;
      field.value = row.alias ?? "";
      field.autofocus = true;
      add(form, "button", "", "Keep").type = "submit";
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        close();
        const versions = { [row.cluster_id]: row.version };
        this.#send("name", { cluster: row.cluster_id, alias: field.value, versions }, "Alias kept");
      });
    });
  }

  /** Shows what was done, the newest first, to take back one or several. */
  async history() {
    await this.#guard(async () => {
      const acts = await getJson(`${this.path}/acts`);
      openDialog("Undo", (body, close) => {
        const form = add(body, "form", "stack");
        const able = acts.filter((one) => one.kind !== "made" && one.undone_by === null);
        if (!able.length) add(form, "p", "", "There is nothing to undo.");
        able.forEach((one, place) => {
          const label = add(form, "label", "check");
          const box = add(label, "input");
          box.type = "checkbox";
          box.name = "act";
          box.value = one.act;
          box.checked = place === 0;
          box.autofocus = place === 0;
          const what = one.of ? `undoing of ${one.of}` : one.kind;
          label.append(` ${one.act}: ${what}, ${one.faces} ${one.faces === 1 ? "face" : "faces"}, ${one.person}, ${one.at.slice(0, 16).replace("T", " ")}`);
        });
        const button = add(form, "button", "", "Undo the chosen");
        button.type = "submit";
        button.disabled = !able.length;
        form.addEventListener("submit", (event) => {
          event.preventDefault();
          const chosen = new FormData(form).getAll("act").map(Number);
          close();
          if (chosen.length) this.#send("undo", { acts: chosen }, "Undone");
        });
      });
    });
  }

  step(by) {
    if (!this.tile) return;
    announce(`Shown ${LEVEL_NAMES[this.reveal.step(by)]}`);
    this.draw();
  }

  veil() {
    const isVeiled = this.reveal.isAnyShown || !this.reveal.isVeiled;
    document.dispatchEvent(new CustomEvent("varde:veil", { detail: { isVeiled } }));
    announce(isVeiled ? "Everything is veiled" : "Shown as you chose to begin");
  }

  /** Says which faces and which versions of their clusters an act is about. */
  #say() {
    const versions = {};
    for (const clusterId of new Set(this.targets.values())) {
      const row = this.rows.find((one) => one.cluster_id === clusterId) ?? this.kept?.get(clusterId);
      if (row) versions[clusterId] = row.version;
    }
    return { faces: [...this.targets.keys()], versions };
  }

  async #send(what, body, done, findActions = () => []) {
    if (this.isBusy) {
      raise("Not done: the change before it is still being saved. Do it again in a moment.", { key: "clusters" });
      return;
    }
    this.isBusy = true;
    try {
      await postJson(`${this.path}/${what}`, body);
      this.chosen.clear();
      announce(done);
    } catch (error) {
      raise(error.message, { key: "clusters", attention: true, actions: findActions(error) });
    } finally {
      this.isBusy = false;
    }
    await this.load();
  }

  async #guard(work) {
    this.element.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      raise(error.message, { key: "clusters", attention: true, actions: [{ label: "Try again", act: () => this.load() }] });
    } finally {
      this.element.removeAttribute("aria-busy");
    }
  }

  #click(event) {
    const face = event.target.closest(".face");
    if (!face) return;
    this.at = { row: Number(face.dataset.row), face: Number(face.dataset.place) };
    this.toggle();
    this.#focus();
  }

  #focus() {
    this.element.querySelector(".face.is-focused")?.focus({ preventScroll: false });
  }

  /** Draws what is on the page; isNew: the rows are others than before. */
  draw(isNew = false) {
    this.reveal.follow(this.tile?.face_id ?? null);
    if (isNew) this.#make();
    const levels = new Map();
    for (const element of this.element.querySelectorAll(".face")) {
      const [row, place] = [Number(element.dataset.row), Number(element.dataset.place)];
      const tile = this.rows[row].tiles[place];
      const isFocused = row === this.at.row && place === this.at.face;
      const isSelected = this.chosen.has(tile.face_id);
      const level = this.reveal.find(tile.face_id);
      element.classList.toggle("is-focused", isFocused);
      element.classList.toggle("is-selected", isSelected);
      element.setAttribute("aria-selected", String(isSelected));
      element.tabIndex = isFocused ? 0 : -1;
      const source = `/faces/${tile.face_id}/crop/${level}`;
      const picture = element.querySelector("img");
      if (picture.getAttribute("src") !== source) picture.src = source;
      levels.set(tile.item_id, Math.max(level, levels.get(tile.item_id) ?? 0));
    }
    this.watching.show(levels);
    this.count.textContent = this.chosen.size ? `${this.chosen.size} ${this.chosen.size === 1 ? "face" : "faces"} chosen` : `Page ${this.cursors.length}`;
  }

  #make() {
    this.kept = new Map([...(this.kept ?? []), ...this.rows.map((row) => [row.cluster_id, row])]);
    this.element.replaceChildren();
    this.rows.forEach((row, number) => {
      const line = add(this.element, "div", "cluster");
      line.setAttribute("role", "row");
      this.#drawHead(line, row).setAttribute("role", "rowheader");
      const strip = add(line, "div", "cluster-faces");
      strip.setAttribute("role", "presentation");
      row.tiles.forEach((tile, place) => {
        const face = add(strip, "div", "face");
        face.setAttribute("role", "gridcell");
        face.dataset.row = number;
        face.dataset.place = place;
        const fit = tile.fit === null || row.faces < 2 ? "" : tile.fit.toFixed(2);
        face.setAttribute("aria-label", `Face ${tile.face_id}${fit ? `, ${fit} alike` : ""}${tile.by_person ? ", placed by a person" : ""}`);
        face.classList.toggle("is-outlier", Boolean(fit) && tile.fit < OUTLIER);
        const picture = add(face, "img");
        picture.alt = "";
        picture.loading = "lazy";
        picture.draggable = false;
        if (fit) add(face, "span", "face-fit", fit).setAttribute("aria-hidden", "true");
      });
    });
  }

  #drawHead(line, row) {
    const head = add(line, "div", "cluster-head");
    add(head, "strong", "", row.alias ?? `Cluster ${row.cluster_id}`);
    add(head, "span", "", `${row.faces.toLocaleString("en")} ${row.faces === 1 ? "face" : "faces"}`);
    if (row.items) add(head, "span", "hint", `${row.items} items, ${row.videos} videos`);
    if (row.first_at) add(head, "span", "hint", `${row.first_at.slice(0, 10)} to ${row.last_at.slice(0, 10)}`);
    if (row.kept) add(head, "span", "hint", "kept by a person");
    if (row.score) add(head, "span", "hint", `${row.score.toFixed(2)} alike`);
    if (row.next) add(head, "span", "hint", `${row.tiles.length} shown; O shows more`);
    return head;
  }

  #drawBar() {
    const bar = document.querySelector("#bar");
    this.count = add(bar, "span", "count");
    for (const command of this.keys.commands.filter((one) => one.isButton)) {
      const button = add(bar, "button", "", command.label);
      button.type = "button";
      button.append(" ", drawKeys(command));
      button.addEventListener("click", () => command.act());
    }
  }
}

new ClusterPage(document.querySelector("#clusters"));

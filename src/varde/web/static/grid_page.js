/** The grid of a case: where its tiles come from, and the controls above it. */

import { announce } from "./announce.js";
import { chooseFolder } from "./folders.js";
import { Grid } from "./grid.js";
import { readPreferences, remember } from "./preferences.js";
import { getJson, postJson } from "./request.js";

const PART = 120;
const REMEMBER_MS = 800;

/** Returns the source of the tiles of a case. readFilters(): returns the filters as they stand. */
function makeCaseSource(caseId, readFilters) {
  const decide = (path) => async (items, code, { wholeStacks, note, isRepeated }) => {
    const body = { items, code, whole_stacks: wholeStacks, note, repeated: isRepeated };
    const { first, last, tiles } = await postJson(`${path}/decisions`, body);
    return { tiles, undo: first === null ? null : { first, last } };
  };
  const undo = ({ first, last }, { isRepeated }) =>
    postJson(`/cases/${caseId}/undo`, { first, last, repeated: isRepeated });
  return {
    page: (cursor) => getJson(`/cases/${caseId}/tiles?${writeQuery(readFilters(), { after: cursor, limit: PART })}`),
    decide: decide(`/cases/${caseId}`),
    undo,
    stack: (itemId, changed) => ({
      page: (cursor) => getJson(`/items/${itemId}/stack?${writeQuery({}, { after: cursor, limit: PART })}`),
      decide: async (...given) => tell(await decide(`/cases/${caseId}`)(...given), changed),
      undo: async (...given) => tell(await undo(...given), changed),
    }),
  };
}

function tell(answer, changed) {
  changed(answer.tiles);
  return answer;
}

function writeQuery(filters, more) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, ...more })) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(name, one);
    }
  }
  return query;
}

class GridPage {
  constructor(element) {
    this.form = document.querySelector("#filters");
    this.folder = new URLSearchParams(window.location.search).get("folder") ?? "";
    this.caseId = Number(element.dataset.case);
    const preferences = readPreferences();
    this.#restore(preferences);
    this.grid = new Grid(element, makeCaseSource(this.caseId, () => this.#readFilters()), {
      codes: JSON.parse(element.dataset.codes),
      caseId: this.caseId,
      preferences,
      label: "Items of the case",
      onFigures: (figures) => this.#tellWhyNothing(figures),
      onResize: (tilePx) => this.#keep({ tile_px: tilePx }),
    });
    this.preferences = preferences;
    this.#bind();
  }

  #bind() {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", (event) => this.#change(event.target));
    document.querySelector("#folder").addEventListener("click", () =>
      chooseFolder(this.caseId, (folder) => this.#setFolder(folder)),
    );
    document.querySelector("#all-folders").addEventListener("click", () => this.#setFolder(null));
  }

  /** Says why the grid is empty, if it is. */
  #tellWhyNothing({ items, decided_items: decided }) {
    if (!this.grid) return;
    const { open } = this.#readFilters();
    let text = "Nothing fits these filters. Choose other ones above, or look at the case as a whole.";
    if (!items) text = "Nothing is in this case yet. Its overview says how an exhibit is added.";
    else if (open === "true" && decided >= items) text = "Everything is decided. Choose another state above to look at it again.";
    this.grid.options.emptyText = text;
  }

  #change(control) {
    if (control.name === "auto_advance") {
      this.preferences.autoAdvance = control.checked;
      this.#keep({ auto_advance: control.checked });
    } else if (control.name === "tile_px") {
      this.grid.resize(Number(control.value));
    } else {
      if (control.name === "order") this.#keep({ order: control.value });
      this.#apply();
    }
  }

  #setFolder(folder) {
    this.folder = folder ? String(folder.rank) : "";
    this.#showFolder(folder?.locator);
    this.#apply();
    announce(folder ? "One folder is shown" : "All folders are shown");
  }

  #showFolder(locator) {
    const label = document.querySelector("#folder .name");
    label.textContent = this.folder ? (locator ?? `number ${this.folder}`) : "all";
    document.querySelector("#all-folders").hidden = !this.folder;
  }

  #apply() {
    const query = writeQuery(this.#readFilters(), {});
    window.history.replaceState(null, "", `${window.location.pathname}?${query}`);
    this.grid.reload();
  }

  #readFilters() {
    const facts = new FormData(this.form);
    return {
      order: facts.get("order"),
      kind: facts.getAll("kind"),
      open: facts.get("open"),
      matched: facts.get("matched"),
      folder: this.folder,
    };
  }

  /** Sets the controls to what the address says, or else to what the person chose earlier. */
  #restore(preferences) {
    const query = new URLSearchParams(window.location.search);
    const { order, open, matched, tile_px: tilePx, auto_advance: autoAdvance } = this.form.elements;
    order.value = query.get("order") ?? preferences.order;
    if (!order.value) order.value = "relevance";
    open.value = query.get("open") ?? (query.size ? "" : "true");
    matched.checked = query.get("matched") === "true";
    for (const box of this.form.querySelectorAll("[name=kind]")) box.checked = query.getAll("kind").includes(box.value);
    tilePx.value = preferences.tilePx;
    autoAdvance.checked = preferences.autoAdvance;
    this.#showFolder();
  }

  #keep(changes) {
    this.kept = { ...this.kept, ...changes };
    if (changes.tile_px) this.form.elements.tile_px.value = changes.tile_px;
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      remember(this.kept);
      this.kept = {};
    }, REMEMBER_MS);
  }
}

new GridPage(document.querySelector("#grid"));

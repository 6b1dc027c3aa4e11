/** Lets a person choose a folder of a case: those with most matches first. */

import { add, openDialog } from "./dialogs.js";
import { getJson } from "./request.js";
import { showName } from "./tiles.js";

/** Shows the folders of a case; chosen(folder) is called with the one that was pressed. */
export function chooseFolder(caseId, chosen) {
  const fill = (body, close) => {
    const label = add(body, "label", "field", "Find in the names shown");
    const filter = add(label, "input");
    filter.type = "search";
    const list = add(body, "ul", "folder-list");
    const more = add(body, "button", "", "Show more folders");
    more.type = "button";
    const problem = add(body, "p", "problem");
    const state = { after: null };
    const load = () => append(caseId, list, state, more, problem, (folder) => (close(), chosen(folder)));
    more.addEventListener("click", load);
    filter.addEventListener("input", () => narrow(list, filter.value.toLowerCase()));
    load();
  };
  openDialog("Folders, those with most matches first", fill, { classes: "folder-dialog" });
}

async function append(caseId, list, state, more, problem, chosen) {
  problem.textContent = "";
  try {
    const query = new URLSearchParams(state.after === null ? {} : { after: state.after });
    const answer = await getJson(`/cases/${caseId}/folders?${query}`);
    const folders = Array.isArray(answer) ? answer : answer.folders;
    for (const folder of folders) list.append(draw(folder, chosen));
    state.after = Array.isArray(answer) ? (folders.at(-1)?.rank ?? null) : answer.next;
    more.hidden = !folders.length || state.after === null;
  } catch (error) {
    problem.textContent = error.message;
  }
}

function draw(folder, chosen) {
  const line = document.createElement("li");
  const button = add(line, "button");
  button.type = "button";
  add(button, "bdi", "name", showName(folder.locator) || "(top)");
  if (folder.matched) add(button, "span", "badge attention", `${folder.matched.toLocaleString("en")} matched`);
  add(button, "span", "muted number", `${folder.items.toLocaleString("en")} items`);
  button.addEventListener("click", () => chosen(folder));
  return line;
}

function narrow(list, wanted) {
  for (const line of list.children) line.hidden = !line.textContent.toLowerCase().includes(wanted);
}

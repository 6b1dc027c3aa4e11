/** Search by a picture: dropped or chosen, sent once, and shown in what the server says of it. */

import { findCsrf } from "./request.js";

const form = document.querySelector("#picture-form");

if (form) {
  const [drop, input, button] = ["#drop", "#picture", "#picture-search"].map((id) => document.querySelector(id));
  const [scope, wide, results] = ["#scope", "#wide", "#results"].map((id) => document.querySelector(id));
  const isWide = () => scope.value === "all";
  const showWide = () => {
    wide.hidden = !isWide();
    for (const field of wide.querySelectorAll("input")) field.required = isWide();
  };
  scope.addEventListener("change", showWide);
  showWide();
  input.addEventListener("change", () => {
    button.disabled = !input.files.length;
    if (input.files.length && !isWide()) form.requestSubmit();
  });
  for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => hover(event, drop));
  for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, () => drop.classList.remove("is-over"));
  document.addEventListener("drop", (event) => take(event, input));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) search(form, scope.value, results, button);
  });
}

function hover(event, drop) {
  if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  drop.classList.add("is-over");
}

function take(event, input) {
  const files = event.dataTransfer?.files;
  if (!files?.length) return;
  event.preventDefault();
  const one = new DataTransfer();
  one.items.add(files[0]);
  input.files = one.files;
  input.dispatchEvent(new Event("change"));
}

async function search(form, scope, results, button) {
  const body = new FormData();
  const file = form.elements.file.files[0];
  body.append("file", file, "picture"); // its name stays here
  body.append("case", scope);
  for (const name of ["purpose", "authorisation"]) body.append(name, form.elements[name].value);
  button.disabled = true;
  say(results, "Comparing …");
  try {
    const headers = { "x-csrf-token": findCsrf(), accept: "application/json" };
    const answer = await fetch(form.action, { method: "POST", body, headers, cache: "no-store", redirect: "manual" });
    if (answer.type === "opaqueredirect") return say(results, "Your session has ended. Log in again.", true);
    if (!answer.ok) return say(results, await readRefusal(answer), true);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    results.replaceChildren(...page.body.children);
  } catch {
    say(results, "The server does not answer. The picture was not kept; try again.", true);
  } finally {
    button.disabled = false;
  }
}

async function readRefusal(answer) {
  try {
    return (await answer.json()).message;
  } catch {
    return `The server answered ${answer.status}.`;
  }
}

function say(results, text, isProblem = false) {
  const line = document.createElement("p");
  line.className = isProblem ? "notice attention" : "muted";
  line.setAttribute("role", isProblem ? "alert" : "status");
  line.textContent = text;
  results.replaceChildren(line);
}

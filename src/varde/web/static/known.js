/** Sends the file of a known set, and shows what is wrong with it or that it is being imported. */

import { findCsrf } from "./request.js";

const form = document.querySelector("#import-form");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [button, problem] = [form.querySelector("button"), document.querySelector("#import-problem")];
  const file = form.elements.file.files[0];
  const body = new FormData(form);
  body.append("file_name", file.name);
  button.disabled = true;
  problem.hidden = true;
  try {
    const headers = { "x-csrf-token": findCsrf(), accept: "application/json" };
    const answer = await fetch(form.action, { method: "POST", body, headers, cache: "no-store", redirect: "manual" });
    if (answer.ok) {
      location.assign("/known");
      return;
    }
    const told = answer.type === "opaqueredirect" ? "Your session has ended. Log in again." : (await answer.json()).message;
    say(problem, told);
  } catch {
    say(problem, "The server does not answer. Nothing was imported; try again.");
  }
  button.disabled = false;
});

function say(problem, text) {
  problem.textContent = text;
  problem.hidden = false;
}

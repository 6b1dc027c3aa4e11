/** Dialogs of the review views. Each gives the focus back to where it was. */

import { drawKeys } from "./keys.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Shows a dialog until it is closed. fill(body, close): puts in it what it shows. */
export function openDialog(title, fill, { classes = "", onClose = () => {} } = {}) {
  const before = document.activeElement;
  const dialog = document.createElement("dialog");
  dialog.className = classes;
  const head = add(dialog, "div", "dialog-head");
  const heading = add(head, "h2", "", title);
  heading.id = `dialog-${document.querySelectorAll("dialog").length}`;
  dialog.setAttribute("aria-labelledby", heading.id);
  const close = () => dialog.close();
  const button = add(head, "button", "quiet small", "Close");
  button.type = "button";
  button.addEventListener("click", close);
  fill(add(dialog, "div", "dialog-body"), close);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose();
    before?.focus?.({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Lists every key, from the table that drives them. */
export function showHelp(keys) {
  openDialog("Keys", (body) => {
    body.tabIndex = 0;
    body.classList.add("key-help");
    for (const [group, commands] of keys.listGroups()) {
      const section = add(body, "section", "stack");
      add(section, "h3", "", group);
      const list = add(section, "dl", "facts");
      for (const command of commands) {
        add(list, "dt").append(drawKeys(command));
        add(list, "dd", "", command.label);
      }
    }
  });
}

/** Asks for a code by letter or from a list; chosen(code). */
export function chooseCode(codes, chosen) {
  openDialog("Choose a grade", (body, close) => {
    const list = add(body, "div", "code-list");
    codes.forEach((code, number) => {
      const button = add(list, "button", "", code);
      button.type = "button";
      if (LETTERS[number]) button.prepend(add(button, "kbd", "", LETTERS[number]), " ");
      button.addEventListener("click", () => {
        close();
        chosen(code);
      });
    });
    list.firstChild?.setAttribute("autofocus", "");
    body.closest("dialog").addEventListener("keydown", (event) => {
      const place = event.ctrlKey || event.altKey || event.metaKey ? -1 : LETTERS.indexOf(event.key);
      if (place >= 0 && place < codes.length) list.children[place].click();
    });
  });
}

/** Asks for a note and the grade it goes with; chosen(code, note). */
export function askForNote(codes, chosen) {
  openDialog("Grade with a note", (body, close) => {
    const label = add(body, "label", "field", "Note, kept with the decision");
    const text = add(label, "textarea");
    text.maxLength = 2000;
    text.autofocus = true;
    text.rows = 4;
    const list = add(body, "div", "code-list");
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Grade");
    for (const code of codes) {
      const button = add(list, "button", "", code);
      button.type = "button";
      button.addEventListener("click", () => {
        close();
        chosen(code, text.value.trim());
      });
    }
    add(body, "p", "hint", "The grade you press is recorded together with the note.");
  });
}

/** Adds an element to another and returns it. */
export function add(parent, kind, classes = "", text = "") {
  const element = parent.appendChild(document.createElement(kind));
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
}

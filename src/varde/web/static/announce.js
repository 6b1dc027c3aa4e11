/** Says what happened: to everybody in a line below the navigation, to screen readers in a live region. */

let last = "";

/** Says something to screen readers; said again if it is the same again. */
export function announce(text) {
  const region = document.getElementById("said");
  if (!region) return;
  last = last === text ? `${text}\u00a0` : text;
  region.textContent = last;
}

/**
 * Shows a notice below the navigation until it is dismissed, and returns its element.
 *
 * options.key: replaces an earlier notice of the same key. options.attention: in the warm colour, said at once.
 * options.actions: `[{label, act}]`, shown as buttons. options.canDismiss: true unless told.
 */
export function raise(text, { key = "", attention = false, actions = [], canDismiss = true } = {}) {
  if (key) dismiss(key);
  const notice = document.createElement("div");
  notice.className = attention ? "notice attention" : "notice";
  notice.setAttribute("role", attention ? "alert" : "status");
  if (key) notice.dataset.key = key;
  const sentence = document.createElement("span");
  sentence.textContent = text;
  notice.append(sentence);
  for (const { label, act } of actions) notice.append(makeButton(label, act));
  if (canDismiss) notice.append(makeButton("Dismiss", () => notice.remove()));
  document.getElementById("notices")?.append(notice);
  return notice;
}

/** Takes the notice of a key away, if it is there. */
export function dismiss(key) {
  for (const notice of document.querySelectorAll("#notices .notice")) {
    if (notice.dataset.key === key) notice.remove();
  }
}

function makeButton(label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = label;
  button.addEventListener("click", act);
  return button;
}

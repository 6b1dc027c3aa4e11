/** Says in words what went wrong in a view of tiles, and what a person can do about it. */

import { announce, dismiss, raise } from "./announce.js";

/** A page could not be had; again() asks once more. */
export function tellPageFailed(error, again) {
  const actions = [{ label: "Try again", act: again }];
  raise(`The page could not be loaded. ${error.message}`, { key: "page", attention: true, actions });
}

/** The page is there now. */
export function forgetPageFailed() {
  dismiss("page");
}

/** A decision was refused, and what was there before is shown again. */
export function tellRefused(text) {
  raise(text, { attention: true });
}

/** Decisions wait to be sent again. */
export function tellWaiting(error, waiting, tryNow) {
  const actions = [{ label: "Try now", act: tryNow }];
  if (error.status === 401) {
    actions.unshift({ label: "Log in (new tab)", act: () => window.open("/login", "_blank", "noopener") });
  }
  const what = waiting === 1 ? "1 decision waits; it is" : `${waiting} decisions wait; they are`;
  const text = `${error.message} ${what} sent again without your doing. Do not close this page.`;
  raise(text, { key: "outbox", attention: true, actions, canDismiss: false });
}

/** Everything that waited was sent. */
export function tellSaved() {
  dismiss("outbox");
  announce("Saved. Everything is in order again.");
}

/** Starts loading pictures a few in each frame: many at once would hold the page up just when somebody turns it. */

const IN_ONE_FRAME = 12;
const waiting = new Map();
let started = 0;
let isScheduled = false;

/** Gives an image its source, now or in one of the next frames; the newest source counts. What it showed is gone now. */
export function loadPicture(image, source) {
  waiting.delete(image);
  if (started < IN_ONE_FRAME) {
    start(image, source);
  } else {
    image.removeAttribute("src");
    waiting.set(image, source);
  }
}

/** Takes an image's picture away, also one that has not been loaded yet. */
export function dropPicture(image) {
  waiting.delete(image);
  image.removeAttribute("src");
}

function start(image, source) {
  started += 1;
  image.src = source;
  schedule();
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(step);
}

function step() {
  isScheduled = false;
  started = 0;
  for (const [image, source] of waiting) {
    if (started >= IN_ONE_FRAME) break;
    waiting.delete(image);
    start(image, source);
  }
  if (waiting.size) schedule();
}

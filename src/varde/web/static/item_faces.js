/** The faces of an item: shown as far as the item is, and framed in its picture on demand. */

import { draw, loadPicture, wipe } from "./sight.js";

const SVG = "http://www.w3.org/2000/svg";
const stage = document.querySelector("#stage");
const button = document.querySelector("#show-boxes");
const faces = [...document.querySelectorAll("#item-faces canvas[data-path]")];
let asked = -1;

if (faces.length) {
  document.addEventListener("varde-level", (event) => show(event.detail));
  button?.addEventListener("click", toggle);
}

async function show(level) {
  if (asked === level) return;
  asked = level;
  for (const canvas of faces) {
    try {
      const picture = await loadPicture(`${canvas.dataset.path}/${level}`);
      if (asked === level) draw(canvas, picture);
      picture.close();
    } catch (error) {
      wipe(canvas);
      canvas.title = error.message;
    }
  }
}

/** Frames the faces in what is shown of the item; the frames keep the picture's own proportions. */
function toggle() {
  const there = stage.querySelector(".face-boxes");
  button.setAttribute("aria-pressed", String(!there));
  if (there) {
    there.remove();
    return;
  }
  const shown = document.querySelector("#sight");
  const veil = document.querySelector("#veil");
  const [width, height] = shown.hidden ? [veil.naturalWidth, veil.naturalHeight] : [shown.width, shown.height];
  const boxes = stage.appendChild(document.createElementNS(SVG, "svg"));
  boxes.classList.add("face-boxes");
  boxes.setAttribute("viewBox", `0 0 ${width} ${height}`);
  boxes.setAttribute("aria-hidden", "true");
  for (const canvas of faces) {
    const [left, top, wide, high] = JSON.parse(canvas.dataset.box);
    const box = boxes.appendChild(document.createElementNS(SVG, "rect"));
    const sides = { x: left * width, y: top * height, width: wide * width, height: high * height };
    for (const [name, value] of Object.entries(sides)) box.setAttribute(name, String(value));
    box.classList.toggle("is-unused", canvas.dataset.usable === "false");
  }
}

/** Icons for tiles, drawn as plain paths: hundreds of references into a file of symbols would cost a page turn dearly. */

const ADDRESS = new URL("./icons.svg", import.meta.url);
const SVG = "http://www.w3.org/2000/svg";
const paths = readPaths();

/** Returns a new icon; its shape comes as soon as the icons are here. */
export function drawIcon(name, classes = "") {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("class", `glyph ${classes}`.trim());
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  icon.append(document.createElementNS(SVG, "path"));
  changeIcon(icon, name);
  return icon;
}

/** Gives an icon another shape. */
export async function changeIcon(icon, name) {
  icon.dataset.name = name;
  const known = await paths;
  if (icon.dataset.name === name) icon.firstChild.setAttribute("d", known.get(name) ?? "");
}

async function readPaths() {
  try {
    const text = await (await fetch(ADDRESS)).text();
    const symbols = new DOMParser().parseFromString(text, "image/svg+xml").querySelectorAll("symbol");
    return new Map([...symbols].map((symbol) => [symbol.id, symbol.querySelector("path").getAttribute("d")]));
  } catch {
    return new Map(); // every icon stands beside words
  }
}

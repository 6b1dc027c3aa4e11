/**
 * Two faces drawn to be compared: side by side, in turns in one place, or one over the other.
 *
 * Crops are aligned by their landmarks before they are stored, so the same place in two of them is the same place of a
 * face. All that is changed here is how they are drawn; nothing of it is kept.
 */

export const MODES = ["side", "turns", "over"];
export const MOST_ZOOM = 6;
const WIDTH_PX = 512;
const HEIGHT_PX = 576; // of a crop, whose sides are 8 : 9
const COLOURS = { probe: "#5ad1e6", candidate: "#f2b04e" };
const DARKEST_SHARE = 0.02;
const BRIGHTEST_SHARE = 0.98;

export class Comparison {
  /** canvases: `{probe, candidate, both}`. The faces are given by `put`. */
  constructor(canvases) {
    this.canvases = canvases;
    this.faces = {};
    this.mode = "side";
    this.isProbeUp = true;
    this.opacity = 0.5;
    this.zoom = 1;
    this.centre = { x: 0.5, y: 0.5 };
    this.isGrey = false;
    this.isStretched = false;
    this.hasLandmarks = false;
    for (const canvas of Object.values(canvases)) [canvas.width, canvas.height] = [WIDTH_PX, HEIGHT_PX];
  }

  /** Takes a face over: name `probe` or `candidate`, its decoded picture, and landmarks as shares of it. */
  put(name, picture, landmarks) {
    const kept = document.createElement("canvas");
    kept.width = picture.width;
    kept.height = picture.height;
    kept.getContext("2d").drawImage(picture, 0, 0);
    this.faces[name] = { kept, landmarks, shown: null };
    this.draw();
  }

  /** Forgets the pictures. */
  wipe() {
    this.faces = {};
    this.draw();
  }

  /** Changes how the faces are drawn, such as `{zoom: 2}`, and draws them. */
  set(changes) {
    Object.assign(this, changes);
    if ("isGrey" in changes || "isStretched" in changes) {
      for (const face of Object.values(this.faces)) face.shown = null;
    }
    this.zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom));
    const reach = 0.5 / this.zoom;
    for (const axis of ["x", "y"]) this.centre[axis] = Math.min(1 - reach, Math.max(reach, this.centre[axis]));
    this.draw();
  }

  /** Moves what is seen by shares of what is seen. */
  pan(x, y) {
    this.set({ centre: { x: this.centre.x + x / this.zoom, y: this.centre.y + y / this.zoom } });
  }

  draw() {
    const { probe, candidate, both } = this.canvases;
    if (this.mode === "side") {
      this.#clear(probe);
      this.#clear(candidate);
      this.#drawFace(probe, "probe", 1);
      this.#drawFace(candidate, "candidate", 1);
      return;
    }
    this.#clear(both);
    if (this.mode === "turns") {
      this.#drawFace(both, this.isProbeUp ? "probe" : "candidate", 1);
    } else {
      this.#drawFace(both, "probe", 1);
      this.#drawFace(both, "candidate", this.opacity);
    }
  }

  #clear(canvas) {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }

  #drawFace(canvas, name, opacity) {
    const face = this.faces[name];
    if (!face) return;
    face.shown ??= this.#process(face.kept);
    const context = canvas.getContext("2d");
    context.save();
    context.translate(WIDTH_PX / 2, HEIGHT_PX / 2);
    context.scale(this.zoom, this.zoom);
    context.translate(-this.centre.x * WIDTH_PX, -this.centre.y * HEIGHT_PX);
    context.imageSmoothingQuality = "high";
    context.globalAlpha = opacity;
    context.drawImage(face.shown, 0, 0, WIDTH_PX, HEIGHT_PX);
    context.globalAlpha = 1;
    if (this.hasLandmarks) this.#drawLandmarks(context, face.landmarks, COLOURS[name]);
    context.restore();
  }

  /** Crosses at the five points, and the lines between them: eyes, nose, mouth. */
  #drawLandmarks(context, landmarks, colour) {
    const points = landmarks.map(([x, y]) => [x * WIDTH_PX, y * HEIGHT_PX]);
    const arm = 9 / this.zoom;
    context.strokeStyle = colour;
    context.lineWidth = 1.5 / this.zoom;
    context.beginPath();
    for (const [x, y] of points) {
      context.moveTo(x - arm, y);
      context.lineTo(x + arm, y);
      context.moveTo(x, y - arm);
      context.lineTo(x, y + arm);
    }
    if (points.length === 5) {
      const [eye, ...others] = [0, 1, 2, 0, 3, 4, 1].map((number) => points[number]);
      context.moveTo(...eye);
      for (const point of others) context.lineTo(...point);
    }
    context.stroke();
  }

  #process(kept) {
    if (!this.isGrey && !this.isStretched) return kept;
    const made = document.createElement("canvas");
    made.width = kept.width;
    made.height = kept.height;
    const pixels = kept.getContext("2d").getImageData(0, 0, kept.width, kept.height);
    if (this.isGrey) takeColours(pixels.data);
    if (this.isStretched) stretch(pixels.data);
    made.getContext("2d").putImageData(pixels, 0, 0);
    return made;
  }
}

function takeColours(data) {
  for (let at = 0; at < data.length; at += 4) data[at] = data[at + 1] = data[at + 2] = findLightness(data, at);
}

function findLightness(data, at) {
  return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
}

/** Stretches lightness so that all but the darkest and brightest fiftieth fills the range; colours keep their ratio. */
function stretch(data) {
  const counts = new Uint32Array(256);
  for (let at = 0; at < data.length; at += 4) counts[Math.round(findLightness(data, at))] += 1;
  const [dark, bright] = [DARKEST_SHARE, BRIGHTEST_SHARE].map((share) => findQuantile(counts, share * (data.length / 4)));
  const gain = 255 / Math.max(1, bright - dark);
  for (let at = 0; at < data.length; at += 4) {
    for (let channel = at; channel < at + 3; channel += 1) data[channel] = (data[channel] - dark) * gain;
  }
}

function findQuantile(counts, wanted) {
  let passed = 0;
  for (let lightness = 0; lightness < 256; lightness += 1) {
    passed += counts[lightness];
    if (passed >= wanted) return lightness;
  }
  return 255;
}

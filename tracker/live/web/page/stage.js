// Draws the picture, the targets' boxes and trails, and the box that is being drawn. Boxes are x, y, w, h in pixels of the source.

import { LABEL, inkOn, labelOf, placeLabel, shorten } from "./labels.js";

export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const DASH = [9, 7];
const TINY = 30; // CSS pixels of a box's shorter side
const NARROW = 480; // CSS pixels of a picture on which labels are short

/** Where the handles of a box are, by name. */
export function handlesOf([x, y, w, h]) {
  const places = { w: x, e: x + w, n: y, s: y + h };
  return HANDLES.map((name) => {
    const column = places[name.at(-1)];
    return [name, "we".includes(name.at(-1)) ? column : x + w / 2, "ns".includes(name[0]) ? places[name[0]] : y + h / 2];
  });
}

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.picture = null; // ImageBitmap or video element that is shown
    this.size = [0, 0]; // of the source, which boxes are in
    this.closer = { factor: 1, middle: [0.5, 0.5] }; // zoom, and the part of the source that is in the middle
    this.frame = 0;
    this.targets = [];
    this.chosen = null; // id
    this.draft = null; // {box, id, touch: [x, y] | null} while it is drawn
    this.trails = true;
    this.history = null;
    this.asked = false;
    this.labels = []; // {id, text, place: [x, y, w, h]}, as they are drawn
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  /** Shows a picture; the one before is let go. */
  show(picture) {
    if (this.picture !== picture) this.picture?.close?.();
    this.picture = picture;
    this.redraw();
  }

  redraw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  /** How the source lies on the canvas, in CSS pixels: however large, it leaves no wider margin free than when it is whole. */
  get view() {
    const { factor, middle } = this.closer;
    const room = [this.canvas.clientWidth, this.canvas.clientHeight];
    const fit = Math.min(room[0] / this.size[0], room[1] / this.size[1]) || 1;
    const scale = factor * fit;
    const [left, top] = this.size.map((length, i) => {
      const margin = (room[i] - fit * length) / 2;
      return Math.max(room[i] - margin - scale * length, Math.min(margin, room[i] / 2 - middle[i] * scale * length));
    });
    return { scale, left, top };
  }

  /** The part of the canvas with something of the source. */
  get seen() {
    const [x, y, w, h] = this.toCanvas([0, 0, ...this.size]);
    const [left, top] = [Math.max(0, x), Math.max(0, y)];
    return [left, top, Math.min(this.canvas.clientWidth, x + w) - left, Math.min(this.canvas.clientHeight, y + h) - top];
  }

  toSource(x, y) {
    const { scale, left, top } = this.view;
    return [(x - left) / scale, (y - top) / scale];
  }

  toCanvas([x, y, w, h]) {
    const { scale, left, top } = this.view;
    return [left + scale * x, top + scale * y, scale * w, scale * h];
  }

  draw() {
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    if (!this.size[0]) return;
    const [x, y, w, h] = this.toCanvas([0, 0, ...this.size]);
    if (this.picture) context.drawImage(this.picture, x, y, w, h);
    context.save();
    context.beginPath();
    context.rect(...this.seen);
    context.clip();
    for (const target of this.targets) if (this.trails) this.drawTrail(target);
    const drawn = this.targets.filter((target) => target.box && this.draft?.id !== target.id);
    drawn.sort((a, b) => (a.id === this.chosen) - (b.id === this.chosen)); // the chosen one lies above the others
    for (const target of drawn) this.drawTarget(target);
    this.labels = [];
    for (const target of drawn) this.labelTarget(target);
    context.restore();
    if (this.draft) this.drawDraft();
  }

  drawTrail({ id, colour, box }) {
    const points = box && this.history ? this.history.trail(id, this.frame) : [];
    const { context } = this;
    const { scale, left, top } = this.view;
    context.lineWidth = 2;
    context.strokeStyle = colour;
    for (let i = 1; i < points.length; i += 1) {
      if (!points[i - 1] || !points[i]) continue;
      context.globalAlpha = 0.15 + (0.75 * i) / points.length;
      context.beginPath();
      context.moveTo(left + scale * points[i - 1][0], top + scale * points[i - 1][1]);
      context.lineTo(left + scale * points[i][0], top + scale * points[i][1]);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** Solid while it is tracked, thin where uncertain, dashed where lost: never by colour alone. */
  drawTarget(target) {
    const { context } = this;
    const box = this.toCanvas(target.box);
    const width = target.state === "uncertain" ? 1.2 : 3;
    context.setLineDash(target.state === "lost" ? DASH : []);
    this.outline(box, target.colour, width);
    context.setLineDash([]);
    if (target.id === this.chosen) this.drawBrackets(box, target.colour);
  }

  outline([x, y, w, h], colour, width) {
    const { context } = this;
    context.lineWidth = width + 2.5;
    context.strokeStyle = "rgb(0 0 0 / 0.55)";
    context.strokeRect(x, y, w, h);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.strokeRect(x, y, w, h);
  }

  drawBrackets(box, colour) {
    const { context } = this;
    const side = Math.min(box[2], box[3]);
    const out = side < TINY ? 6 : 0; // the handles of a tiny box stand beside it: what is in it must be seen
    for (const [name, x, y] of handlesOf([box[0] - out, box[1] - out, box[2] + 2 * out, box[3] + 2 * out])) {
      if (out && name.length === 1) continue;
      const r = name.length === 2 && !out ? 5 : 3.5;
      context.fillStyle = "#ffffff";
      context.strokeStyle = "#000000";
      context.lineWidth = 1.5;
      context.beginPath();
      context.rect(x - r, y - r, 2 * r, 2 * r);
      context.fill();
      context.stroke();
      context.fillStyle = colour;
      context.fillRect(x - r + 2.5, y - r + 2.5, 2 * r - 5, 2 * r - 5);
    }
  }

  /** The name is cut where the label would take more than a third of the picture; score and state are not. */
  labelTarget(target) {
    const { context } = this;
    const state = target.state === "tracking" || !target.state ? "" : ` ${target.state}`;
    const narrow = this.canvas.clientWidth < NARROW && state; // the list has the score
    const score = target.state && target.state !== "lost" && !narrow ? ` ${target.score.toFixed(2)}` : "";
    this.useFont();
    const room = this.seen[2] / 3 - 14 - context.measureText(score + state).width;
    const name = target.name ? shorten(context, labelOf(target), room) : labelOf(target);
    const box = this.toCanvas(target.box);
    if (this.isSeen(box)) this.drawLabel(box, name + score + state, target.colour, target.id);
  }

  isSeen([x, y, w, h]) {
    const [left, top, wide, high] = this.seen;
    return x + w > left && x < left + wide && y + h > top && y < top + high;
  }

  useFont() {
    this.context.font = `600 13px ${getComputedStyle(this.canvas).fontFamily}`;
  }

  drawLabel(box, text, colour, id) {
    const { context } = this;
    this.useFont();
    const width = context.measureText(text).width + 14;
    const others = this.targets.filter((target) => target.box && target.id !== id).map((target) => this.toCanvas(target.box));
    const place = placeLabel(box, width, this.seen, others, this.labels.map((label) => label.place));
    this.labels.push({ id, text, place });
    const [at, from] = place;
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(at, from, width, LABEL, 5);
    context.fill();
    context.fillStyle = inkOn(colour);
    context.textBaseline = "middle";
    context.fillText(text, at + 7, from + 11);
  }

  drawDraft() {
    const { context, draft } = this;
    const box = this.toCanvas(draft.box);
    const colour = this.targets.find((target) => target.id === draft.id)?.colour || "#ffffff";
    this.outline(box, colour, 2);
    this.drawBrackets(box, colour);
    if (draft.keys || draft.touch) {
      this.drawLabel(box, `${Math.round(draft.box[2])} × ${Math.round(draft.box[3])}`, colour, draft.id);
    }
    if (draft.touch && this.picture) this.drawLoupe(draft.touch, box);
    context.setLineDash([]);
  }

  /** What the finger hides, twice as large, in the corner away from it. */
  drawLoupe([x, y], box) {
    const { context, canvas } = this;
    const r = Math.min(58, canvas.clientHeight / 5);
    const cx = x < canvas.clientWidth / 2 ? canvas.clientWidth - r - 8 : r + 8;
    const cy = r + 8;
    const [left, top, w, h] = this.toCanvas([0, 0, ...this.size]);
    context.save();
    context.beginPath();
    context.arc(cx, cy, r, 0, 2 * Math.PI);
    context.fillStyle = "#000000";
    context.fill();
    context.clip();
    context.translate(cx - 2 * x, cy - 2 * y);
    context.scale(2, 2);
    context.drawImage(this.picture, left, top, w, h);
    context.lineWidth = 1;
    context.strokeStyle = "#ffffff";
    context.strokeRect(...box);
    context.restore();
    context.beginPath();
    context.arc(cx, cy, r, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = "#ffffff";
    context.stroke();
  }
}

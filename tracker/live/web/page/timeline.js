// Every target's score along the frames, under the slider and in line with it. Lost spans are hatched and can be clicked.

import { labelOf, shorten } from "./labels.js";
import { LostList } from "./lost.js";

const PAD = 11; // half the slider's thumb, so that both axes agree
const WINDOW = 900; // frames shown of a source without end
const NEAR = 6; // CSS pixels beside a lost span that still count as on it
const RANKS = { tracking: 1, uncertain: 2, lost: 3 };
const LOW = 22; // CSS pixels of the lowest lane
const HIGH = 154; // and of the highest
const DIAMOND = 5; // half of one
const NAMES = 60; // CSS pixels from which on there is room for names

export class Timeline {
  /** `to`: seek(frame), choose(id). */
  constructor(canvas, lost, history, to) {
    this.canvas = canvas;
    this.lost = new LostList(lost, canvas, to);
    this.history = history;
    this.to = to;
    this.frames = null; // of the source, null where not known
    this.frame = 0;
    this.seekable = false;
    this.chosen = null; // id of the target whose lane is brought into view
    this.brought = null; // id for which that was done
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
    addEventListener("resize", () => this.redraw());
    document.addEventListener("theme", () => this.redraw());
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("pointermove", (event) => this.hover(event));
  }

  /** Draws soon, at most every `wait` ms: while frames come in there is no hurry. */
  redraw(wait = 0) {
    if (this.timer && wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.draw();
      this.lost.update(this.rows, (id) => this.history.spans(id), this.seekable);
    }, wait);
  }

  /** CSS pixels at the left for the targets' names, beside which the slider begins too. */
  get gutter() {
    return parseFloat(getComputedStyle(this.canvas.parentElement).getPropertyValue("--gutter")) || 0;
  }

  get range() {
    if (this.frames) return [0, this.frames - 1];
    const last = Math.max(this.history.newest, 60);
    return [Math.max(0, last - WINDOW), last];
  }

  x(frame) {
    const [first, last] = this.range;
    const from = this.gutter + PAD;
    const room = this.canvas.clientWidth - PAD - from;
    return last > first ? from + ((frame - first) / (last - first)) * room : from + room / 2;
  }

  frameAt(x) {
    const [first, last] = this.range;
    const from = this.gutter + PAD;
    const part = (x - from) / (this.canvas.clientWidth - PAD - from);
    return Math.max(first, Math.min(last, Math.round(first + part * (last - first))));
  }

  get rows() {
    return [...this.history.targets.values()].sort((a, b) => a.id - b.id);
  }

  /** Height of the box, whatever is in it: the picture above keeps its place when targets come. */
  get room() {
    return this.canvas.parentElement.clientHeight;
  }

  /** Height of a lane. Where the box cannot hold all, the last one is cut in half, so that one sees that there are more. */
  get height() {
    const even = this.room / Math.max(1, this.rows.length);
    return even >= LOW ? Math.min(HIGH, even) : this.room / (Math.floor(this.room / LOW - 0.5) + 0.5);
  }

  draw() {
    const { canvas, room, gutter, height } = this;
    const box = canvas.parentElement;
    const high = Math.max(room, Math.round(height * this.rows.length));
    const wide = box.offsetWidth - 2 * box.clientLeft; // a scroll bar lies over the margin of the lines
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    Object.assign(canvas, { width: Math.round(wide * ratio), height: Math.round(high * ratio) });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const look = this.look(context);
    context.fillStyle = look.line;
    if (gutter) context.fillRect(gutter - 1, 0, 1, high);
    this.rows.forEach((past, i) => this.drawRow(context, past, Math.round(i * height), wide, look));
    if (!this.rows.length) {
      context.fillStyle = look.muted;
      context.textBaseline = "middle";
      context.fillText("Scores appear here", gutter + PAD + 6, room / 2);
      return;
    }
    context.fillStyle = look.ink;
    context.fillRect(Math.round(this.x(this.frame)) - 1, 0, 2, high);
    this.bring();
  }

  /** Scrolls to the lane of the chosen target, once: a person may scroll on. */
  bring() {
    if (this.chosen === this.brought) return;
    const at = this.rows.findIndex((past) => past.id === this.chosen);
    if (at < 0 && this.chosen !== null) return; // it is not known here yet
    this.brought = this.chosen;
    if (at < 0) return;
    const box = this.canvas.parentElement;
    const [top, bottom] = [at * this.height, (at + 1) * this.height];
    box.scrollTop = Math.min(top, Math.max(box.scrollTop, bottom - box.clientHeight));
  }

  look(context) {
    const style = getComputedStyle(this.canvas);
    const [line, card, muted, edge] = ["--line", "--card", "--muted", "--edge"].map((name) => style.getPropertyValue(name));
    const ink = style.color;
    context.font = `600 12px ${style.fontFamily}`;
    return { ink, line, card, muted, edge, hatch: context.createPattern(this.tile(ink), "repeat") };
  }

  /** Diagonal lines. */
  tile(ink) {
    const tile = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
    const context = tile.getContext("2d");
    context.strokeStyle = ink;
    context.globalAlpha = 0.75;
    context.lineWidth = 1.3;
    for (const shift of [-8, 0, 8]) {
      context.moveTo(shift, 8);
      context.lineTo(shift + 8, 0);
    }
    context.stroke();
    return tile;
  }

  /** The least score and the worst state of the frames that fall on each column of pixels. */
  columns(past, wide) {
    const [first, last] = this.range;
    const half = last > first ? Math.max(0.5, (this.x(last) - this.x(first)) / (last - first) / 2) : 2;
    const left = this.gutter;
    const columns = new Array(wide);
    for (const [frame, row] of past.rows) {
      const x = this.x(frame);
      for (let c = Math.max(left, Math.round(x - half)); c < Math.min(wide, Math.round(x + half)); c += 1) {
        const before = columns[c];
        const worse = before && RANKS[before.state] > RANKS[row.state];
        columns[c] = { state: worse ? before.state : row.state, score: Math.min(row.score, before?.score ?? 1) };
      }
    }
    return columns;
  }

  drawRow(context, past, top, wide, look) {
    const lane = Math.round(top + this.height) - top;
    const room = lane - 8;
    const base = top + lane - 3;
    context.fillStyle = look.line;
    context.fillRect(0, top + lane - 1, wide, 1);
    let before = null; // height of the column to the left
    this.columns(past, wide).forEach(({ state, score }, x) => {
      const high = Math.max(1, Math.round(room * Math.max(0, Math.min(1, score))));
      context.fillStyle = state === "lost" ? look.hatch : past.colour;
      context.globalAlpha = state === "tracking" ? 0.5 : 1;
      if (state === "lost") context.fillRect(x, base - room, 1, room);
      if (state === "tracking") context.fillRect(x, base - high, 1, high);
      context.globalAlpha = 1;
      const step = Math.abs((before ?? high) - high);
      if (state !== "lost") context.fillRect(x, base - Math.max(high, before ?? high), 1, 2 + step);
      before = state === "lost" ? null : high;
    });
    this.frameLost(context, past, base - room, room, look.ink);
    this.drawName(context, past, top + lane / 2, look);
    for (const [frame, row] of past.rows) if (row.given) this.diamond(context, this.x(frame), base - 7, look);
  }

  frameLost(context, past, top, room, colour) {
    context.strokeStyle = colour;
    context.setLineDash([3, 3]);
    context.lineWidth = 1;
    for (const [first, last] of this.history.spans(past.id)) {
      const half = Math.max(1, (this.x(1) - this.x(0)) / 2);
      const x = this.x(first) - half;
      context.strokeRect(Math.round(x) - 0.5, top + 0.5, Math.max(3, Math.round(this.x(last) + half - x)), room - 1);
    }
    context.setLineDash([]);
  }

  /** Colour and name at the left of a lane; the number alone where there is little room. */
  drawName(context, past, middle, { ink, edge }) {
    const { gutter } = this;
    context.fillStyle = past.colour;
    context.fillRect(4, middle - 6, 12, 12);
    context.lineWidth = 1;
    context.strokeStyle = edge;
    context.strokeRect(4.5, middle - 5.5, 11, 11);
    context.fillStyle = ink;
    context.textBaseline = "middle";
    const room = gutter - 26;
    context.fillText(room < NAMES ? String(past.id) : shorten(context, labelOf(past), room), 21, middle + 0.5, room);
    if (past.id !== this.chosen || this.rows.length < 2) return;
    context.fillRect(0, middle - 9, 2.5, 18);
  }

  /** Where a box was drawn by hand. */
  diamond(context, x, y, { ink, card }) {
    context.beginPath();
    context.moveTo(x, y - DIAMOND);
    context.lineTo(x + DIAMOND, y);
    context.lineTo(x, y + DIAMOND);
    context.lineTo(x - DIAMOND, y);
    context.closePath();
    context.fillStyle = ink;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = card;
    context.stroke();
  }

  /** The target and the lost span of it, if any, under a pointer. */
  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const past = this.rows[Math.floor((event.clientY - box.top) / this.height)];
    const spans = past ? this.history.spans(past.id) : [];
    const span = spans.find(([first, last]) => x >= this.x(first) - NEAR && x <= this.x(last) + NEAR);
    return { past, span, frame: this.frameAt(x) };
  }

  click(event) {
    if (!this.seekable) return;
    const { past, span, frame } = this.under(event);
    if (past) this.to.choose(past.id);
    this.to.seek(span ? span[0] : frame);
  }

  hover(event) {
    const { past, span, frame } = this.under(event);
    const row = past?.rows.get(frame);
    const part = span ? `lost from frame ${span[0]} to ${span[1]}` : row ? `${row.state} ${row.score.toFixed(2)}` : "";
    this.canvas.title = past ? `${labelOf(past)}, frame ${frame}${part ? `: ${part}` : ""}` : "";
    this.canvas.style.cursor = this.seekable ? "pointer" : "default";
  }
}

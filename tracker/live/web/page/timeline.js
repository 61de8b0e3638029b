// Every target's score along the frames, under the slider and in line with it. Lost spans are hatched and can be clicked.

import { labelOf, shorten } from "./labels.js";

const PAD = 11; // half the slider's thumb, so that both axes agree
const WINDOW = 900; // frames shown of a source without end
const NEAR = 6; // CSS pixels beside a lost span that still count as on it
const RANKS = { tracking: 1, uncertain: 2, lost: 3 };
const LOW = 22; // CSS pixels of the lowest lane
const COMMON = 80; // of a box with few targets
const SMALL = 56; // of a box with one target, on a small screen
const CHIP = 17; // height of a lane's name
const DIAMOND = 5; // half of one

export class Timeline {
  /** `to`: seek(frame), choose(id). */
  constructor(canvas, lost, history, to) {
    this.canvas = canvas;
    this.lost = lost;
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
      this.list();
    }, wait);
  }

  get range() {
    if (this.frames) return [0, Math.max(1, this.frames - 1)];
    const last = Math.max(this.history.newest, 60);
    return [Math.max(0, last - WINDOW), last];
  }

  x(frame) {
    const [first, last] = this.range;
    return PAD + ((frame - first) / (last - first)) * (this.canvas.clientWidth - 2 * PAD);
  }

  frameAt(x) {
    const [first, last] = this.range;
    const part = (x - PAD) / (this.canvas.clientWidth - 2 * PAD);
    return Math.max(first, Math.min(last, Math.round(first + part * (last - first))));
  }

  get rows() {
    return [...this.history.targets.values()].sort((a, b) => a.id - b.id);
  }

  /** Height of a lane. Few lanes fill the box, many make it grow. */
  get height() {
    const count = this.rows.length;
    const small = innerWidth < 900;
    return count <= 1 ? (small ? SMALL : COMMON) : Math.max(LOW, Math.ceil(COMMON / count));
  }

  /** Height of the box. Where it cannot hold all lanes the last one is cut in half, so that one sees that there are more. */
  get room() {
    const high = this.height * Math.max(1, this.rows.length);
    const most = Math.max(COMMON, innerHeight * (innerWidth < 900 ? 0.16 : 0.225));
    return high <= most ? high : Math.round((Math.floor(most / this.height - 0.5) + 0.5) * this.height);
  }

  draw() {
    const { canvas, room } = this;
    const box = canvas.parentElement;
    const high = Math.max(room, this.height * this.rows.length);
    box.style.height = `${room + box.offsetHeight - box.clientHeight}px`;
    const wide = box.offsetWidth - 2 * box.clientLeft; // a scroll bar lies over the margin of the lines
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    Object.assign(canvas, { width: Math.round(wide * ratio), height: Math.round(high * ratio) });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const look = this.look(context);
    this.rows.forEach((past, i) => this.drawRow(context, past, i * this.height, wide, look));
    if (!this.rows.length) {
      context.fillStyle = look.muted;
      context.textBaseline = "middle";
      context.fillText("The score of every target appears here", PAD + 6, room / 2);
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
    const [line, card, muted] = ["--line", "--card", "--muted"].map((name) => style.getPropertyValue(name));
    const ink = style.color;
    context.font = `600 12px ${style.fontFamily}`;
    return { ink, line, card, muted, hatch: context.createPattern(this.tile(ink), "repeat") };
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
    const half = Math.max(0.5, (wide - 2 * PAD) / (last - first) / 2);
    const columns = new Array(wide);
    for (const [frame, row] of past.rows) {
      const x = this.x(frame);
      for (let c = Math.max(0, Math.round(x - half)); c < Math.min(wide, Math.round(x + half)); c += 1) {
        const before = columns[c];
        const worse = before && RANKS[before.state] > RANKS[row.state];
        columns[c] = { state: worse ? before.state : row.state, score: Math.min(row.score, before?.score ?? 1) };
      }
    }
    return columns;
  }

  drawRow(context, past, top, wide, look) {
    const room = this.height - 8;
    const base = top + this.height - 3;
    context.fillStyle = look.line;
    context.fillRect(0, top + this.height - 1, wide, 1);
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
    const given = [...past.rows].filter(([, row]) => row.given).map(([frame]) => this.x(frame));
    const low = base - 7 - DIAMOND < top + 3 + CHIP; // the lane is too low for both, one above the other
    const chip = this.chip(context, past, wide, low ? given : []);
    this.drawLabel(context, chip, top, past.id === this.chosen, look);
    for (const x of given) this.diamond(context, x, base - 7, look);
  }

  /** Text, place and width of a lane's name: at the left, and on from where a diamond would lie on it. */
  chip(context, past, wide, given) {
    const text = shorten(context, labelOf(past), wide / 3);
    const width = context.measureText(text).width + 10;
    let at = 3;
    for (const x of [...given].sort((a, b) => a - b)) if (x + DIAMOND > at - 2 && x - DIAMOND < at + width + 2) at = x + DIAMOND + 3;
    return { text, width, at: at + width > wide ? 3 : at };
  }

  frameLost(context, past, top, room, colour) {
    context.strokeStyle = colour;
    context.setLineDash([3, 3]);
    context.lineWidth = 1;
    for (const [first, last] of this.history.spans(past.id)) {
      const half = (this.x(1) - this.x(0)) / 2;
      const x = this.x(first) - half;
      context.strokeRect(Math.round(x) - 0.5, top + 0.5, Math.max(3, Math.round(this.x(last) + half - x)), room - 1);
    }
    context.setLineDash([]);
  }

  drawLabel(context, { text, width, at }, top, chosen, { card, ink }) {
    const high = Math.min(CHIP, this.height - 4);
    const from = top + Math.min(3, (this.height - 1 - high) / 2);
    context.fillStyle = card;
    context.globalAlpha = 0.85;
    context.beginPath();
    context.roundRect(at, from, width, high, 4);
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    if (chosen && this.rows.length > 1) context.stroke();
    context.fillStyle = ink;
    context.textBaseline = "middle";
    context.fillText(text, at + 5, from + high / 2 + 0.5);
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

  /** One button for each lost span, and the picture's description. */
  list() {
    const spans = this.rows.flatMap((past) => this.history.spans(past.id).map(([first, last]) => ({ past, first, last })));
    const key = JSON.stringify([this.seekable, this.rows.length, spans.map(({ past, first, last }) => [past.id, past.name, first, last])]);
    if (key === this.listed) return;
    this.listed = key;
    const words = spans.map(({ past, first, last }) => `${labelOf(past)} lost from frame ${first} to ${last}`);
    const count = this.rows.length === 1 ? "1 target" : `${this.rows.length} targets`;
    this.canvas.setAttribute("aria-label", this.rows.length ? `Scores of ${count}. ${words.join(". ") || "None was lost"}.` : "Scores: nothing tracked yet");
    this.lost.replaceChildren(...spans.slice(-60).map((span) => this.button(span)));
    this.lost.nextElementSibling.hidden = spans.length > 0;
  }

  button({ past, first, last }) {
    const button = document.createElement("button");
    const swatch = document.createElement("i");
    swatch.style.background = past.colour;
    button.type = "button";
    button.disabled = !this.seekable;
    const [name, frames] = [document.createElement("b"), document.createElement("span")];
    name.textContent = past.name || `target ${past.id}`;
    frames.textContent = `${first}–${last}`;
    button.append(swatch, name, frames);
    button.setAttribute("aria-label", `Go to frame ${first}: ${labelOf(past)} is lost until ${last}`);
    button.addEventListener("click", () => {
      this.to.choose(past.id);
      this.to.seek(first);
    });
    return button;
  }
}

// Drawing and adjusting boxes with mouse, finger, pen or keys. A finished box goes out at once: there is no mode to leave.

import { handlesOf } from "./stage.js";

const LEAST = 4; // pixels of the source: a smaller box is not sent
const CLICK = 5; // CSS pixels: a shorter drag is a click
const PAUSE = 450; // ms without an arrow key after which a moved box is sent
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CURSORS = { nw: "nwse-resize", se: "nwse-resize", ne: "nesw-resize", sw: "nesw-resize", n: "ns-resize", s: "ns-resize", e: "ew-resize", w: "ew-resize" };

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** `to`: hold() when a box is begun, release() when nothing came of it, add(box), redraw(id, box), choose(id | null), say(text). */
export class Editor {
  constructor(stage, to) {
    this.stage = stage;
    this.to = to;
    this.canvas = stage.canvas;
    this.drag = null;
    this.armed = null; // id of the target whose box the next drag replaces
    this.enabled = false;
    this.repeats = 0;
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.up(event));
    this.canvas.addEventListener("pointercancel", () => this.cancel());
    this.canvas.addEventListener("lostpointercapture", () => this.drag && this.cancel());
    // No gesture of the browser's begins here: a quick stroke is no fling, and the next tap elsewhere counts.
    this.canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("blur", () => this.settle());
  }

  get busy() {
    return this.drag !== null || this.stage.draft !== null;
  }

  place(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** What is under a point of the canvas: {id, handle} of the chosen target, {id} of any box, or {}. */
  under([x, y], touch, fresh) {
    if (fresh || this.armed !== null) return {};
    const reach = touch ? 22 : 10;
    const boxes = this.stage.targets.filter((target) => target.box);
    const chosen = boxes.find((target) => target.id === this.stage.chosen);
    if (chosen) {
      const [bx, by, w, h] = this.stage.toCanvas(chosen.box);
      const near = handlesOf([bx, by, w, h])
        .filter(([name]) => name.length === 2 || (name === "n" || name === "s" ? w : h) > 4 * reach)
        .map(([name, hx, hy]) => ({ name, far: Math.hypot(x - hx, y - hy) }))
        .sort((a, b) => a.far - b.far)[0];
      const inner = Math.min(reach, Math.max(6, Math.min(w, h) / 3)); // a small box can still be moved
      if (near.far <= (x > bx && x < bx + w && y > by && y < by + h ? inner : reach)) return { id: chosen.id, handle: near.name };
    }
    const hit = boxes
      .map((target) => ({ id: target.id, box: this.stage.toCanvas(target.box) }))
      .filter(({ box: [bx, by, w, h] }) => x >= bx && x <= bx + w && y >= by && y <= by + h)
      .sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3]);
    return (hit.find(({ id }) => id === this.stage.chosen) || hit[0] || {}).id === undefined
      ? {}
      : { id: (hit.find(({ id }) => id === this.stage.chosen) || hit[0]).id };
  }

  down(event) {
    if (!this.enabled || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.settle();
    const at = this.place(event);
    const touch = event.pointerType === "touch";
    const { id, handle } = this.under(at, touch, event.shiftKey);
    const box = id === undefined ? null : [...this.stage.targets.find((target) => target.id === id).box];
    this.drag = { from: at, at, id, handle, box, touch, begun: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    const at = this.place(event);
    if (!this.drag) {
      if (this.enabled && event.pointerType === "mouse") this.hover(at, event.shiftKey);
      return;
    }
    const { from } = this.drag;
    if (!this.drag.begun) {
      if (Math.hypot(at[0] - from[0], at[1] - from[1]) < CLICK) return;
      this.drag.begun = true;
      this.to.hold();
    }
    this.drag.at = at;
    const id = this.drag.id ?? this.armed;
    this.stage.draft = { box: this.dragged(), id, touch: this.drag.touch ? at : null };
    this.stage.redraw();
  }

  hover(at, fresh) {
    const { id, handle } = this.under(at, false, fresh);
    this.canvas.style.cursor = handle ? CURSORS[handle] : id !== undefined ? "move" : "crosshair";
  }

  /** The box that the drag makes so far. */
  dragged() {
    const { from, at, box, handle, id } = this.drag;
    const [x0, y0] = this.stage.toSource(...from);
    const [x1, y1] = this.stage.toSource(...at);
    const [width, height] = this.stage.size;
    if (id === undefined) return this.between(x0, y0, clamp(x1, 0, width), clamp(y1, 0, height));
    const [dx, dy] = [x1 - x0, y1 - y0];
    let [left, top, right, bottom] = [box[0], box[1], box[0] + box[2], box[1] + box[3]];
    if (!handle) return this.inside([left + dx, top + dy, box[2], box[3]]);
    if (handle.includes("w")) left += dx;
    if (handle.includes("e")) right += dx;
    if (handle.includes("n")) top += dy;
    if (handle.includes("s")) bottom += dy;
    return this.between(left, top, right, bottom);
  }

  between(x0, y0, x1, y1) {
    return [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)];
  }

  /** The box with its middle kept in the picture. */
  inside([x, y, w, h]) {
    const [width, height] = this.stage.size;
    return [clamp(x, -w / 2, width - w / 2), clamp(y, -h / 2, height - h / 2), w, h];
  }

  up() {
    if (!this.drag) return;
    const { id, begun } = this.drag;
    const draft = this.stage.draft;
    this.drag = null;
    if (!begun) {
      this.to.choose(id ?? null);
      return;
    }
    this.finish(draft);
  }

  /** Sends the drawn box; it stays on screen until the server's answer replaces it. */
  finish(draft) {
    if (!draft) return;
    const [x, y, w, h] = draft.box;
    if (w < LEAST || h < LEAST) {
      this.cancel();
      this.to.say("That box is too small: draw it around the whole target.");
      return;
    }
    const box = [x, y, w, h].map((value) => Math.round(100 * value) / 100);
    this.stage.draft = { box, id: draft.id, sent: true };
    this.stage.redraw();
    this.armed = null;
    this.to.say("");
    if (draft.id === null || draft.id === undefined) this.to.add(box);
    else this.to.redraw(draft.id, box);
  }

  /** The server has answered: its boxes are shown from now on. */
  answered() {
    if (this.stage.draft?.sent) this.stage.draft = null;
    this.stage.redraw();
  }

  cancel() {
    clearTimeout(this.timer);
    const held = this.busy;
    this.drag = null;
    this.stage.draft = null;
    this.stage.redraw();
    if (!held) return;
    this.to.say("");
    this.to.release();
  }

  arm(id) {
    this.armed = id;
  }

  /** A new box in the middle of the picture, or the armed target's, to be placed with the keys. */
  begin(id = this.armed) {
    if (!this.enabled || this.drag) return;
    this.canvas.focus({ preventScroll: true });
    this.to.hold();
    const [width, height] = this.stage.size;
    const side = Math.round(Math.min(width, height) / 4);
    const known = this.stage.targets.find((target) => target.id === id)?.box;
    const box = known ? [...known] : [Math.round((width - side) / 2), Math.round((height - side) / 2), side, side];
    this.stage.draft = { box, id, keys: true };
    this.stage.redraw();
    this.to.say("Arrows move the box, Shift+arrows size it, Enter takes it, Esc leaves it.");
  }

  /** Sends what arrow keys did to a chosen box, at once. */
  settle() {
    clearTimeout(this.timer);
    const draft = this.stage.draft;
    if (draft?.nudged && !draft.sent) this.finish(draft);
  }

  key(event) {
    if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const draft = this.stage.draft?.sent ? null : this.stage.draft;
    if (event.key in ARROWS) this.arrow(event, draft);
    else if (draft && !this.drag && (event.key === "Enter" || event.key === " ")) this.finish(draft);
    else if (event.key === "Escape" && (draft || this.drag)) this.cancel();
    else if (draft?.keys && (event.key === "+" || event.key === "-")) this.grow(draft, event.key === "+" ? 1.1 : 1 / 1.1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** While something else has the focus, arrow keys move the box that is drawn or chosen, if there is one. */
  arrowAnywhere(event) {
    const chosen = this.stage.targets.some((target) => target.id === this.stage.chosen && target.box);
    if (event.key in ARROWS && (chosen || this.stage.draft)) this.key(event);
  }

  arrow(event, draft) {
    const chosen = this.stage.targets.find((target) => target.id === this.stage.chosen);
    if (this.drag || (!draft && !chosen?.box)) return;
    if (!draft) {
      this.to.hold();
      draft = { box: [...chosen.box], id: chosen.id, nudged: true };
    }
    this.repeats = event.repeat ? this.repeats + 1 : 0;
    const step = (this.repeats > 24 ? 8 : this.repeats > 8 ? 4 : 1) * Math.max(1, Math.round(this.stage.size[0] / 640));
    const [dx, dy] = ARROWS[event.key].map((part) => part * step);
    const [x, y, w, h] = draft.box;
    const box = event.shiftKey ? [x, y, Math.max(LEAST, w + dx), Math.max(LEAST, h + dy)] : this.inside([x + dx, y + dy, w, h]);
    this.stage.draft = { ...draft, box };
    this.stage.redraw();
    clearTimeout(this.timer);
    if (draft.nudged) this.timer = setTimeout(() => this.settle(), PAUSE);
  }

  grow(draft, by) {
    const [x, y, w, h] = draft.box;
    const [wide, high] = [Math.max(LEAST, w * by), Math.max(LEAST, h * by)];
    this.stage.draft = { ...draft, box: [x + (w - wide) / 2, y + (h - high) / 2, wide, high] };
    this.stage.redraw();
  }
}

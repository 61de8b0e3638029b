// A closer look: wheel, two fingers or keys enlarge the picture around a point, the middle button or two fingers move it.

const MOST = 16;
const NOTCH = 1.0015; // times larger for each pixel that the wheel turns

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const middleOf = ([[ax, ay], [bx, by]]) => [(ax + bx) / 2, (ay + by) / 2];
const between = ([[ax, ay], [bx, by]]) => Math.max(1, Math.hypot(ax - bx, ay - by));

export class Zoom {
  /** `to`: begin() when two fingers take over, changed(). */
  constructor(stage, to) {
    Object.assign(this, { stage, to, canvas: stage.canvas });
    this.fingers = new Map(); // id of a pointer -> its place
    const on = (kind, act) => this.canvas.addEventListener(kind, act, { passive: false });
    on("wheel", (event) => this.wheel(event));
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) on(kind, ({ pointerId }) => this.fingers.delete(pointerId));
  }

  reset() {
    this.set({ factor: 1, middle: [0.5, 0.5] });
  }

  set(closer) {
    Object.assign(this.stage.closer, closer);
    this.stage.redraw();
    this.to.changed();
  }

  /** So many times larger; what was at the point `from` of the canvas comes to lie at `to`. */
  grow(times, from = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2], to = from) {
    const source = this.stage.toSource(...from);
    this.stage.closer.factor = clamp(this.stage.closer.factor * times, 1, MOST);
    if (this.stage.closer.factor === 1) return this.reset();
    const { scale } = this.stage.view;
    const room = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.set({ middle: source.map((value, i) => (room[i] / 2 - to[i] + scale * value) / (scale * this.stage.size[i])) });
  }

  place({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  wheel(event) {
    if (!this.stage.size[0] || (this.stage.closer.factor === 1 && event.deltaY >= 0)) return; // there the page scrolls
    event.preventDefault();
    this.grow(NOTCH ** (-event.deltaY * (event.deltaMode ? 24 : 1)), this.place(event));
  }

  down(event) {
    if (event.pointerType !== "touch" && event.button !== 1) return;
    event.preventDefault();
    this.fingers.set(event.pointerId, this.place(event));
    if (event.button === 1) this.canvas.setPointerCapture(event.pointerId);
    else if (this.fingers.size === 2) this.to.begin();
  }

  move(event) {
    if (!this.fingers.has(event.pointerId)) return;
    const before = [...this.fingers.values()];
    this.fingers.set(event.pointerId, this.place(event));
    const after = [...this.fingers.values()];
    if (after.length === 2) this.grow(between(after) / between(before), middleOf(before), middleOf(after));
    else if (event.pointerType !== "touch") this.grow(1, before[0], after[0]);
  }
}

// What is known of every target in every frame that was tracked: score, state and centre, by number of frame.

const LETTERS = { t: "tracking", u: "uncertain", l: "lost" };
const MOST = 20_000; // frames kept of a source without end

/** Whether a result is another one than before, beyond what is rounded on the way. */
const differs = (before, { score, state, x, y }) =>
  before?.state !== state || Math.abs(before.score - score) > 0.001 || Math.hypot(before.x - x, before.y - y) > 0.2;

class Past {
  constructor(id) {
    this.id = id;
    this.name = "";
    this.colour = "#888888";
    this.rows = new Map(); // frame -> {score, state, x, y, given}
  }
}

export class History {
  constructor() {
    this.targets = new Map();
    this.newest = 0;
  }

  clear() {
    this.targets.clear();
    this.newest = 0;
  }

  past(id) {
    if (!this.targets.has(id)) this.targets.set(id, new Past(id));
    return this.targets.get(id);
  }

  /** Takes in what a message says of the targets in `frame`, and returns whether any of it is new; others keep what they have. */
  put(frame, targets) {
    let news = false;
    this.newest = Math.max(this.newest, frame);
    for (const target of targets) {
      const past = this.past(target.id);
      past.name = target.name;
      past.colour = target.colour;
      if (!target.box || !target.state) continue;
      const [x, y, w, h] = target.box;
      const row = { score: target.score, state: target.state, x: x + w / 2, y: y + h / 2, given: target.given };
      news ||= differs(past.rows.get(frame), row);
      past.rows.set(frame, row);
      if (past.rows.size > MOST) past.rows.delete(past.rows.keys().next().value);
    }
    return news;
  }

  /** Takes in the server's complete timeline. */
  load({ targets, known }) {
    for (const target of targets) {
      const past = this.past(target.id);
      const given = new Set(target.given);
      past.rows = new Map();
      target.frames.forEach((frame, i) => {
        const state = LETTERS[target.states[i]] || "tracking";
        past.rows.set(frame, { score: target.scores[i], state, x: target.x[i], y: target.y[i], given: given.has(frame) });
        this.newest = Math.max(this.newest, frame);
      });
    }
    this.keep(known || targets);
  }

  /** `known` are all targets there are: others are forgotten. */
  keep(known) {
    const ids = new Set(known.map((target) => target.id));
    for (const id of this.targets.keys()) if (!ids.has(id)) this.targets.delete(id);
    for (const { id, name, colour } of known) Object.assign(this.past(id), { name, colour });
  }

  /** Whether anything was found beyond the drawn boxes. */
  get tracked() {
    for (const past of this.targets.values()) for (const row of past.rows.values()) if (!row.given) return true;
    return false;
  }

  /** The frame nearest to `frame` in which a target has a box; null where there is none. */
  nearest(frame) {
    const far = (other) => Math.abs(other - frame);
    let best = null;
    for (const past of this.targets.values()) for (const other of past.rows.keys()) if (best === null || far(other) < far(best)) best = other;
    return best;
  }

  /** Lost spans of a target, [first, last] each, in order. */
  spans(id) {
    const rows = this.targets.get(id)?.rows;
    const lost = rows ? [...rows].filter(([, row]) => row.state === "lost").map(([frame]) => frame).sort((a, b) => a - b) : [];
    const spans = [];
    for (const frame of lost) {
      const last = spans[spans.length - 1];
      if (last && frame - last[1] <= 2) last[1] = frame;
      else spans.push([frame, frame]);
    }
    return spans;
  }

  /** Centres of a target up to `frame`, oldest first; null where it was lost. */
  trail(id, frame, length = 60) {
    const rows = this.targets.get(id)?.rows;
    const points = [];
    for (let n = Math.max(0, frame - length); rows && n <= frame; n += 1) {
      const row = rows.get(n);
      if (row) points.push(row.state === "lost" ? null : [row.x, row.y]);
    }
    return points;
  }
}

// What is known of every target in every frame that was tracked: score, state and centre, by number of frame.

const LETTERS = { t: "tracking", u: "uncertain", l: "lost" };
const MOST = 20_000; // frames kept of a source without end

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

  /** Takes in what a message says of the targets in `frame`; targets that are not in it keep what they have. */
  put(frame, targets) {
    this.newest = Math.max(this.newest, frame);
    for (const target of targets) {
      const past = this.past(target.id);
      past.name = target.name;
      past.colour = target.colour;
      if (!target.box || !target.state) continue;
      const [x, y, w, h] = target.box;
      past.rows.set(frame, { score: target.score, state: target.state, x: x + w / 2, y: y + h / 2, given: target.given });
      if (past.rows.size > MOST) past.rows.delete(past.rows.keys().next().value);
    }
  }

  /** Takes in the server's complete timeline. */
  load({ targets, known }) {
    for (const target of targets) {
      const past = this.past(target.id);
      const before = past.rows;
      const given = new Set(target.given);
      past.rows = new Map();
      target.frames.forEach((frame, i) => {
        const state = LETTERS[target.states[i]] || "tracking";
        past.rows.set(frame, { x: undefined, ...before.get(frame), score: target.scores[i], state, given: given.has(frame) });
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
      if (row) points.push(row.state === "lost" || row.x === undefined ? null : [row.x, row.y]);
    }
    return points;
  }
}

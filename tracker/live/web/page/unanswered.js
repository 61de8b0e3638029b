// Boxes that were sent and not yet answered: until then they stand in for the server's older ones.

export class Unanswered {
  constructor() {
    this.count = 0;
    this.boxes = new Map(); // id of a target -> {n, frame, box}, the newest
  }

  /** Notes a redrawn box; returns the number with which it is sent, and which its answer carries. */
  add(id, frame, box) {
    this.count += 1;
    if (id !== undefined) this.boxes.set(id, { n: this.count, frame, box });
    return this.count;
  }

  /** Up to this number all is answered; without one, all is. */
  answered(n = this.count) {
    for (const [id, sent] of this.boxes) if (sent.n <= n) this.boxes.delete(id);
  }

  /** Targets of a frame as the server said them, with the boxes that it has not seen yet. */
  over(frame, targets) {
    return targets.map((target) => {
      const sent = this.boxes.get(target.id);
      return sent?.frame === frame ? { ...target, box: sent.box } : target;
    });
  }
}

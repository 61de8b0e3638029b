// What is worth saying of the targets' states: who is lost, and who is found again.

export class States {
  constructor() {
    this.before = new Map(); // id -> state
  }

  /** News of a frame, a text each. */
  news({ frame, targets }) {
    const news = [];
    for (const target of targets) {
      const before = this.before.get(target.id);
      this.before.set(target.id, target.state);
      const name = target.name || `Target ${target.id}`;
      if (target.state === "lost" && before && before !== "lost") news.push(`${name} is lost at frame ${frame}`);
      if (target.state === "tracking" && before === "lost") news.push(`${name} is found again at frame ${frame}`);
    }
    return news;
  }
}

// Going to frames: while one is on its way, only the newest wish is kept.

export const PATIENCE = 2000; // ms after which a question counts as unanswered

export class Seek {
  /** `send(frame)` asks the server for a frame. */
  constructor(send) {
    this.send = send;
    this.reset();
  }

  reset() {
    clearTimeout(this.overdue);
    this.asked = null; // the frame that is on its way
    this.wanted = null; // the frame that is wished for
  }

  to(frame) {
    this.wanted = frame;
    if (this.asked === null) this.ask();
  }

  ask() {
    this.asked = this.wanted;
    this.send(this.asked);
    clearTimeout(this.overdue);
    this.overdue = setTimeout(() => this.done(), PATIENCE);
  }

  /** The frame has come, or never will. */
  done() {
    clearTimeout(this.overdue);
    const more = this.asked !== null && this.wanted !== this.asked;
    this.asked = null;
    if (more) this.ask();
    else this.wanted = null;
  }
}

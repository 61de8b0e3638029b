// All pixels of a frame that is looked at closely: the pictures that the server sends are no wider than the page.

import { picture } from "./api.js";

const WAIT = 250; // ms without a change, after which they are fetched

export class Sharp {
  constructor(session, stage) {
    Object.assign(this, { session, stage, timer: 0 });
  }

  look() {
    clearTimeout(this.timer);
    if (this.stage.closer.factor > 1) this.timer = setTimeout(() => this.fetch(), WAIT);
  }

  async fetch() {
    const { session, stage } = this;
    const { id, frame } = session;
    if (session.playing || session.over || session.camera || !(stage.picture?.width < session.source.width)) return;
    const bitmap = await picture(id, frame).catch(() => null); // what is seen is blurred, and remains so
    if (bitmap && id === session.id && frame === stage.frame && frame === session.frame) stage.show(bitmap);
    else bitmap?.close();
  }
}

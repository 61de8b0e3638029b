// Pictures from the server: the newest is decoded and drawn, older ones that wait are dropped, and only what was drawn is acknowledged.

const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));

export class Pictures {
  /** `show(message, bitmap)` puts a picture on the screen, `ack(frame)` tells the server. */
  constructor(show, ack) {
    this.show = show;
    this.ack = ack;
    this.next = null;
    this.skipped = [];
    this.running = false;
  }

  put(message, blob) {
    if (this.next) this.skipped.push(this.next.message.frame);
    this.next = { message, blob };
    if (!this.running) this.run();
  }

  async run() {
    this.running = true;
    while (this.next) {
      const { message, blob } = this.next;
      this.next = null;
      const bitmap = await createImageBitmap(blob).catch(() => null);
      await drawn();
      if (bitmap && this.next) bitmap.close(); // a newer one has come
      else if (bitmap) this.show(message, bitmap);
      for (const frame of this.skipped.splice(0)) this.ack(frame);
      this.ack(message.frame);
    }
    this.running = false;
  }
}

// Tells the server that somebody is there, and warns before a session ends because nothing was heard of it.

const OFTEN = 60_000; // ms between two words to the server, at most
const GOODBYE = 2000; // ms for which the warning stays when it is no longer true: its button may be on the way to being pressed

export class Presence {
  /** `of`: told() when the server last heard anything, working() whether it plays; `to`: here(), warn(seconds), calm(). */
  constructor(of, to) {
    Object.assign(this, { of, to });
    this.touched = Date.now();
    this.warned = false;
    for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) addEventListener(kind, () => this.touch(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.touch());
  }

  /** Begins to look, where the server ends sessions after so many seconds of silence. */
  begin(seconds) {
    this.idle = 1000 * seconds;
    this.every = Math.min(OFTEN, this.idle / 4);
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), this.every / 2);
  }

  touch() {
    this.touched = Date.now();
    if (this.idle && Date.now() - this.of.told() > this.every) this.look();
  }

  /** A page that is seen counts as looked at, but not for ever: people leave. */
  get someone() {
    return this.of.working() || (document.visibilityState === "visible" && Date.now() - this.touched < this.idle);
  }

  look() {
    const told = this.of.told();
    if (!told) return;
    if (this.someone && Date.now() - told >= this.every) this.to.here();
    const left = this.of.told() + this.idle - Date.now();
    const soon = left > 0 && left <= 2 * this.every;
    if (soon && !this.warned) this.to.warn(Math.round(left / 1000));
    if (!soon && this.warned) setTimeout(() => this.to.calm(), GOODBYE);
    this.warned = soon;
  }

  keep() {
    this.touch();
    this.look();
  }
}

// The bar that says what went wrong, or what was done, with a button for what can be done about it.

const MOMENT = 8000; // ms for which news stay
const by = (id) => document.getElementById(id);

/** A sentence begins with a capital, unless it begins with a name: "clip.mp4: is too long". */
const sentence = (text) => (/^[^:]*: /.test(text) ? text : text[0].toUpperCase() + text.slice(1));

export class Message {
  constructor() {
    by("message-close").addEventListener("click", () => this.hide());
    by("message-act").addEventListener("click", () => {
      this.hide();
      this.act();
    });
  }

  get text() {
    return by("message").hidden ? "" : by("message-text").textContent;
  }

  /** An error: stays until it is dismissed or something else is opened; nothing is blocked. `action`: [word, what it does]. */
  fail(text, action) {
    if (text) this.show("bad", sentence(text), action);
  }

  /** News with something to do about them, for a moment. */
  offer(text, action) {
    this.show("plain", text, action);
    this.timer = setTimeout(() => this.hide(), MOMENT);
  }

  show(tone, text, [word, act] = ["", () => {}]) {
    clearTimeout(this.timer);
    this.act = act;
    by("message").dataset.tone = tone;
    by("message-text").textContent = text;
    by("message-act").textContent = word;
    by("message-act").hidden = !word;
    by("message").hidden = false;
  }

  hide() {
    clearTimeout(this.timer);
    by("message").hidden = true;
  }
}

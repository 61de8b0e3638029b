// What is opened: a source in a new session, one again whose session has ended, or another one in place of what there is.

import { Refused, kept, newSession, remove, setSource, upload } from "./api.js";
import { ask } from "./ask.js";
import { Camera } from "./camera.js";

const by = (id) => document.getElementById(id);
const SESSION = "siamsa.session";
const WIDEST = 1280; // of the server's pictures
const LEAVING = {
  title: "Give up these boxes?",
  text: "They were not downloaded since the last change, and end with this session.",
  yes: "Open the other one",
  no: "Back to the picture",
};

export class Opening {
  /** `parts`: session, chooser, places, message; `fresh(source)`: what a newly opened picture begins with. */
  constructor(parts, fresh) {
    Object.assign(this, parts, { fresh, limits: {}, again: null, busy: false });
    addEventListener("beforeunload", (event) => {
      if (this.session.camera && this.session.unsaved) event.preventDefault(); // a reload finds all others again
    });
  }

  file(name) {
    return this.change(() => this.open((id) => setSource(id, { kind: "file", name })));
  }

  stream(url) {
    return this.change(() => this.open((id) => setSource(id, { kind: "stream", url })));
  }

  upload(file) {
    return this.change(() => this.open((id) => this.send(id, file)));
  }

  camera() {
    return this.change(() => this.openCamera());
  }

  /** Opens something, unless that would end work that somebody wants to keep. */
  async change(go) {
    if (this.busy) return;
    this.busy = true;
    try {
      const { live, gone, unsaved } = this.session;
      if (live && !gone && unsaved && !(await ask(LEAVING))) this.places.go("work");
      else if (await go()) this.again = go;
    } finally {
      this.busy = false;
    }
  }

  /** A new session with a source; the one before is given back once the new one stands. Returns whether it does. */
  async open(choose, camera = null) {
    this.chooser.busy(true);
    this.message.hide();
    const before = this.session.id;
    let id = null;
    try {
      id = await newSession();
      this.connect(id, await choose(id), camera);
      if (before) remove(before).catch(() => {}); // it may have ended by itself
      return true;
    } catch (error) {
      camera?.close();
      if (id) remove(id).catch(() => {}); // nothing can be done about it, and it ends when idle
      this.message.fail(error.message);
      if (error instanceof Refused && error.status === 401) this.chooser.askToken();
      return false;
    } finally {
      this.chooser.busy(false);
      this.chooser.progress(null);
    }
  }

  connect(id, source, camera) {
    const { session } = this;
    kept.set(SESSION, camera ? null : id);
    this.fresh(source);
    this.places.go("work");
    const width = Math.ceil(by("picture").clientWidth * (window.devicePixelRatio || 1));
    session.open(id, source, camera, Math.max(320, Math.min(WIDEST, width)));
    session.speed(Number(by("speed").value));
  }

  send(id, file) {
    this.chooser.progress(0);
    const { done, cancel } = upload(id, file, (part) => this.chooser.progress(part));
    this.chooser.onCancel(cancel);
    return done;
  }

  async openCamera() {
    const { message, session } = this;
    const camera = new Camera(by("camera-video"), (blob) => session.sendPicture(blob), (text) => message.fail(text));
    try {
      const size = await camera.open(this.limits);
      return await this.open((id) => setSource(id, { kind: "camera", ...size }), camera);
    } catch (error) {
      camera.close();
      message.fail(error.message);
      return false;
    }
  }

  /** The session that this tab had before it was loaded again. */
  resume() {
    const id = kept.get(SESSION);
    this.places.begin(Boolean(id));
    if (id) this.connect(id, null, null);
  }

  /** The connection has ended: says why, and what can be done. */
  ended(text, gone) {
    const { session, message, places } = this;
    if (gone) kept.set(SESSION, null);
    if (gone && !session.shown) {
      session.close();
      session.reset();
      places.go("choose");
      message.fail(text);
    } else message.fail(text, [gone ? "Open it again" : "Connect again", () => this.reopen()]);
  }

  reopen() {
    const { session } = this;
    const { kind, name } = session.source || {};
    if (!session.gone && kind !== "camera") this.connect(session.id, session.source, null);
    else if (this.again) this.change(this.again);
    else if (kind === "stream") this.stream(name);
    else if (this.chooser.has(name)) this.file(name);
    else this.places.go("choose");
  }
}

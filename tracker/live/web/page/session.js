// One session with the server: what is shown, what is known, and the commands that change it.

import { Live, timeline } from "./api.js";
import { Pictures } from "./pictures.js";
import { PATIENCE, Seek } from "./seek.js";
import { States } from "./states.js";
import { Unanswered } from "./unanswered.js";

export class Session {
  /** `on`: changed(), opened(source), added(id), news(text), error(text), ended(text, gone), answered(). */
  constructor(stage, history, on) {
    this.stage = stage;
    this.history = history;
    this.on = on;
    this.live = null;
    this.camera = null;
    this.seeks = new Seek((frame) => this.send({ do: "seek", frame }));
    this.reset();
  }

  reset() {
    this.id = null;
    this.source = null;
    this.known = []; // all targets: {id, name, colour}
    this.latest = { frame: 0, playing: false, direction: 1, fps: 0, status: "", targets: [] };
    this.shown = null; // the message whose picture is on screen
    this.held = null; // {resume} while a box is drawn: the picture stands still
    this.late = null; // the newest picture that came meanwhile
    this.sent = new Unanswered();
    this.seeks.reset();
    this.rate = null;
    this.over = false; // it has ended, or goes on without this page
    this.gone = false; // the server has it no more
    this.unsaved = false; // there are boxes that were not downloaded as they are now
    this.states = new States();
  }

  get frame() {
    return this.seeks.wanted ?? this.shown?.frame ?? this.latest.frame;
  }

  get playing() {
    return this.latest.playing;
  }

  get seekable() {
    return Boolean(this.source?.seekable);
  }

  open(id, source, camera, width) {
    this.close();
    this.reset();
    Object.assign(this, { id, source, camera });
    this.history.clear();
    this.stage.targets = [];
    this.stage.draft = null;
    this.stage.show(null);
    this.pictures = new Pictures(
      (message, bitmap) => this.show(message, bitmap),
      (frame) => this.send({ do: "ack", frame }),
    );
    const pictures = this.pictures;
    this.live = new Live(id, width, {
      message: (message) => this.take(message),
      picture: (message, blob) => pictures === this.pictures && pictures.put(message, blob),
      link: (text) => this.on.news(text),
      ended: (text, gone) => this.end(text, gone),
    });
  }

  close() {
    this.live?.close();
    this.live = null;
    this.camera?.close();
    this.camera = null;
    this.pictures = null;
    clearTimeout(this.fresh);
    clearTimeout(this.silent);
    this.seeks.reset();
  }

  /** The connection is no more; what was found stays on the screen. */
  end(text, gone) {
    Object.assign(this, { over: true, gone, held: null });
    this.latest = { ...this.latest, playing: false, fps: 0, status: "" };
    this.seeks.reset();
    this.camera?.close();
    this.on.ended(text, gone);
    this.on.changed();
  }

  send(command) {
    this.live?.send(command);
  }

  take(message) {
    if (message.type === "hello") this.hello(message);
    else if (message.type === "frame") this.result(message);
    else if (message.type === "targets") this.edited(message);
    else if (message.type === "error") this.refused(message);
  }

  hello(message) {
    if (!message.source) return;
    if (!this.source) this.unsaved = message.known.length > 0; // boxes of before a reload: who knows
    this.source = message.source;
    this.sent.answered();
    this.on.opened(message.source);
    this.known = message.known;
    Object.assign(this.latest, { frame: message.frame, playing: message.playing ?? false, direction: message.direction || 1 });
    if (this.camera) this.latest.playing = message.playing ?? true;
    if (this.rate !== null) this.send({ do: "speed", rate: this.rate });
    this.history.keep(this.known);
    this.refresh();
    this.camera?.restart();
    this.on.changed();
  }

  result(message) {
    const stopped = this.latest.playing && !message.playing;
    this.latest = message;
    if (this.history.put(message.frame, message.targets)) this.unsaved = true;
    for (const text of this.states.news(message)) this.on.news(text);
    if (this.seeks.asked === message.frame) this.seeks.done();
    if (this.camera) this.answered(message);
    if (stopped) this.refresh();
    this.on.changed();
  }

  /** The camera's picture that this result is of. */
  answered(message) {
    clearTimeout(this.silent);
    const bitmap = this.camera.answered();
    if (bitmap) this.show(message, bitmap);
  }

  edited(message) {
    const before = new Set(this.known.map((target) => target.id));
    this.known = message.known;
    this.unsaved = this.known.length > 0;
    this.history.keep(this.known);
    if (message.n) this.sent.answered(message.n);
    const added = this.known.filter((target) => !before.has(target.id));
    if (added.length === 1) this.on.added(added[0].id);
    if (message.frame === this.latest.frame) this.latest.targets = message.targets;
    if (message.frame === this.shown?.frame) {
      this.history.put(message.frame, message.targets);
      this.look(this.shown, message.targets);
    }
    this.settled();
    this.refresh();
    this.on.changed();
  }

  refused(message) {
    if (this.camera && message.about === "picture") {
      clearTimeout(this.silent);
      this.camera.answered()?.close();
    } else {
      this.sent.answered(message.n);
      if (this.shown) this.look(this.shown, this.shown.targets);
      this.seeks.done();
      this.settled();
    }
    this.on.error(message.error);
    this.on.changed();
  }

  /** The drawn box was taken or refused: the picture goes on. */
  settled() {
    this.held = null;
    this.on.answered();
    this.flush();
  }

  flush() {
    const late = this.late;
    this.late = null;
    if (late) this.show(late.message, late.bitmap);
  }

  show(message, bitmap) {
    if (this.held) {
      this.late?.bitmap.close();
      this.late = { message, bitmap };
      return;
    }
    const size = message.size || (this.camera ? this.camera.size : [this.source.width, this.source.height]);
    if (`${size}` !== `${this.stage.size}`) this.on.opened({ ...this.source, width: size[0], height: size[1] });
    this.stage.size = size;
    this.stage.frame = message.frame;
    this.look(message, message.frame === this.latest.frame ? this.latest.targets : message.targets);
    this.stage.show(bitmap);
    this.on.changed();
  }

  /** What is shown: a frame, with the newest that is known of its targets. */
  look(message, targets) {
    this.shown = { ...message, targets };
    this.stage.targets = this.sent.over(message.frame, targets);
    this.stage.redraw();
  }

  /** A box is begun: the picture that it is drawn on stays. */
  hold() {
    if (this.held) return;
    const resume = this.playing && !this.camera;
    this.held = { resume, live: !this.seekable };
    if (this.camera) this.camera.hold();
    else if (resume) this.send({ do: "pause" });
  }

  /** No box came of it. */
  release() {
    const resume = this.held?.resume;
    this.held = null;
    this.camera?.release();
    if (resume) this.send({ do: "play", direction: this.latest.direction });
    this.flush();
  }

  /** Sends a box for the picture that is shown; live sources go on at once, a video waits for the next key. */
  give(command) {
    const held = this.held;
    const frame = this.shown?.frame ?? this.latest.frame;
    this.send({ ...command, frame, n: this.sent.add(command.id, frame, command.box) });
    if (this.shown) this.look(this.shown, this.shown.targets);
    this.camera?.release();
    if (held?.resume && held.live) this.send({ do: "play", direction: 1 });
    if (!this.live?.ready) {
      this.refused({ error: "There is no connection to the server now: draw the box again when it is back." });
    }
  }

  play(direction) {
    const last = this.source?.frames ? this.source.frames - 1 : null;
    if (direction > 0 && this.seekable && last !== null && this.frame >= last) this.send({ do: "seek", frame: 0 });
    this.send({ do: "play", direction });
  }

  pause() {
    this.send({ do: "pause" });
  }

  step(direction) {
    if (!this.seekable || this.over) return;
    if (this.playing) this.pause();
    this.send({ do: "step", direction });
  }

  speed(rate) {
    this.rate = rate;
    this.send({ do: "speed", rate });
  }

  /** Goes to a frame. */
  seek(frame) {
    if (!this.seekable || this.over) return;
    if (this.playing) this.pause();
    this.seeks.to(Math.max(0, Math.min(frame, (this.source.frames || frame + 1) - 1)));
    this.on.changed();
  }

  /** A picture of the camera goes out. */
  sendPicture(blob) {
    this.live?.sendPicture(blob);
    clearTimeout(this.silent);
    this.silent = setTimeout(() => this.camera?.answered()?.close(), 2 * PATIENCE);
  }

  /** Asks for the complete timeline: frames may have passed without a message. */
  refresh() {
    clearTimeout(this.fresh);
    this.fresh = setTimeout(async () => {
      const { id } = this;
      try {
        const whole = await timeline(id);
        if (id === this.id && this.live) {
          this.history.load(whole);
          this.on.changed();
        }
      } catch (error) {
        if (id === this.id && error.status !== 404) this.on.error(error.message);
      }
    }, 150);
  }
}

// Everything on the page that tells the state: words, numbers, what can be pressed.

import { lengthOf } from "./chooser.js";
import { labelOf } from "./labels.js";

const by = (id) => document.getElementById(id);
const TOUCH = matchMedia("(pointer: coarse)").matches;
const MOMENT = 5000; // ms for which news stay

function put(id, text) {
  if (by(id).textContent !== text) by(id).textContent = text;
}

function set(id, name, value) {
  if (by(id).getAttribute(name) !== value) by(id).setAttribute(name, value);
}

export class Readout {
  constructor(parts) {
    Object.assign(this, parts); // session, stage, editor, timeline, targets
    this.spoken = ""; // news of a moment
    this.played = false; // something was tracked: the first hint has been understood
    this.due = false;
  }

  /** An error: stays until it is dismissed or something else is opened; nothing is blocked. */
  fail(text) {
    if (!text) return;
    by("message-text").textContent = text;
    by("message").hidden = false;
  }

  say(text) {
    clearTimeout(this.timer);
    this.spoken = text;
    this.timer = setTimeout(() => {
      this.spoken = "";
      this.render();
    }, MOMENT);
    this.render();
  }

  situation() {
    const { latest, shown, known, seekable, playing } = this.session;
    const { status, direction } = latest;
    if (status === "end") return direction < 0 ? "At the first frame" : seekable ? "End of the video" : "The stream has ended";
    if (status) return status[0].toUpperCase() + status.slice(1);
    if (!playing) return shown ? "Paused" : "Opening…";
    if (!known.length) return seekable ? "Playing" : "Live";
    if (!seekable) return "Tracking live";
    return direction < 0 ? "Tracking backward" : "Tracking";
  }

  hint() {
    const { session, editor } = this;
    if (!session.shown || editor.busy) return "";
    const armed = session.known.find(({ id }) => id === editor.armed);
    if (armed) return `Draw the new box of ${armed.name || `target ${armed.id}`}, or press Esc`;
    if (!session.known.length) return TOUCH ? "Draw a box around what shall be followed" : "Drag a box around what shall be followed, or press B";
    if (!this.played && !session.playing && session.seekable) return "Track goes on from here. Drag again for another target.";
    return "";
  }

  /** Paints soon, once for all that has changed. */
  render() {
    if (this.due) return;
    this.due = true;
    setTimeout(() => {
      this.due = false;
      if (this.session.source) this.paint();
    }, 16);
  }

  paint() {
    const { session, stage, editor, targets } = this;
    const { playing, known } = session;
    this.played ||= playing && known.length > 0;
    editor.enabled = Boolean(session.shown);
    put("news", this.spoken || this.situation());
    put("hint", this.hint());
    this.numbers();
    this.controls();
    targets.update(known, session.shown?.targets || [], stage.chosen, editor.armed);
    const about = stage.targets.map((target) => `${labelOf(target)} ${target.state}`).join(", ");
    const seen = session.shown?.frame ?? session.frame; // on the way to another frame it is not that one yet
    set("picture", "aria-label", `Picture${playing ? "" : `, frame ${seen}${about ? `: ${about}` : ""}`}`);
    this.lines();
  }

  numbers() {
    const { source, frame, latest } = this.session;
    const last = source.frames ? source.frames - 1 : 0;
    const time = source.fps ? ` · ${lengthOf(frame / source.fps)}` : "";
    put("rate", latest.fps ? `${latest.fps.toFixed(latest.fps < 10 ? 1 : 0)} frames/s` : "");
    put("where", `${frame}${source.frames ? ` / ${last}` : ""}${time}`);
    const scrub = by("scrub");
    if (Number(scrub.max) !== last) scrub.max = last;
    if (Number(scrub.value) !== frame) scrub.value = frame;
    set("scrub", "aria-valuetext", `frame ${frame} of ${last}`);
  }

  controls() {
    const { session } = this;
    const { playing, known, seekable, shown, latest } = session;
    const forward = playing && (latest.direction > 0 || !seekable);
    put("track-word", forward ? "Pause" : known.length ? "Track" : "Play");
    const use = (id) => by(id).querySelector("use");
    use("track").setAttribute("href", forward ? "#i-pause" : "#i-play");
    use("track-back").setAttribute("href", playing && !forward ? "#i-pause" : "#i-back");
    set("track-back", "aria-label", playing && !forward ? "Pause" : "Track backward");
    by("scrub").disabled = by("speed").disabled = !seekable;
    by("track").disabled = by("new-box").disabled = !shown;
    for (const id of ["track-back", "step-back", "step"]) by(id).disabled = !seekable || !shown;
    for (const button of by("downloads").children) button.disabled = !known.length || !session.history.tracked;
  }

  lines() {
    const { timeline, session } = this;
    const { frame, seekable, source, playing } = session;
    Object.assign(timeline, { frame, frames: source.frames, seekable, chosen: this.stage.chosen });
    timeline.redraw(playing ? 100 : 0);
  }
}

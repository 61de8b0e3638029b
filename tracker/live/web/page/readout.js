// Everything on the page that tells the state: words, numbers, what can be pressed.

import { lengthOf } from "./chooser.js";
import { labelOf } from "./labels.js";

const by = (id) => document.getElementById(id);
const TOUCH = matchMedia("(pointer: coarse)").matches;
const SMALL = matchMedia("(max-width: 899px)"); // there the first hint does not stand in the picture either
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
    this.due = false;
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

  /** Whether a target has a box in the frame that is seen, and so can be followed from there. */
  get found() {
    const { latest, shown, playing } = this.session;
    return (playing ? latest : shown)?.targets.length > 0;
  }

  situation() {
    const { latest, shown, seekable, playing, over } = this.session;
    const { status, direction } = latest;
    if (over) return "Ended";
    if (status === "end") return direction < 0 ? "At the first frame" : seekable ? "End of the video" : "The stream has ended";
    if (status) return status[0].toUpperCase() + status.slice(1);
    if (!playing) return shown ? "Paused" : "Opening…";
    const doing = this.found ? "Tracking" : seekable ? "Playing" : "";
    if (!seekable) return doing ? "Tracking live" : "Live";
    return direction < 0 ? `${doing} backward` : doing;
  }

  hint() {
    const { session, editor } = this;
    if (!session.shown || editor.busy || session.over) return "";
    const armed = session.known.find(({ id }) => id === editor.armed);
    if (armed) return `Draw the new box of ${armed.name || `target ${armed.id}`}, or press Esc`;
    if (!session.known.length) return TOUCH ? "Draw a box around what to follow" : "Drag a box around what shall be followed, or press B";
    return session.playing || !session.seekable ? "" : this.from(session.shown.frame);
  }

  /** What can be done from a frame. */
  from(frame) {
    const { history, source } = this.session;
    const near = this.found ? frame : history.nearest(frame);
    if (near !== null && near !== frame) {
      if (SMALL.matches) return `No box here: the nearest is at frame ${near}`;
      return `No target has a box here: draw one, or go ${near < frame ? "back" : "on"} to frame ${near}`;
    }
    if (history.tracked || frame + 1 >= source.frames) return "";
    return SMALL.matches ? "Track goes on from here" : "Track goes on from here. Drag again for another target.";
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
    const hint = this.hint();
    editor.enabled = Boolean(session.shown) && !session.over;
    const over = !known.length && !SMALL.matches; // the picture, while there is no box that it could hide
    put("news", this.spoken || (!over && hint) || this.situation());
    put("hint", over ? hint : "");
    this.numbers();
    this.controls();
    targets.update(known, session.shown?.targets || [], stage.chosen, editor.armed);
    const about = stage.targets.map((target) => `${labelOf(target)} ${target.state}`).join(", ");
    const seen = session.shown?.frame ?? session.frame; // on the way to another frame it is not that one yet
    set("picture", "aria-label", `Picture${playing ? "" : `, frame ${seen}${about ? `: ${about}` : ""}`}`);
    this.lines();
  }

  numbers() {
    const { source, frame, latest, seekable } = this.session;
    const { factor } = this.stage.closer;
    const last = source.frames ? source.frames - 1 : 0;
    const time = ` ·\u00a0${lengthOf(seekable ? frame / source.fps : latest.time || 0)}`;
    put("rate", latest.fps ? `${latest.fps.toFixed(latest.fps < 10 ? 1 : 0)} frames/s` : "");
    put("where", source.frames === 1 ? "1 frame" : `${frame}${source.frames ? ` / ${last}` : ""}${time}`);
    by("zoom").hidden = factor === 1;
    put("zoom", `${factor.toFixed(factor < 10 ? 1 : 0)}×`);
    set("zoom", "aria-label", `Enlarged ${factor.toFixed(1)} times: show the whole picture`);
    const scrub = by("scrub");
    if (Number(scrub.max) !== last) scrub.max = last;
    if (Number(scrub.value) !== frame) scrub.value = frame;
    set("scrub", "aria-valuetext", `frame ${frame} of ${last}`);
  }

  controls() {
    const { session } = this;
    const { playing, known, seekable, latest, gone } = session;
    const shown = session.shown && !session.over;
    const forward = playing && (latest.direction > 0 || !seekable);
    put("track-word", forward ? "Pause" : this.found ? "Track" : "Play");
    const use = (id) => by(id).querySelector("use");
    use("track").setAttribute("href", forward ? "#i-pause" : "#i-play");
    use("track-back").setAttribute("href", playing && !forward ? "#i-pause" : "#i-back");
    set("track-back", "aria-label", playing && !forward ? "Pause" : "Track backward");
    by("scrub").disabled = by("speed").disabled = !seekable || !shown;
    by("targets").inert = !shown;
    by("track").disabled = by("new-box").disabled = !shown;
    for (const id of ["track-back", "step-back", "step"]) by(id).disabled = !seekable || !shown;
    const why = gone ? "The boxes have gone with the session." : known.length ? "" : "Draw a box first: there is nothing to save yet.";
    put("downloads-why", why);
    for (const button of by("downloads").children) button.disabled = Boolean(why);
  }

  lines() {
    const { timeline, session } = this;
    const { frame, seekable, source, playing } = session;
    Object.assign(timeline, { frame, frames: source.frames, seekable, chosen: this.stage.chosen });
    timeline.redraw(playing ? 100 : 0);
  }
}

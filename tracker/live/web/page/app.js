// The page: ties controls, picture, timeline and session together.

import { download, info, kept, takeToken } from "./api.js";
import { Chooser } from "./chooser.js";
import { Editor } from "./editor.js";
import { History } from "./history.js";
import { listen, openHelp } from "./keys.js";
import { labelOf } from "./labels.js";
import { Message } from "./message.js";
import { Opening } from "./opening.js";
import { Places } from "./places.js";
import { Presence } from "./presence.js";
import { Readout } from "./readout.js";
import { Session } from "./session.js";
import { Sharp } from "./sharp.js";
import { Stage } from "./stage.js";
import { TargetList } from "./targets.js";
import { Timeline } from "./timeline.js";
import { Zoom } from "./zoom.js";

const by = (id) => document.getElementById(id);
const LONELY = "Nobody seems to be here";
const RATES = ["0.25", "0.5", "1", "2", "4", "0"];

const history = new History();
const stage = new Stage(by("picture"));
stage.history = history;
const session = new Session(stage, history, {
  changed: () => changed(),
  opened: (source) => describe(source),
  added: (id) => choose(id),
  news: (text) => say(text),
  error: (text) => fail(text),
  ended: (text, gone) => (calm(), opening.ended(text, gone)),
  answered: () => editor.answered(),
});
const editor = new Editor(stage, {
  hold: () => session.hold(),
  release: () => session.release(),
  add: (box) => session.give({ do: "add", box }),
  redraw: (id, box) => session.give({ do: "redraw", id, box }),
  choose: (id) => choose(id),
  say: (text) => say(text),
});
const zoom = new Zoom(stage, {
  begin: () => editor.cancel(),
  changed: () => changed(),
});
const sharp = new Sharp(session, stage);
const timeline = new Timeline(by("timeline"), by("lost"), history, { seek: (frame) => session.seek(frame), choose: (id) => choose(id) });
const targets = new TargetList(by("targets"), by("targets-empty"), {
  choose: (id) => choose(id),
  rename: (id, name) => session.send({ do: "rename", id, name }),
  arm: (id) => arm(id),
  remove: (id) => drop(id),
  done: () => focus(),
});
const chooser = new Chooser({
  file: (name) => opening.file(name),
  stream: (url) => opening.stream(url),
  upload: (file) => opening.upload(file),
  camera: () => opening.camera(),
  back: () => places.go("work"),
  token: () => start(),
});

const message = new Message();
const places = new Places({ working: () => Boolean(session.live), shown: (name) => seen(name) });
const opening = new Opening({ session, chooser, places, message }, (source) => fresh(source));
const presence = new Presence(
  { told: () => !session.over && session.live?.told, working: () => session.playing },
  {
    here: () => session.send({ do: "here" }),
    warn: (seconds) => warn(seconds),
    calm: () => calm(),
  },
);
const readout = new Readout({ session, stage, editor, timeline, targets });
const removed = []; // ids of targets that can be taken back, the newest last
const render = () => readout.render();
const changed = () => (sharp.look(), render());
const say = (text) => readout.say(text);
const fail = (text) => message.fail(text);
const focus = () => by("picture").focus({ preventScroll: true });

// What is seen ------------------------------------------------------------------------------------

function seen(name) {
  by("change").hidden = name !== "work";
  by("chooser-back").hidden = name !== "choose" || !session.live;
  if (name === "work") focus();
  else if (session.playing) session.pause();
}

/** A newly opened picture. */
function fresh(source) {
  stage.chosen = null;
  editor.armed = null;
  removed.length = 0;
  zoom.reset();
  message.hide();
  if (source) describe(source);
  render();
}

function warn(seconds) {
  document.title = "Ends soon – siamsa"; // where the tab is not seen
  message.show("plain", `${LONELY}: this session and its boxes end in ${seconds} s.`, ["Keep it", () => presence.keep()]);
}

function calm() {
  if (message.text.startsWith(LONELY)) message.hide();
  if (session.source) describe(session.source);
}

function describe(source) {
  const name = source.kind === "camera" ? "Camera" : source.name || "Stream";
  const size = source.width ? ` · ${source.width}×${source.height}` : "";
  by("source-name").textContent = by("source-name").title = name + size;
  if (source.width) {
    by("desk").style.setProperty("--wide", source.width);
    by("desk").style.setProperty("--high", source.height);
  }
  document.title = `${name} – siamsa`;
}


// What is done to targets -------------------------------------------------------------------------

function choose(id) {
  if (editor.armed !== id) editor.arm(null);
  stage.chosen = id;
  stage.redraw();
  render();
}

function arm(id) {
  if (id === null || editor.armed === id) editor.arm(null);
  else {
    choose(id);
    editor.arm(id);
  }
  focus();
  render();
}

function drop(id) {
  if (id === null) return;
  const ids = session.known.map((target) => target.id);
  session.send({ do: "remove", id });
  removed.push(id);
  message.offer(`Removed ${labelOf(session.known[ids.indexOf(id)])}`, ["Undo", restore]);
  if (stage.chosen === id) choose(ids[ids.indexOf(id) + 1] ?? ids[ids.indexOf(id) - 1] ?? null);
}

/** Takes the target back that was removed last. */
function restore() {
  if (removed.length) session.send({ do: "restore", id: removed.pop() });
}

function nextTarget() {
  const ids = session.known.map((target) => target.id);
  choose(ids.length ? ids[(ids.indexOf(stage.chosen) + 1) % ids.length] : null);
}

function goLost(direction) {
  const starts = session.known.flatMap(({ id }) => history.spans(id).map(([first]) => first)).sort((a, b) => a - b);
  const next = direction > 0 ? starts.find((frame) => frame > session.frame) : starts.reverse().find((frame) => frame < session.frame);
  if (next === undefined) say(direction > 0 ? "No lost span after this frame" : "No lost span before this frame");
  else session.seek(next);
}

async function save(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  say(button.dataset.form === "video" ? "The video is being made…" : "The boxes are being written…");
  session.unsaved &&= button.dataset.form === "video"; // what comes while it is made is not in it
  try {
    await download(session.id, button.dataset.form, `siamsa.${button.dataset.form}`);
    say("Saved");
  } catch (error) {
    session.unsaved = true;
    say("");
    fail(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// Controls ----------------------------------------------------------------------------------------

function setTrails(on) {
  stage.trails = on;
  by("trails").setAttribute("aria-pressed", String(on));
  kept.set("siamsa.trails", on ? "on" : "off");
  stage.redraw();
}

function setRate(rate) {
  by("speed").value = rate;
  kept.set("siamsa.rate", rate);
  session.speed(Number(rate));
}

function faster(step) {
  const at = RATES.indexOf(by("speed").value) + step;
  if (session.seekable && RATES[at] !== undefined) setRate(RATES[at]);
}

function play(direction) {
  if (!session.shown || session.over) return;
  editor.settle();
  if (session.playing && (direction === session.latest.direction || !session.seekable)) session.pause();
  else if (direction > 0 || session.seekable) session.play(direction);
}

function leave() {
  if (editor.armed !== null) arm(null);
  else choose(null);
}

function wire() {
  by("track").addEventListener("click", () => play(1));
  by("track-back").addEventListener("click", () => play(-1));
  by("step").addEventListener("click", () => session.step(1));
  by("step-back").addEventListener("click", () => session.step(-1));
  by("scrub").addEventListener("input", (event) => session.seek(Number(event.target.value)));
  by("trails").addEventListener("click", () => setTrails(!stage.trails));
  by("speed").addEventListener("change", (event) => setRate(event.target.value));
  by("new-box").addEventListener("click", () => editor.begin(null));
  by("change").addEventListener("click", () => places.go("choose"));
  by("zoom").addEventListener("click", () => zoom.reset());
  for (const button of by("downloads").children) button.addEventListener("click", () => save(button));
  const last = () => (session.source?.frames || 1) - 1;
  const keys = {
    " ": () => play(1), "Shift+ ": () => play(-1), ",": () => session.step(-1), ".": () => session.step(1),
    Home: () => session.seek(0), End: () => session.seek(last()), g: () => goLost(1), "Shift+g": () => goLost(-1),
    b: () => editor.begin(), n: nextTarget, r: () => stage.chosen !== null && arm(stage.chosen), Escape: leave,
    F2: () => targets.rename(stage.chosen), Delete: () => drop(stage.chosen), Backspace: () => drop(stage.chosen),
    "Ctrl+z": restore, "+": () => zoom.grow(1.5), "=": () => zoom.grow(1.5), "-": () => zoom.grow(1 / 1.5), 0: () => zoom.reset(),
    t: () => setTrails(!stage.trails), "[": () => faster(-1), "]": () => faster(1), "?": openHelp,
  };
  const anywhere = new Set(["?"]);
  const allowed = (key) => anywhere.has(key) || (places.name === "work" && !session.over);
  listen(keys, allowed, (event) => editor.arrowAnywhere(event));
  setTrails(kept.get("siamsa.trails", "on") === "on");
  setRate(kept.get("siamsa.rate", "1"));
}

async function start() {
  message.hide(); // and not later: what is said meanwhile stays
  try {
    const offer = await info();
    opening.limits = offer.limits || {};
    chooser.offer(offer);
    presence.begin(opening.limits.idle_s || 3600);
  } catch (error) {
    if (error.status === 401) chooser.askToken();
    else fail(error.message);
    return;
  }
  opening.resume();
}

takeToken();
wire();
start();

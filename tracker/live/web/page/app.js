// The page: ties controls, picture, timeline and session together.

import { Refused, download, info, kept, newSession, remove, setSource, takeToken, upload } from "./api.js";
import { Camera } from "./camera.js";
import { Chooser } from "./chooser.js";
import { Editor } from "./editor.js";
import { History } from "./history.js";
import { listen, openHelp } from "./keys.js";
import { Readout } from "./readout.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { TargetList } from "./targets.js";
import { Timeline } from "./timeline.js";

const by = (id) => document.getElementById(id);
const SESSION = "siamsa.session";
const WIDEST = 1280; // of the server's pictures
const RATES = ["0.25", "0.5", "1", "2", "4", "0"];
let limits = {};

const history = new History();
const stage = new Stage(by("picture"));
stage.history = history;
const session = new Session(stage, history, {
  changed: () => render(),
  opened: (source) => describe(source),
  added: (id) => choose(id),
  news: (text) => say(text),
  error: (text) => fail(text),
  ended: (text, gone) => ended(text, gone),
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
const timeline = new Timeline(by("timeline"), by("lost"), history, { seek: (frame) => session.seek(frame), choose: (id) => choose(id) });
const targets = new TargetList(by("targets"), by("targets-empty"), {
  choose: (id) => choose(id === stage.chosen ? null : id),
  rename: (id, name) => session.send({ do: "rename", id, name }),
  arm: (id) => arm(id),
  remove: (id) => drop(id),
});
const chooser = new Chooser({
  file: (name) => open(async (id) => setSource(id, { kind: "file", name })),
  stream: (url) => open(async (id) => setSource(id, { kind: "stream", url })),
  upload: (file) => open((id) => send(id, file)),
  camera: () => openCamera(),
  back: () => view("work"),
  token: () => start(),
});

const readout = new Readout({ session, stage, editor, timeline, targets });
const render = () => readout.render();
const say = (text) => readout.say(text);
const fail = (text) => readout.fail(text);

// What is opened ----------------------------------------------------------------------------------

function view(name) {
  document.body.dataset.view = name;
  by("change").hidden = name !== "work";
  by("chooser-back").hidden = name !== "choose" || !session.live;
  if (name === "work") by("picture").focus({ preventScroll: true });
}

/** A new session with a source; the one before is given back once the new one stands. */
async function open(choose, camera = null) {
  if (open.busy) return;
  open.busy = true;
  chooser.busy(true);
  by("message").hidden = true;
  const before = session.id;
  let id = null;
  try {
    id = await newSession();
    const source = await choose(id);
    connect(id, source, camera);
    if (before) remove(before).catch(() => {}); // it may have ended by itself
  } catch (error) {
    camera?.close();
    if (id) remove(id).catch(() => {}); // nothing can be done about it, and it ends when idle
    fail(error.message);
    if (error instanceof Refused && error.status === 401) chooser.askToken();
  } finally {
    open.busy = false;
    chooser.busy(false);
    chooser.progress(null);
  }
}

function connect(id, source, camera) {
  kept.set(SESSION, camera ? null : id);
  stage.chosen = null;
  editor.armed = null;
  readout.played = false;
  if (source) describe(source);
  view("work");
  const width = Math.ceil(by("picture").clientWidth * (window.devicePixelRatio || 1));
  session.open(id, source, camera, Math.max(320, Math.min(WIDEST, width)));
  session.speed(Number(by("speed").value));
  render();
}

function describe(source) {
  const name = source.kind === "camera" ? "Camera" : source.name || "Stream";
  const size = source.width ? ` · ${source.width}×${source.height}` : "";
  by("source-name").textContent = name + size;
  by("source-name").title = name + size;
  if (source.width) by("stage").style.setProperty("--ratio", `${source.width} / ${source.height}`);
  document.title = `${name} – siamsa`;
}

function send(id, file) {
  chooser.progress(0);
  const { done, cancel } = upload(id, file, (part) => chooser.progress(part));
  chooser.onCancel(cancel);
  return done;
}

async function openCamera() {
  const camera = new Camera(by("camera-video"), (blob) => session.sendPicture(blob), (text) => fail(text));
  try {
    const size = await camera.open(limits);
    await open((id) => setSource(id, { kind: "camera", ...size }), camera);
  } catch (error) {
    camera.close();
    fail(error.message);
  }
}

function ended(text, gone) {
  if (gone) kept.set(SESSION, null);
  if (gone && !session.shown) {
    session.close();
    session.reset();
    view("choose");
    return;
  }
  fail(text);
  session.camera?.close();
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
  by("picture").focus({ preventScroll: true });
  render();
}

function drop(id) {
  if (id === null) return;
  const ids = session.known.map((target) => target.id);
  session.send({ do: "remove", id });
  if (stage.chosen === id) choose(ids[ids.indexOf(id) + 1] ?? ids[ids.indexOf(id) - 1] ?? null);
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
  try {
    await download(session.id, button.dataset.form, `siamsa.${button.dataset.form}`);
    say("Saved");
  } catch (error) {
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
  if (!session.shown) return;
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
  by("change").addEventListener("click", () => (session.pause(), view("choose")));
  by("message-close").addEventListener("click", () => (by("message").hidden = true));
  for (const button of by("downloads").children) button.addEventListener("click", () => save(button));
  const last = () => (session.source?.frames || 1) - 1;
  const keys = {
    " ": () => play(1), "Shift+ ": () => play(-1), ",": () => session.step(-1), ".": () => session.step(1),
    Home: () => session.seek(0), End: () => session.seek(last()), g: () => goLost(1), "Shift+g": () => goLost(-1),
    b: () => editor.begin(), n: nextTarget, r: () => stage.chosen !== null && arm(stage.chosen), Escape: leave,
    F2: () => targets.rename(stage.chosen), Delete: () => drop(stage.chosen), Backspace: () => drop(stage.chosen),
    t: () => setTrails(!stage.trails), "[": () => faster(-1), "]": () => faster(1), "?": openHelp,
  };
  const anywhere = new Set(["?"]);
  listen(keys, (key) => anywhere.has(key) || document.body.dataset.view === "work");
  setTrails(kept.get("siamsa.trails", "on") === "on");
  setRate(kept.get("siamsa.rate", "1"));
}

async function start() {
  by("message").hidden = true; // and not later: what is said meanwhile stays
  try {
    const offer = await info();
    limits = offer.limits || {};
    chooser.offer(offer);
  } catch (error) {
    if (error.status === 401) chooser.askToken();
    else fail(error.message);
    return;
  }
  const id = kept.get(SESSION);
  if (id) connect(id, null, null);
}

takeToken();
wire();
start();

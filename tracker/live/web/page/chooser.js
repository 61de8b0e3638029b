// The first page: a video of the server, a file, the camera or a stream.

import { kept, setToken } from "./api.js";

const by = (id) => document.getElementById(id);
const MANY = 8; // videos from which on there is a field to find one
const FIRST = matchMedia("(max-width: 899px)").matches ? 8 : 24; // videos that are listed before all are asked for
const NAMED = 5; // files that are named of those that could not be read

export function lengthOf(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function describe({ frames, fps, width, height }) {
  const parts = [];
  if (frames && fps) parts.push(lengthOf(frames / fps));
  if (frames) parts.push(frames === 1 ? "1 frame" : `${frames} frames`);
  if (width) parts.push(`${width}×${height}`);
  return parts.join(" · ");
}

/** What is said of files that are no videos, or damaged. */
function unread(names) {
  if (!names.length) return "";
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `${names.length} ${names.length === 1 ? "file" : "files"} could not be read: ${names.slice(0, NAMED).join(", ")}${more}`;
}

export class Chooser {
  /** `to`: file(name), upload(file), camera(), stream(url), back(), token(). */
  constructor(to) {
    this.to = to;
    this.videos = [];
    this.all = false; // listed, however many
    by("video-filter").addEventListener("input", () => this.list());
    by("upload").addEventListener("click", () => by("upload-file").click());
    by("upload-file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) to.upload(file);
      event.target.value = "";
    });
    by("camera").addEventListener("click", () => to.camera());
    by("stream-url").value = kept.get("siamsa.stream", "");
    by("stream-card").addEventListener("submit", (event) => {
      event.preventDefault();
      const url = by("stream-url").value.trim();
      kept.set("siamsa.stream", url || null);
      if (url) to.stream(url);
      else by("stream-url").focus();
    });
    by("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      setToken(by("token-input").value.trim());
      to.token();
    });
    by("chooser-back").addEventListener("click", () => to.back());
    this.drops();
  }

  /** Takes in what the server offers. */
  offer({ videos = [], unreadable = [], omitted = 0, streams, uploads, limits }) {
    this.uploads = uploads;
    this.videos = videos;
    by("token-form").hidden = true;
    by("stream-card").hidden = !streams;
    by("upload-card").hidden = !uploads;
    if (limits?.upload_mb) by("upload-note").textContent = `Drop a video anywhere on the page, or choose one. Up to ${limits.upload_mb} MB.`;
    by("video-filter").hidden = this.videos.length <= MANY;
    by("videos-more").textContent = omitted ? `Only the first ${this.videos.length + unreadable.length} are listed; the folder has ${omitted} more.` : "";
    by("videos-unread").textContent = unread(unreadable);
    this.list();
  }

  askToken() {
    by("token-form").hidden = false;
    by("token-input").focus();
  }

  list() {
    const wanted = by("video-filter").value.trim().toLowerCase();
    const found = this.videos.filter(({ name }) => name.toLowerCase().includes(wanted));
    const rows = found.slice(0, this.all ? found.length : FIRST).map((video) => this.row(video));
    if (rows.length < found.length) rows.push(this.rest(found.length));
    by("videos").replaceChildren(...rows);
    if (found.length) return;
    const line = document.createElement("p");
    line.textContent = this.videos.length
      ? "No video has this in its name."
      : "The server offers no videos: start it with a folder, siamsa serve --videos FOLDER.";
    const item = document.createElement("li");
    item.append(line);
    by("videos").append(item);
  }

  /** The last row of a long list. */
  rest(count) {
    const [item, button] = ["li", "button"].map((tag) => document.createElement(tag));
    button.type = "button";
    button.className = "quiet";
    button.textContent = `Show all ${count}`;
    button.addEventListener("click", () => {
      this.all = true;
      this.list();
      by("videos").children[FIRST].firstChild.focus();
    });
    item.append(button);
    return item;
  }

  /** Whether the server offers a video of this name. */
  has(name) {
    return this.videos.some((video) => video.name === name);
  }

  row(video) {
    const [item, button, name, more] = ["li", "button", "b", "small"].map((tag) => document.createElement(tag));
    name.textContent = video.name;
    more.textContent = describe(video);
    button.type = "button";
    button.append(name, more);
    button.addEventListener("click", () => this.to.file(video.name));
    item.append(button);
    return item;
  }

  /** While a source is opened nothing else can be chosen. */
  busy(on) {
    by("chooser").setAttribute("aria-busy", String(on));
    for (const control of by("chooser").querySelectorAll("button, input")) {
      if (control.id !== "upload-cancel") control.disabled = on;
    }
    by("chooser").inert = false;
  }

  progress(part) {
    by("upload-progress").hidden = part === null;
    by("upload-bar").value = part || 0;
  }

  onCancel(cancel) {
    by("upload-cancel").onclick = cancel;
  }

  drops() {
    let depth = 0;
    const holds = (event) => this.uploads && [...(event.dataTransfer?.types || [])].includes("Files");
    const over = (change) => (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      depth = Math.max(0, depth + change);
      by("drop").hidden = depth === 0;
    };
    addEventListener("dragenter", over(1));
    addEventListener("dragleave", over(-1));
    addEventListener("dragover", (event) => holds(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      depth = 0;
      by("drop").hidden = true;
      const [file] = event.dataTransfer.files;
      if (file) this.to.upload(file);
    });
  }
}

// Talks to the server: requests, uploads, downloads and the live connection of a session.

const root = new URL("./", location.href);
const TOKEN = "siamsa.token";

/** What is remembered in this tab only; a browser without storage remembers nothing. */
export const kept = {
  get(key, otherwise = null) {
    try {
      return sessionStorage.getItem(key) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(key, value) {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, value);
    } catch {
      // the choice holds until the page is left
    }
  },
};

/** An answer that is not a success: `status` is its HTTP status, 0 where the server was not reached. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Takes the token out of the page's address, so that it is neither seen nor shared with it. */
export function takeToken() {
  const url = new URL(location.href);
  const token = url.searchParams.get("token");
  if (token === null) return;
  kept.set(TOKEN, token);
  url.searchParams.delete("token");
  history.replaceState(null, "", url);
}

export const setToken = (token) => kept.set(TOKEN, token);

function headers() {
  const token = kept.get(TOKEN);
  return token ? { "X-Token": token } : {};
}

function address(path) {
  const url = new URL(path, root);
  const token = kept.get(TOKEN);
  if (token) url.searchParams.set("token", token);
  return url;
}

async function refusal(response) {
  let line = "";
  try {
    line = (await response.json()).error;
  } catch {
    line = "";
  }
  return new Refused(line || `The server answered ${response.status} ${response.statusText}`.trim(), response.status);
}

async function ask(method, path, json) {
  const options = { method, headers: headers(), cache: "no-store" };
  if (json !== undefined) {
    options.body = JSON.stringify(json);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(new URL(path, root), options);
  } catch {
    throw new Refused("The server cannot be reached.", 0);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

const answer = async (...args) => (await ask(...args)).json();

export const info = () => answer("GET", "api/info");
export const newSession = async () => (await answer("POST", "api/sessions", {})).session;
export const setSource = (session, source) => answer("POST", `api/sessions/${session}/source`, source);
export const remove = (session) => ask("DELETE", `api/sessions/${session}`);
export const picture = async (session, frame) => createImageBitmap(await (await ask("GET", `api/sessions/${session}/frame/${frame}.jpg`)).blob());
export const timeline = (session) => answer("GET", `api/sessions/${session}/timeline`);

/** Sends a file as the session's source; `progress` hears parts 0..1. Returns {done: Promise, cancel()}. */
export function upload(session, file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("PUT", address(`api/sessions/${session}/upload?name=${encodeURIComponent(file.name)}`));
    request.responseType = "json";
    for (const [key, value] of Object.entries(headers())) request.setRequestHeader(key, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300 && request.response) resolve(request.response);
      else reject(new Refused(request.response?.error || `The upload was refused (${request.status}).`, request.status));
    };
    request.onerror = () => reject(new Refused("The upload broke off: the file may be too large, or the connection was lost.", 0));
    request.onabort = () => reject(new Refused("", 0));
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

/** The name of a file in a Content-Disposition: the true one, else that of ASCII letters, else none. */
export function nameIn(disposition) {
  const [, encoded] = /filename\*=UTF-8''([^;]+)/i.exec(disposition || "") || [];
  const [, plain] = /filename="([^"]+)"/i.exec(disposition || "") || [];
  try {
    return encoded ? decodeURIComponent(encoded) : plain;
  } catch {
    return plain; // it was not encoded as it should be
  }
}

/** Saves boxes or the video through the browser's own download. */
export async function download(session, form, name) {
  const response = await ask("GET", `api/sessions/${session}/download/${form}`);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = nameIn(response.headers.get("Content-Disposition")) || name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const REPLACED = 4000;
const REMOVED = 4001;
const MOST_TRIES = 12;

/** Whether the server still has a session; true as well where it cannot be asked now. */
async function lives(session) {
  try {
    await ask("GET", `api/sessions/${session}/timeline?from=0&to=0`);
  } catch (error) {
    return error.status !== 404 && error.status !== 401;
  }
  return true;
}

/** The websocket of a session. `on`: message(json), picture(json, blob), link(text), ended(text, gone). */
export class Live {
  constructor(session, width, on) {
    this.session = session;
    this.width = width; // of pictures, the most that is of use here
    this.on = on;
    this.tries = 0;
    this.wanted = true;
    this.told = Date.now(); // when the server last heard something
    this.open();
  }

  get ready() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  open() {
    const url = address(`api/sessions/${this.session}/live`);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("w", this.width);
    const socket = new WebSocket(url);
    let announced = null; // the message that said that a picture follows
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      if (typeof data !== "string") {
        if (announced) this.on.picture(announced, data);
        announced = null;
        return;
      }
      this.tries = 0;
      const message = JSON.parse(data);
      if (message.type === "frame" && message.picture) announced = message;
      this.on.message(message);
    };
    socket.onclose = (event) => socket === this.socket && this.closed(event.code, event.reason);
    this.socket = socket;
  }

  async closed(code, reason) {
    if (!this.wanted) return;
    if (code === REPLACED) {
      this.end("This session is open in another tab now.", false);
      return;
    }
    if (code === REMOVED || !(await lives(this.session))) {
      if (this.wanted) this.end(`The session has ended on the server: ${reason || "it is not known there any more"}.`, true);
      return;
    }
    if (!this.wanted) return;
    this.tries += 1;
    if (this.tries > MOST_TRIES) {
      this.end("The connection to the server is lost.", false);
      return;
    }
    const wait = Math.min(8, 2 ** (this.tries - 1));
    this.on.link(`Connection lost, trying again in ${wait} s`);
    this.timer = setTimeout(() => this.open(), 1000 * wait);
  }

  end(text, gone) {
    this.close();
    this.on.ended(text, gone);
  }

  send(command) {
    this.tell(JSON.stringify(command));
  }

  sendPicture(blob) {
    this.tell(blob);
  }

  tell(data) {
    if (!this.ready) return;
    this.told = Date.now();
    this.socket.send(data);
  }

  close() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.socket.close();
  }
}

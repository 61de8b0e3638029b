// Keys, and the dialog that lists them.

import { kept } from "./api.js";

const by = (id) => document.getElementById(id);

const LIST = [
  ["Space", "track, pause"],
  ["Shift+Space", "track backward"],
  [", .", "previous, next frame"],
  ["Home End", "first, last frame"],
  ["G  Shift+G", "next, previous lost span"],
  ["B", "new box with the keys"],
  ["N", "choose the next target"],
  ["Arrows", "move the chosen box"],
  ["Shift+arrows", "size it"],
  ["+ −", "look closer, less close; new box larger, smaller"],
  ["0", "the whole picture"],
  ["Enter", "take the box"],
  ["Esc", "leave it, choose none"],
  ["R", "draw the chosen box anew"],
  ["F2", "name the chosen target"],
  ["Del", "remove it"],
  ["Ctrl+Z", "take it back"],
  ["T", "trails on, off"],
  ["[ ]", "slower, faster"],
  ["?", "this list"],
];

const TYPED = "input:not([type=range]):not([type=checkbox]), textarea, select";

function listed() {
  return LIST.map(([keys, what]) => {
    const row = document.createElement("div");
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    for (const key of keys.split(/ +/)) {
      const mark = document.createElement("kbd");
      mark.textContent = key;
      term.append(mark, " ");
    }
    text.textContent = what;
    row.append(term, text);
    return row;
  });
}

export function openHelp() {
  by("help-dialog").showModal();
}

/**
 * `actions`: name of a key, with "Shift+" or "Ctrl+" before it where it is held -> what is done, where `allowed` says so.
 * `arrow(event)` hears the arrow keys that nothing else wants.
 */
export function listen(actions, allowed, arrow) {
  const dialog = by("help-dialog");
  by("keys").replaceChildren(...listed());
  by("help").addEventListener("click", openHelp);
  by("help-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  by("keys-on").checked = kept.get("siamsa.keys", "on") === "on";
  by("keys-on").addEventListener("change", (event) => kept.set("siamsa.keys", event.target.checked ? "on" : "off"));

  addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    if (event.altKey || (control && event.key !== "z") || document.querySelector("dialog[open]")) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (at.matches(TYPED)) return;
    const onPicture = at.id === "picture";
    if (!onPicture && !by("keys-on").checked && event.key !== "Escape" && !control) return;
    if (at.closest("button, summary, a[href]") && (event.key === " " || event.key === "Enter")) return;
    if (at.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if (event.key.startsWith("Arrow") && !onPicture && allowed(event.key)) return arrow(event);
    const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const shift = event.shiftKey && (/^[a-z ]$/.test(letter) || letter.length > 1) ? "Shift+" : "";
    const action = actions[(control ? "Ctrl+" : shift) + letter];
    if (!action || !allowed(letter) || (event.repeat && ![",", "."].includes(letter))) return;
    event.preventDefault();
    action();
  });
}

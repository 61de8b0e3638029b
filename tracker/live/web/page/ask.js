// A question with two answers. Esc, or a press beside it, is the careful one.

const by = (id) => document.getElementById(id);

/** Resolves to whether `yes` was pressed. */
export function ask({ title, text, yes, no }) {
  const dialog = by("ask-dialog");
  for (const [id, words] of Object.entries({ "ask-title": title, "ask-text": text, "ask-yes": yes, "ask-no": no })) by(id).textContent = words;
  dialog.returnValue = "";
  by("ask-yes").onclick = () => dialog.close("yes");
  by("ask-no").onclick = () => dialog.close();
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.showModal();
  by("ask-no").focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

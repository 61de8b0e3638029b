// The list of spans in which targets were lost, a button each; and in words, what the timeline shows.

import { labelOf } from "./labels.js";

const MOST = 60; // buttons

export class LostList {
  /** `to`: seek(frame), choose(id). `canvas` is the timeline's, whose description this is. */
  constructor(list, canvas, to) {
    Object.assign(this, { list, canvas, to });
    this.listed = "";
  }

  /** `rows`: what is known of each target, `spansOf(id)`: its lost spans, [first, last] each. */
  update(rows, spansOf, seekable) {
    const spans = rows.flatMap((past) => spansOf(past.id).map(([first, last]) => ({ past, first, last })));
    const key = JSON.stringify([seekable, rows.length, spans.map(({ past, first, last }) => [past.id, past.name, first, last])]);
    if (key === this.listed) return;
    this.listed = key;
    const words = spans.map(({ past, first, last }) => `${labelOf(past)} lost from frame ${first} to ${last}`);
    const count = rows.length === 1 ? "1 target" : `${rows.length} targets`;
    this.canvas.setAttribute("aria-label", rows.length ? `Scores of ${count}. ${words.join(". ") || "None was lost"}.` : "Scores: nothing tracked yet");
    this.list.replaceChildren(...spans.slice(-MOST).map((span) => this.button(span, seekable)));
    this.list.nextElementSibling.hidden = spans.length > 0;
  }

  button({ past, first, last }, seekable) {
    const [button, swatch, name, frames] = ["button", "i", "b", "span"].map((tag) => document.createElement(tag));
    swatch.style.background = past.colour;
    button.type = "button";
    button.disabled = !seekable;
    name.textContent = labelOf(past);
    frames.textContent = `${first}–${last}`;
    button.append(swatch, name, frames);
    button.setAttribute("aria-label", `Go to frame ${first}: ${labelOf(past)} is lost until ${last}`);
    button.addEventListener("click", () => {
      this.to.choose(past.id);
      this.to.seek(first);
    });
    return button;
  }
}

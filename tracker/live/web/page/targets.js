// The list of targets: choose, name, re-draw, remove; score and state of each in the frame that is shown.

const WORDS = { tracking: "tracking", uncertain: "uncertain", lost: "lost", "": "no result" };

function element(tag, options, ...children) {
  const made = Object.assign(document.createElement(tag), options);
  made.append(...children);
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

export class TargetList {
  /** `to`: choose(id), rename(id, name), arm(id), remove(id), done() when the keys are the picture's again. */
  constructor(list, empty, to) {
    this.list = list;
    this.empty = empty;
    this.to = to;
    this.items = new Map();
  }

  /** `known`: all targets [{id, name, colour}]; `shown`: those with a result in the frame; `chosen`, `armed`: ids. */
  update(known, shown, chosen, armed) {
    this.empty.hidden = known.length > 0;
    for (const [id, item] of this.items) {
      if (known.some((target) => target.id === id)) continue;
      item.root.remove();
      this.items.delete(id);
    }
    for (const target of known) {
      if (!this.items.has(target.id)) this.items.set(target.id, this.make(target.id));
      this.fill(this.items.get(target.id), target, shown.find((one) => one.id === target.id), chosen, armed);
    }
  }

  make(id) {
    const swatch = element("i", {});
    const pick = element("button", { type: "button", className: "pick" }, swatch, String(id));
    const name = element("input", { type: "text", className: "name", placeholder: `target ${id}`, maxLength: 60, autocomplete: "off", readOnly: true, tabIndex: -1 });
    const pencil = element("button", { type: "button", className: "icon rename", title: "Rename (F2)" }, icon("i-rename"));
    const redraw = element("button", { type: "button", className: "icon", title: "Draw its box anew (R)" }, icon("i-redraw"));
    const remove = element("button", { type: "button", className: "icon", title: "Remove (Del)" }, icon("i-remove"));
    const level = element("i", {});
    const meter = element("span", { className: "meter", role: "meter", ariaValueMin: "0", ariaValueMax: "1" }, level);
    const score = element("span", { className: "score" });
    const state = element("span", { className: "state" });
    const measure = element("div", { className: "measure" }, meter, score, state);
    const root = element("li", { className: "target" }, pick, name, pencil, redraw, remove, measure);
    root.addEventListener("click", (event) => this.press(id, event));
    root.addEventListener("dblclick", (event) => event.target.closest(".icon") || this.rename(id));
    pencil.addEventListener("click", () => this.rename(id));
    this.wireName(id, name);
    redraw.addEventListener("click", () => this.to.arm(id));
    remove.addEventListener("click", () => this.to.remove(id));
    const after = [...this.items].find(([other]) => other > id); // one that was taken back has its old place
    this.list.insertBefore(root, after?.[1].root ?? null);
    return { root, swatch, pick, name, pencil, redraw, remove, meter, level, score, state };
  }

  /** Enter and leaving the field take the name, Esc drops it. */
  wireName(id, name) {
    let before = "";
    name.addEventListener("focus", () => (before = name.value));
    name.addEventListener("blur", () => {
      name.readOnly = true;
      if (name.value.trim() !== before) this.to.rename(id, name.value.trim());
    });
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      if (event.key === "Escape") name.value = before;
      name.blur();
      this.to.done();
    });
  }

  /** A card was pressed somewhere: it is chosen; its number takes the choice back too. */
  press(id, event) {
    const { root, pick, name } = this.items.get(id);
    if (event.target.closest(".icon") || !name.readOnly) return;
    this.to.choose(pick.contains(event.target) && root.classList.contains("chosen") ? null : id);
    if (event.detail) this.to.done(); // with a pointer: keys are the picture's
  }

  fill(item, { id, name, colour }, result, chosen, armed) {
    const called = name || `target ${id}`;
    item.swatch.style.background = colour;
    item.level.style.background = colour;
    item.root.classList.toggle("chosen", id === chosen);
    item.pick.setAttribute("aria-pressed", String(id === chosen));
    item.redraw.setAttribute("aria-pressed", String(id === armed));
    if (item.called !== called) {
      item.called = called;
      item.pick.setAttribute("aria-label", `Choose ${called}`);
      item.name.setAttribute("aria-label", `Name of target ${id}`);
      item.root.title = name;
      item.pencil.setAttribute("aria-label", `Rename ${called}`);
      item.redraw.setAttribute("aria-label", `Draw the box of ${called} anew`);
      item.remove.setAttribute("aria-label", `Remove ${called}`);
      item.meter.setAttribute("aria-label", `Score of ${called}`);
    }
    if (document.activeElement !== item.name && item.name.value !== name) item.name.value = name;
    const state = result?.state || "";
    if (item.state.dataset.state !== state) {
      item.state.dataset.state = state;
      item.state.textContent = WORDS[state];
    }
    const score = result ? result.score.toFixed(2) : "";
    item.level.style.width = `${100 * Number(score)}%`;
    item.meter.ariaValueNow = score || "0";
    item.score.textContent = score || "–";
  }

  /** Puts the cursor into a target's name. */
  rename(id) {
    const name = this.items.get(id)?.name;
    if (!name) return;
    name.readOnly = false;
    name.select();
    name.focus();
  }
}

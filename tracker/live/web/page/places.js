// Which of the two views is seen, the list of videos or the picture, and the browser's own Back and Forward between them.

const seen = () => window.history.state?.view;

export class Places {
  /** `to`: working() whether there is a picture to go to, shown(name). */
  constructor(to) {
    this.to = to;
    addEventListener("popstate", () => this.show(seen() === "work" && to.working() ? "work" : "choose"));
  }

  get name() {
    return document.body.dataset.view;
  }

  /** What the page begins with. A reload stands where it stood. */
  begin(working) {
    if (!working || seen() !== "work") window.history.replaceState({ view: "choose" }, "");
  }

  go(name) {
    if (name === "choose" && seen() === "work") {
      window.history.back(); // popstate shows it
      return;
    }
    if (name === "work" && seen() !== "work") window.history.pushState({ view: "work" }, "");
    this.show(name);
  }

  show(name) {
    const other = name !== this.name;
    document.body.dataset.view = name;
    if (other) window.scrollTo(0, 0); // where the list was scrolled to is no place in the picture
    this.to.shown(name);
  }
}

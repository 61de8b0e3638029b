// Before anything is drawn: light or dark, as the person chose in this tab, else as the system says.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const names = { auto: "as the system", light: "light", dark: "dark" };
  let chosen = "auto";
  try {
    chosen = sessionStorage.getItem("siamsa.theme") || "auto";
  } catch {
    chosen = "auto"; // a browser without storage
  }

  function show() {
    const dark = chosen === "auto" ? system.matches : chosen === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    const button = document.getElementById("theme");
    if (button) {
      button.setAttribute("aria-label", `Colours: ${names[chosen]}`);
      button.title = `Colours: ${names[chosen]}`;
    }
    document.dispatchEvent(new Event("theme"));
  }

  function next() {
    const dark = document.documentElement.dataset.theme === "dark";
    const other = dark ? "light" : "dark";
    chosen = chosen === "auto" ? other : system.matches === (other === "dark") ? "auto" : other;
    try {
      sessionStorage.setItem("siamsa.theme", chosen);
    } catch {
      // it holds until the page is left
    }
    show();
  }

  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", next);
    show();
  });
})();

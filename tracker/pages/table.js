"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll("thead th[data-column]")];
  const number = (cell) => (cell.dataset.v === undefined || cell.dataset.v === "" ? null : Number(cell.dataset.v));
  for (const head of heads) {
    const column = Number(head.dataset.column);
    const text = head.dataset.kind === "text";
    head.querySelector("button").addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const up = before ? before !== "ascending" : text || head.dataset.kind === "up";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows];
      rows.sort((a, b) => {
        if (text) {
          const order = a.cells[column].textContent.localeCompare(b.cells[column].textContent, "en", { numeric: true });
          return up ? order : -order;
        }
        const [x, y] = [number(a.cells[column]), number(b.cells[column])];
        if (x === null || y === null) return (x === null) - (y === null);
        return up ? x - y : y - x;
      });
      body.append(...rows);
    });
  }
}
for (const field of document.querySelectorAll("input[data-filters]")) {
  const rows = [...document.getElementById(field.dataset.filters).tBodies[0].rows];
  const count = document.getElementById(field.getAttribute("aria-describedby"));
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.querySelector("th").textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown + " of " + rows.length + " shown";
  });
}

// Where the heads of the table are hidden, on a phone, the list of orders stands for them.
const table = document.querySelector("#video-table");
const worstFirst = [...table.tBodies[0].rows];
document.querySelector("#order").addEventListener("change", ({ target }) => {
  if (target.value) return table.querySelector(`th[data-column="${target.value}"] button`).click();
  for (const head of table.querySelectorAll("[aria-sort]")) head.removeAttribute("aria-sort");
  table.tBodies[0].append(...worstFirst);
});

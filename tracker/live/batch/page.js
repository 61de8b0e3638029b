// Where the heads of the table are hidden, on a phone, the list of orders stands for them.
document.querySelector("#order").addEventListener("change", (event) => {
  document.querySelector(`th[data-column="${event.target.value}"] button`).click();
});

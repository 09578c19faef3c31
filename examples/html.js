"use strict";
// A click on a heading sorts by its column: numbers from the largest, words from A; then the other way; then as written.
const NUMBER = /^-?\d+(\.\d+)?(\u00b1\d+(\.\d+)?)?$/;
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const written = [...body.rows];
  const heads = [...table.tHead.querySelectorAll("th:not([scope=colgroup])")];
  const text = (row, column) => row.cells[column].textContent.trim().replaceAll("\u2212", "-");
  const sort = (rows, column) => {
    const words = (a, b) => (text(a, column) < text(b, column) ? -1 : text(a, column) > text(b, column) ? 1 : 0);
    const falling = (a, b) => parseFloat(text(b, column)) - parseFloat(text(a, column));
    const numbers = rows.every((row) => NUMBER.test(text(row, column)));
    rows.sort(numbers ? falling : words);
    return numbers;
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "sort";
    button.append(...head.childNodes);
    head.append(button);
    let times = 0;
    button.addEventListener("click", () => {
      const last = head.hasAttribute("aria-sort") ? times : 0;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      times = (last + 1) % 3;
      if (times === 0) {
        body.replaceChildren(...written);
        return;
      }
      const rows = written.filter((row) => !row.classList.contains("family"));
      const given = rows.filter((row) => text(row, column) !== "-");
      const lacking = rows.filter((row) => text(row, column) === "-");
      const numbers = sort(given, column);
      if (times === 2) given.reverse();
      body.replaceChildren(...given, ...lacking);
      head.setAttribute("aria-sort", numbers === (times === 1) ? "descending" : "ascending");
    });
  });
}

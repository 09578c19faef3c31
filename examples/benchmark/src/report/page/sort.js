"use strict";
// A click on a heading sorts by its column: numbers from the largest, words from A; then the other way; then as written.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const written = [...body.rows];
  const heads = [...table.tHead.querySelectorAll("th:not([scope=colgroup])")];
  const text = (row, column) => row.cells[column].textContent.trim().replaceAll("\u2212", "-");
  const compare = (column) => (a, b) => {
    const [x, y] = [text(a, column), text(b, column)];
    const [m, n] = [parseFloat(x), parseFloat(y)];
    if (column > 0 && !(isNaN(m) && isNaN(n))) return (isNaN(m) - isNaN(n)) || n - m;
    return x < y ? -1 : x > y ? 1 : 0;
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
      const rows = written.filter((row) => !row.classList.contains("family"));
      const given = rows.filter((row) => text(row, column) !== "-");
      const lacking = rows.filter((row) => text(row, column) === "-");
      given.sort(compare(column));
      if (times === 2) given.reverse();
      body.replaceChildren(...(times === 0 ? written : [...given, ...lacking]));
      const falling = (times === 1) === (column > 0);
      if (times > 0) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    });
  });
}

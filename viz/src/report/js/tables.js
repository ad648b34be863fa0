// Tables: sorted by the column whose heading is pressed, filtered by what is typed.
// It knows nothing of what they hold. The last file: it starts the page.

function valueOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
}

/** Sorts by a column: numbers from the largest first, text from A; a second time, the other way. */
function sortBy(table, column) {
  const headings = [...table.tHead.rows[0].cells];
  const heading = headings[column];
  const before = heading.getAttribute("aria-sort");
  const down = before === null ? heading.classList.contains("n") : before === "ascending";
  headings.forEach((h) => h.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
  rows.sort(([a], [b]) => (typeof a === "number" ? a - b : order(a, b)) * (down ? -1 : 1));
  body.append(...rows.map(([, row]) => row));
}

function filter(table, words) {
  const wanted = words.trim().toLowerCase();
  for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
}

for (const holder of document.querySelectorAll(".table")) {
  const table = holder.querySelector("table");
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => sortBy(table, column));
  });
  holder.querySelector("input").addEventListener("input", (e) => filter(table, e.target.value));
}

setTheme(null);
setView(0, data.span);

"use strict";
// The page lists everything; this hides what does not match. What is chosen stands in the address.

const form = document.getElementById("filter");
const table = document.getElementById("procedures");
const save = document.getElementById("save");
const count = document.getElementById("count");
const [NUMBER, NAME, SECTION, ONLINE, SINCE, SYSTEM, CASHLESS, PAYMENT] = Array(8).keys();

// Full and half width, capitals, and katakana and hiragana count as the same.
function plain(text) {
  return text.normalize("NFKC").toLowerCase()
    .replace(/[\u30a1-\u30f6]/g, letter => String.fromCharCode(letter.charCodeAt(0) - 0x60));
}

function read(cell) {
  const day = cell.querySelector("time");
  return day ? day.dateTime : cell.textContent;
}

const rows = Array.from(table.tBodies[0].rows, row => {
  const cells = Array.from(row.cells, read);
  return { row, cells, text: plain(cells[NUMBER] + " " + cells[NAME] + " " + cells[SYSTEM]) };
});

function matches({ cells, text }, chosen) {
  return plain(chosen.q || "").split(/\s+/).every(word => text.includes(word))
    && (!chosen.department || cells[SECTION] === chosen.department)
    && (!chosen.online || cells[ONLINE] === chosen.online)
    && (!chosen.since || cells[SINCE] >= chosen.since)
    && (!chosen.cashless || cells[CASHLESS] === chosen.cashless)
    && (!chosen.payment || cells[PAYMENT].split("、").includes(chosen.payment));
}

// A text that a spreadsheet would run gets an apostrophe, as in the published files.
function quote(text) {
  return `"${text.replace(/^[=+\-@\t\r']/, "'$&").replaceAll('"', '""')}"`;
}

function show() {
  const chosen = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
  for (const one of rows) one.row.hidden = !matches(one, chosen);
  count.textContent = rows.filter(one => !one.row.hidden).length + form.dataset.shown;
  const query = new URLSearchParams(chosen).toString();
  history.replaceState(null, "", (query ? "?" + query : location.pathname) + location.hash);
}

function write() {
  const shown = rows.filter(one => !one.row.hidden);
  const lines = [Array.from(table.tHead.rows[0].cells, read), ...shown.map(one => one.cells)];
  const text = "\ufeff" + lines.map(line => line.map(quote).join(",") + "\r\n").join("");
  URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  save.download = form.dataset.file + ".csv";
}

for (const [name, value] of new URLSearchParams(location.search)) {
  if (form.elements[name]) form.elements[name].value = value;
}
form.addEventListener("input", show);
save.addEventListener("click", write);
form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("reset", () => setTimeout(show));
show();

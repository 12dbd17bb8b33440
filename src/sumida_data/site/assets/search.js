"use strict";
// The page lists everything; this hides what does not match. Without it the page still serves.

const field = document.getElementById("find");
const count = document.getElementById("count");

// Full and half width, capitals, and katakana and hiragana count as the same.
function plain(text) {
  return text.normalize("NFKC").toLowerCase()
    .replace(/[\u30a1-\u30f6]/g, letter => String.fromCharCode(letter.charCodeAt(0) - 0x60));
}

const entries = Array.from(document.querySelectorAll(".entries li"), item => ({ item, text: plain(item.textContent) }));

function show() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { item, text } of entries) {
    item.hidden = !words.every(word => text.includes(word));
    found += !item.hidden;
  }
  for (const section of document.querySelectorAll(".entries")) {
    section.hidden = !section.querySelector("li:not([hidden])");
  }
  count.textContent = !words.length ? "" : found ? found + count.dataset.found : count.dataset.none;
}

field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", show);
field.form.addEventListener("submit", event => { event.preventDefault(); show(); });
show();

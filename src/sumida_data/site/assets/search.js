"use strict";
// The page lists everything; this puts what matches first. Without it the page still serves.

const field = document.getElementById("find");
const count = document.getElementById("count");
const results = document.getElementById("results");

// Full and half width, capitals, katakana and hiragana, and long vowels or none count as the same.
function plain(text) {
  return text.normalize("NFKC").toLowerCase().replace(/[ー・]/g, "")
    .replace(/[\u30a1-\u30f6]/g, letter => String.fromCharCode(letter.charCodeAt(0) - 0x60));
}

const synonyms = JSON.parse(field.form.dataset.synonyms).map(group => group.map(plain));
const sections = Array.from(document.querySelectorAll(".entries:not(#results)"));
let entries;

function readEntries() {
  return sections.flatMap((section, number) => Array.from(section.querySelectorAll("li"), item => ({
    item, kind: section.querySelector("h2").textContent,
    title: plain(item.firstElementChild.textContent), text: plain(item.textContent),
    // What comes first in the list counts for more; columns, the last, for little.
    weight: number === sections.length - 1 ? 0.1 : 1 - number / 20,
  })));
}

// A word in Latin letters is found where one begins: AI does not stand in training.
function holds(text, word) {
  for (let place = text.indexOf(word); place >= 0; place = text.indexOf(word, place + 1)) {
    if (!/^[a-z]{2}/.test((text[place - 1] ?? " ") + word)) return true;
  }
  return false;
}

// The word itself first, then what means the same.
function alternatives(word) {
  const found = new Set([word]);
  for (const group of synonyms) {
    for (const known of group.filter(one => word.includes(one))) {
      for (const other of group) found.add(word.replace(known, other));
    }
  }
  return Array.from(found);
}

function scoreExactly({ title, text }, word) {
  const points = alternatives(word).map((one, place) => {
    const found = title === one ? 100 : title.startsWith(one) ? 60 : holds(title, one) ? 40 : holds(text, one) ? 10 : 0;
    return place ? found * 0.7 : found;
  });
  return Math.max(...points);
}

// A typing error leaves most pairs of neighbouring letters as they are.
function scoreNearly({ title }, word) {
  const pairs = Array.from(word).slice(1).map((letter, place) => Array.from(word)[place] + letter);
  const same = pairs.filter(pair => title.includes(pair)).length;
  return pairs.length > 1 && same / pairs.length >= 0.4 ? 10 * same / pairs.length : 0;
}

function rank(words, score) {
  return (entries ??= readEntries()).map(entry => {
    const points = words.map(word => score(entry, word));
    return { entry, points: points.every(Boolean) ? entry.weight * points.reduce((sum, one) => sum + one) : 0 };
  }).filter(one => one.points).sort((one, other) => other.points - one.points).map(one => one.entry);
}

function show() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  const exact = words.length ? rank(words, scoreExactly) : [];
  const found = exact.length || !words.length ? exact : rank(words, scoreNearly);
  results.lastElementChild.replaceChildren(...found.slice(0, 100).map(({ item, kind }) => {
    const copy = item.cloneNode(true);
    copy.append(Object.assign(document.createElement("span"), { className: "kind", textContent: kind }));
    return copy;
  }));
  results.hidden = !found.length;
  for (const section of sections) section.hidden = words.length > 0;
  const { found: all, near, none } = count.dataset;
  count.textContent = !words.length ? "" : found.length ? found.length + (exact.length ? all : near) : none;
}

field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", show);
field.form.addEventListener("submit", event => { event.preventDefault(); show(); });
show();
